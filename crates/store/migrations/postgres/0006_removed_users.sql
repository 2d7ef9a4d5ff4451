-- What stays of users who were removed: the id, which no other user ever gets, and a hash of the name to sign in with, which another
-- user gets only when an operator says so. What apps and APIs keep under either is not the next person's.
CREATE TABLE removed_users (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name_hash  BYTEA  NOT NULL CHECK (length(name_hash) = 32),
    removed_at BIGINT NOT NULL
);

CREATE INDEX removed_users_by_name ON removed_users (name_hash);

INSERT INTO schema_expansions (version, beside) VALUES (6, 4);
