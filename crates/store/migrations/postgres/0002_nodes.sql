-- The servers that work on this database, and which sealing keys each of them holds: a new one is used when all of them hold it.
-- A row goes when its server stops, or a while after it was seen last.
CREATE TABLE nodes (
    id           BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT COLLATE "C" NOT NULL,
    version      TEXT COLLATE "C" NOT NULL,
    sealing_keys BYTEA  NOT NULL,
    started_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL
);

CREATE INDEX nodes_by_seen ON nodes (seen_at);

-- What the sealing keys are good for: the one with the greatest number writes, another is read until that instant. A row stays, so
-- that no file of a server can bring back what has ended.
CREATE TABLE sealing_keys (
    id         BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    read_until BIGINT NOT NULL
);
