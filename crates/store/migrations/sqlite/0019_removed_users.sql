-- What stays of users who were removed: the id, which no other user ever gets, and a hash of the name to sign in with, which another
-- user gets only when an operator says so. What apps and APIs keep under either is not the next person's.
CREATE TABLE removed_users (
    id         TEXT    NOT NULL PRIMARY KEY,
    name_hash  BLOB    NOT NULL CHECK (length(name_hash) = 32),
    removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX removed_users_by_name ON removed_users (name_hash);

INSERT INTO schema_expansions (version, beside) VALUES (19, 17);
