-- Every instant is whole seconds since the epoch, every flag 0 or 1, every set of tokens text separated by spaces.

CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    username     TEXT    NOT NULL,
    username_key TEXT    NOT NULL UNIQUE,
    -- claims.name, else the username: kept here so that no request parses the claims to show a name.
    display_name TEXT    NOT NULL,
    disabled     INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    valid_from   INTEGER NOT NULL,
    password     TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    claims       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    secret     BLOB    NOT NULL CHECK (length(secret) = 32),
    user_id    TEXT    NOT NULL REFERENCES users (id),
    auth_time  INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE consents (
    user_id   TEXT    NOT NULL REFERENCES users (id),
    client_id TEXT    NOT NULL,
    scope     TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

-- The hot table: one row per code redeemed. Ids grow with time, so new rows land on the last page. No foreign key: each
-- would be one more look-up per code, users are never deleted, and a removed client's grants are revoked with it.
CREATE TABLE grants (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id     TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    session_id    BLOB    NOT NULL,
    scope         TEXT    NOT NULL,
    resources     TEXT    NOT NULL,
    auth_time     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    session_bound INTEGER NOT NULL CHECK (session_bound IN (0, 1)),
    generation    INTEGER NOT NULL,
    used          BLOB,
    revoked_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE code_failures (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    failures   INTEGER NOT NULL,
    keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX code_failures_by_end ON code_failures (keep_until);

CREATE TABLE revoked_tokens (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_tokens_by_end ON revoked_tokens (keep_until);

CREATE TABLE sign_in_failures (
    account  BLOB    NOT NULL PRIMARY KEY CHECK (length(account) = 32),
    failures INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);

CREATE TABLE clients (
    id         TEXT    NOT NULL PRIMARY KEY,
    metadata   TEXT    NOT NULL,
    disabled   INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE client_secrets (
    client_id  TEXT    NOT NULL REFERENCES clients (id),
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (client_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE apis (
    resource             TEXT NOT NULL PRIMARY KEY,
    name                 TEXT,
    scopes               TEXT NOT NULL,
    access_token_seconds INTEGER,
    algorithm            TEXT,
    introspection        BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
    kid         TEXT    NOT NULL PRIMARY KEY,
    algorithm   TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    sealed      BLOB    NOT NULL,
    public_jwk  TEXT    NOT NULL,
    UNIQUE (algorithm, sequence)
) STRICT, WITHOUT ROWID;

-- One row. A node reloads what it keeps in memory when its number has moved; `pings` shows that the database can write.
CREATE TABLE directory_versions (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    clients INTEGER NOT NULL,
    apis    INTEGER NOT NULL,
    keys    INTEGER NOT NULL,
    pings   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO directory_versions (id, clients, apis, keys, pings) VALUES (1, 1, 1, 1, 0);
