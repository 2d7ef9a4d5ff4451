-- Up to when things of a client that was removed may be dated: a client that is added under its id begins there, so that nothing
-- from before is taken for its own. A row goes when all from before has ended by itself.
CREATE TABLE removed_clients (
    id         TEXT    NOT NULL PRIMARY KEY,
    ended_at   INTEGER NOT NULL,
    keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX removed_clients_by_end ON removed_clients (keep_until);
