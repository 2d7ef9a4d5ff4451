-- Public keys whose private halves are gone. For a year they verify ID tokens that come back as hints; a key that was revoked
-- is not among them.
CREATE TABLE retired_keys (
    kid        TEXT    NOT NULL PRIMARY KEY,
    public_jwk TEXT    NOT NULL,
    keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX retired_keys_by_end ON retired_keys (keep_until);

-- Moves when the private keys are sealed anew, under another sealing key.
ALTER TABLE directory_versions ADD COLUMN sealing INTEGER NOT NULL DEFAULT 1;

-- One row: the latest time that a server of this database has known; 0 when none has.
CREATE TABLE known_time (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO known_time (id, latest) VALUES (1, 0);
