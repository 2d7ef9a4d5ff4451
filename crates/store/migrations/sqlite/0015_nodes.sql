-- The servers that work on this database, and which sealing keys each of them holds: a new one is used when all of them hold it.
-- A row goes when its server stops, or a while after it was seen last. A database in a file has one server, and no row.
CREATE TABLE nodes (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    sealing_keys BLOB    NOT NULL,
    started_at   INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX nodes_by_seen ON nodes (seen_at);

-- What the sealing keys are good for, where several servers use them: the one with the greatest number writes, another is read
-- until that instant. A row stays, so that no file of a server can bring back what has ended.
CREATE TABLE sealing_keys (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    read_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
