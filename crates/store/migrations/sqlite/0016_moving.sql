-- What this database is to those who open it. One row. `copy_id` names the copy that it is the source or the target of, `peer` the
-- other side, `since` the instant, `copied` how many rows a target has so far.
CREATE TABLE database_state (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    state TEXT    NOT NULL CHECK (state IN ('serving', 'filling', 'moving', 'moved')),
    copy_id BLOB CHECK (length(copy_id) = 16),
    peer  TEXT,
    since INTEGER,
    copied INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO database_state (id, state) VALUES (1, 'serving');

-- One row: the mark (`valid_from`) that the last restore gave to all users and clients, and with which clients begin since.
CREATE TABLE epoch (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    mark        INTEGER NOT NULL,
    backup_at   INTEGER,
    restored_at INTEGER
) STRICT;

INSERT INTO epoch (id, mark) VALUES (1, 0);

-- Migrations beside which programs of an earlier schema still serve: each notes itself here, with the last migration that such
-- a program must know.
CREATE TABLE schema_expansions (
    version INTEGER NOT NULL PRIMARY KEY,
    beside  INTEGER NOT NULL
) STRICT;
