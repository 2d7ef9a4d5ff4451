-- What this database is to those who open it. One row. `copy_id` names the copy that it is the source or the target of, `peer` the
-- other side, `since` the instant, `copied` how many rows a target has so far.
CREATE TABLE database_state (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('serving', 'filling', 'moving', 'moved')),
    copy_id BYTEA CHECK (length(copy_id) = 16),
    peer  TEXT COLLATE "C",
    since BIGINT,
    copied BIGINT NOT NULL DEFAULT 0
);

INSERT INTO database_state (id, state) VALUES (1, 'serving');

-- One row: the mark (`valid_from`) that the last restore gave to all users and clients, and with which clients begin since.
CREATE TABLE epoch (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mark        BIGINT NOT NULL,
    backup_at   BIGINT,
    restored_at BIGINT
);

INSERT INTO epoch (id, mark) VALUES (1, 0);

-- Migrations beside which programs of an earlier schema still serve: each notes itself here, with the last migration that such
-- a program must know.
CREATE TABLE schema_expansions (
    version BIGINT NOT NULL PRIMARY KEY,
    beside  BIGINT NOT NULL
);
