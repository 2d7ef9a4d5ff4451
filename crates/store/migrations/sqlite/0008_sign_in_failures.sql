-- What a row counts: a name that an account has, or one that a stranger made up (`unknown_name`); and, for a known device,
-- the account that it belongs to (`owner`). Rows from before count as rows of accounts: those are never removed for want of room.

ALTER TABLE sign_in_failures ADD COLUMN unknown_name INTEGER NOT NULL DEFAULT 0 CHECK (unknown_name IN (0, 1));
ALTER TABLE sign_in_failures ADD COLUMN owner BLOB CHECK (length(owner) = 32);

-- One index for both kinds, so that to count a failure costs the same whether the name is known or not.
DROP INDEX sign_in_failures_by_age;
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (unknown_name, last_at);
CREATE INDEX sign_in_failures_of_devices ON sign_in_failures (owner) WHERE owner IS NOT NULL;
