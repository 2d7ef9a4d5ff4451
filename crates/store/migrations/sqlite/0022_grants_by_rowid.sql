-- Grants in the order in which they were added, and their ids beside them. A tree by id held whole rows in its inner pages, of which a
-- leaf takes twenty: every fourth redemption split one, among its neighbours. Now a row goes behind the last one, and what is split is an
-- index of which a page takes more than a hundred. No column changes: the release before reads and writes this as it did.
CREATE TABLE grants_by_rowid (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id         TEXT    NOT NULL,
    user_id           TEXT    NOT NULL,
    session_id        BLOB    NOT NULL,
    scope             TEXT    NOT NULL,
    apis              TEXT    NOT NULL DEFAULT '',
    auth_time         INTEGER NOT NULL,
    amr               TEXT    NOT NULL DEFAULT '',
    acr               TEXT,
    created_at        INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    ends_at           INTEGER NOT NULL,
    session_bound     INTEGER NOT NULL CHECK (session_bound IN (0, 1)),
    generation        INTEGER NOT NULL,
    used              BLOB,
    used_at           INTEGER,
    child_key         BLOB,
    forked            INTEGER NOT NULL DEFAULT 0 CHECK (forked IN (0, 1)),
    suspect           INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1)),
    recent            BLOB,
    revision          INTEGER NOT NULL DEFAULT 0,
    revoked_at        INTEGER,
    user_valid_from   INTEGER,
    client_valid_from INTEGER
) STRICT;

INSERT INTO grants_by_rowid (
    id, client_id, user_id, session_id, scope, apis, auth_time, amr, acr, created_at, expires_at, ends_at, session_bound, generation,
    used, used_at, child_key, forked, suspect, recent, revision, revoked_at, user_valid_from, client_valid_from
)
SELECT
    id, client_id, user_id, session_id, scope, apis, auth_time, amr, acr, created_at, expires_at, ends_at, session_bound, generation,
    used, used_at, child_key, forked, suspect, recent, revision, revoked_at, user_valid_from, client_valid_from
FROM grants ORDER BY id;

DROP TABLE grants;
ALTER TABLE grants_by_rowid RENAME TO grants;

CREATE INDEX grants_by_expiry ON grants (expires_at);
CREATE INDEX grants_suspect ON grants (user_id, client_id) WHERE suspect = 1 AND revoked_at IS NULL;

INSERT INTO schema_expansions (version, beside) VALUES (22, 17);
