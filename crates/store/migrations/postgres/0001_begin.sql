-- The schema that SQLite has after its migration 14. Every instant is whole seconds since the epoch, every flag 0 or 1, every
-- set of tokens text separated by spaces; texts are compared and sorted as bytes.

CREATE TABLE users (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username     TEXT COLLATE "C" NOT NULL,
    username_key TEXT COLLATE "C" NOT NULL UNIQUE,
    -- claims.name, else the username: kept here so that no request parses the claims to show a name.
    display_name TEXT COLLATE "C" NOT NULL,
    disabled     BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    valid_from   BIGINT NOT NULL,
    password     TEXT COLLATE "C",
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    claims       TEXT COLLATE "C" NOT NULL
);

CREATE TABLE sessions (
    id         BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    secret     BYTEA  NOT NULL CHECK (length(secret) = 32),
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    auth_time  BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    amr        TEXT COLLATE "C" NOT NULL DEFAULT '',
    acr        TEXT COLLATE "C",
    remembered BIGINT NOT NULL DEFAULT 0 CHECK (remembered IN (0, 1)),
    -- The `valid_from` of the user that was read when the session began: where it is another by now, the session has ended.
    valid_from BIGINT
);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);
-- The sessions of a user by their last use: so many at once, and all of them when an operator ends them.
CREATE INDEX sessions_by_user ON sessions (user_id, seen_at);

CREATE TABLE consents (
    user_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    client_id TEXT COLLATE "C" NOT NULL,
    allowed   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

-- The hot table: one row per code redeemed. Ids grow with time, so new rows land on the last page. No foreign key: each
-- would be one more look-up per code, users are never deleted, and a removed client's grants are revoked with it. `recent`
-- holds up to sixteen tokens that were retired a moment ago: for each its hash and the instant, 32 and 8 bytes, the oldest
-- first; absent where there is none.
CREATE TABLE grants (
    id            BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client_id     TEXT COLLATE "C" NOT NULL,
    user_id       TEXT COLLATE "C" NOT NULL,
    session_id    BYTEA  NOT NULL,
    scope         TEXT COLLATE "C" NOT NULL,
    auth_time     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    session_bound BIGINT NOT NULL CHECK (session_bound IN (0, 1)),
    generation    BIGINT NOT NULL,
    used          BYTEA,
    revoked_at    BIGINT,
    amr           TEXT COLLATE "C" NOT NULL DEFAULT '',
    acr           TEXT COLLATE "C",
    apis          TEXT COLLATE "C" NOT NULL DEFAULT '',
    used_at       BIGINT,
    child_key     BYTEA,
    forked        BIGINT NOT NULL DEFAULT 0 CHECK (forked IN (0, 1)),
    suspect       BIGINT NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1)),
    recent        BYTEA,
    revision      BIGINT NOT NULL DEFAULT 0,
    -- As `sessions.valid_from`, of the user and of the client.
    user_valid_from   BIGINT,
    client_valid_from BIGINT
);

CREATE INDEX grants_by_expiry ON grants (expires_at);
-- Almost always empty: each redemption of a code looks here, and no refresh writes here.
CREATE INDEX grants_suspect ON grants (user_id, client_id) WHERE suspect = 1 AND revoked_at IS NULL;

CREATE TABLE code_failures (
    id         BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    failures   BIGINT NOT NULL,
    keep_until BIGINT NOT NULL
);

CREATE INDEX code_failures_by_end ON code_failures (keep_until);

CREATE TABLE revoked_tokens (
    id         BYTEA  NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    keep_until BIGINT NOT NULL
);

CREATE INDEX revoked_tokens_by_end ON revoked_tokens (keep_until);

-- What a row counts: a name that an account has, or one that a stranger made up (`unknown_name`); and, for a known device,
-- the account that it belongs to (`owner`).
CREATE TABLE sign_in_failures (
    account      BYTEA  NOT NULL PRIMARY KEY CHECK (length(account) = 32),
    failures     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    unknown_name BIGINT NOT NULL DEFAULT 0 CHECK (unknown_name IN (0, 1)),
    owner        BYTEA CHECK (length(owner) = 32)
);

-- One index for both kinds, so that to count a failure costs the same whether the name is known or not.
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (unknown_name, last_at);
CREATE INDEX sign_in_failures_of_devices ON sign_in_failures (owner) WHERE owner IS NOT NULL;

CREATE TABLE clients (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    metadata   TEXT COLLATE "C" NOT NULL,
    disabled   BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    created_at BIGINT NOT NULL,
    -- What the client was given up to this instant has ended, as `users.valid_from` says of a user.
    valid_from BIGINT NOT NULL DEFAULT 0
);

-- Up to when things of a client that was removed may be dated: a client that is added under its id begins there.
CREATE TABLE removed_clients (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ended_at   BIGINT NOT NULL,
    keep_until BIGINT NOT NULL
);

CREATE INDEX removed_clients_by_end ON removed_clients (keep_until);

CREATE TABLE client_secrets (
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES clients (id),
    hash       BYTEA  NOT NULL CHECK (length(hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (client_id, hash)
);

-- The web origins of each client's redirect URIs, so that a preflight is one look-up however many clients there are. Each
-- row says itself whether the client is disabled: of an origin that many share, the first row found answers.
CREATE TABLE client_origins (
    origin    TEXT COLLATE "C" NOT NULL,
    disabled  BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (id),
    PRIMARY KEY (origin, disabled, client_id)
);

CREATE INDEX client_origins_by_client ON client_origins (client_id);

-- Ids come from `directory_versions.api_ids` and are never given again. The issuer is 0.
CREATE TABLE apis (
    id                   BIGINT NOT NULL PRIMARY KEY,
    resource             TEXT COLLATE "C" NOT NULL UNIQUE,
    name                 TEXT COLLATE "C",
    scopes               TEXT COLLATE "C" NOT NULL,
    access_token_seconds BIGINT,
    algorithm            TEXT COLLATE "C",
    introspection        BYTEA
);

CREATE TABLE signing_keys (
    kid         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm   TEXT COLLATE "C" NOT NULL,
    sequence    BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    public_jwk  TEXT COLLATE "C" NOT NULL,
    UNIQUE (algorithm, sequence)
);

-- Public keys whose private halves are gone. For a year they verify ID tokens that come back as hints; a key that was revoked
-- is not among them.
CREATE TABLE retired_keys (
    kid        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    public_jwk TEXT COLLATE "C" NOT NULL,
    keep_until BIGINT NOT NULL
);

CREATE INDEX retired_keys_by_end ON retired_keys (keep_until);

-- One row. A node reloads what it keeps in memory when its number has moved; `pings` shows that the database can write.
CREATE TABLE directory_versions (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    clients BIGINT NOT NULL,
    apis    BIGINT NOT NULL,
    keys    BIGINT NOT NULL,
    pings   BIGINT NOT NULL,
    api_ids BIGINT NOT NULL DEFAULT 0,
    -- Moves when the private keys are sealed anew, under another sealing key.
    sealing BIGINT NOT NULL DEFAULT 1
);

INSERT INTO directory_versions (id, clients, apis, keys, pings, api_ids) VALUES (1, 1, 1, 1, 0, 1);

-- One row: the latest time that a server of this database has known; 0 when none has.
CREATE TABLE known_time (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    latest BIGINT NOT NULL,
    -- By how many seconds the clock has been ahead of it at least, and for how many milliseconds of the servers' lives.
    ahead_by     BIGINT NOT NULL DEFAULT 0,
    ahead_millis BIGINT NOT NULL DEFAULT 0
);

INSERT INTO known_time (id, latest) VALUES (1, 0);
