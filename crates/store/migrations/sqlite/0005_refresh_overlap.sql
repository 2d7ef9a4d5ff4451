-- What a grant keeps of its refresh tokens, so that those who share a sign-in are not taken for thieves. `recent` holds up to
-- sixteen tokens that were retired a moment ago: for each its hash and the instant, 32 and 8 bytes, the oldest first; absent
-- where there is none. Where an earlier release had a token used, any number of different children may be about: that is what
-- `forked` says, and since when the token is in use is not known.

ALTER TABLE grants ADD COLUMN used_at   INTEGER;
ALTER TABLE grants ADD COLUMN child_key BLOB;
ALTER TABLE grants ADD COLUMN forked    INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1));
ALTER TABLE grants ADD COLUMN suspect   INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1));
ALTER TABLE grants ADD COLUMN recent    BLOB;
ALTER TABLE grants ADD COLUMN revision  INTEGER NOT NULL DEFAULT 0;

UPDATE grants SET forked = 1 WHERE used IS NOT NULL;

-- Almost always empty: each redemption of a code looks here, and no refresh writes here.
CREATE INDEX grants_suspect ON grants (user_id, client_id) WHERE suspect = 1 AND revoked_at IS NULL;
