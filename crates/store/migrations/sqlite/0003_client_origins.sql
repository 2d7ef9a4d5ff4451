-- The web origins of each client's redirect URIs, so that a preflight is one look-up however many clients there are. Each
-- row says itself whether the client is disabled: of an origin that many share, the first row found answers.

CREATE TABLE client_origins (
    origin    TEXT    NOT NULL,
    disabled  INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    client_id TEXT    NOT NULL REFERENCES clients (id),
    PRIMARY KEY (origin, disabled, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_origins_by_client ON client_origins (client_id);

-- Scheme and authority: what stands before the first slash or question mark after `https://`, as in `web_origins`. A row
-- that cannot be read is left to the server, which names it when the client is asked for.
INSERT INTO client_origins (origin, disabled, client_id)
SELECT DISTINCT
    CASE instr(replace(substr(uri.value, 9), '?', '/'), '/')
        WHEN 0 THEN uri.value
        ELSE substr(uri.value, 1, 7 + instr(replace(substr(uri.value, 9), '?', '/'), '/'))
    END,
    clients.disabled,
    clients.id
FROM clients
JOIN json_each(CASE WHEN json_valid(clients.metadata) THEN clients.metadata ELSE '{}' END, '$.redirect_uris') AS uri
WHERE uri.type = 'text' AND substr(uri.value, 1, 4) = 'http';
