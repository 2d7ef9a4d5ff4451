-- Scopes belong to APIs: grants and consents name each API by an id that is never given again, and a client's registration
-- names the APIs that it may ask for. What stands is written out as it stands now: a scope means the API that owns it, and one
-- that nobody owns is dropped. The issuer is 0.

ALTER TABLE directory_versions ADD COLUMN api_ids INTEGER NOT NULL DEFAULT 0;

CREATE TABLE apis_by_id (
    id                   INTEGER NOT NULL PRIMARY KEY,
    resource             TEXT    NOT NULL UNIQUE,
    name                 TEXT,
    scopes               TEXT    NOT NULL,
    access_token_seconds INTEGER,
    algorithm            TEXT,
    introspection        BLOB
) STRICT, WITHOUT ROWID;

INSERT INTO apis_by_id (id, resource, name, scopes, access_token_seconds, algorithm, introspection)
SELECT row_number() OVER (ORDER BY resource), resource, name, scopes, access_token_seconds, algorithm, introspection FROM apis;

DROP TABLE apis;
ALTER TABLE apis_by_id RENAME TO apis;

-- The last id is that of an API that is gone: what was named and is not registered any more.
UPDATE directory_versions SET api_ids = 1 + (SELECT count(*) FROM apis);

CREATE TEMP TABLE owned AS
SELECT name, api_id FROM (
    SELECT CASE WHEN scope.type = 'object' THEN json_extract(scope.value, '$.name') END AS name, min(apis.id) AS api_id
    FROM apis
    JOIN json_each(CASE WHEN json_valid(apis.scopes) THEN apis.scopes ELSE '[]' END) AS scope
    GROUP BY 1
)
WHERE name NOT IN ('openid', 'profile', 'email', 'address', 'phone', 'offline_access')
UNION ALL
VALUES ('openid', 0), ('profile', 0), ('email', 0), ('address', 0), ('phone', 0), ('offline_access', 0);
CREATE INDEX temp.owned_by_name ON owned (name);

-- Grants: the scope that somebody owns, in its order, and the APIs. (No token and no resource holds a quotation mark or a
-- backslash.)

CREATE TEMP TABLE grant_tokens AS
SELECT grants.id, token.key AS place, token.value AS name, owned.api_id
FROM grants
JOIN json_each('["' || replace(grants.scope, ' ', '","') || '"]') AS token
JOIN owned ON owned.name = token.value;
CREATE INDEX temp.grant_tokens_by_grant ON grant_tokens (id, place);

-- What was named and is not registered is the issuer, or an API that has been removed. Only an OpenID request has anything
-- from the issuer.
CREATE TEMP TABLE grant_apis AS
SELECT DISTINCT grants.id, grants.client_id, grants.user_id, grants.created_at, 1 AS named,
    coalesce(
        apis.id,
        CASE WHEN EXISTS (SELECT 1 FROM grant_tokens AS t WHERE t.id = grants.id AND t.name = 'openid')
             THEN 0 ELSE (SELECT api_ids FROM directory_versions) END
    ) AS api_id
FROM grants
JOIN json_each('["' || replace(grants.resources, ' ', '","') || '"]') AS named
LEFT JOIN apis ON apis.resource = named.value
WHERE grants.resources <> ''
UNION
SELECT grants.id, grants.client_id, grants.user_id, grants.created_at, 0, t.api_id
FROM grants
JOIN grant_tokens AS t ON t.id = grants.id
WHERE grants.resources = '' AND (t.api_id <> 0 OR t.name = 'openid');
-- Neither an API nor the claims of a user: a token for the issuer that opens nothing there, or nothing at all any more.
INSERT INTO grant_apis (id, client_id, user_id, created_at, named, api_id)
SELECT grants.id, grants.client_id, grants.user_id, grants.created_at, 0,
    CASE WHEN EXISTS (SELECT 1 FROM grant_tokens AS t WHERE t.id = grants.id)
         THEN 0 ELSE (SELECT api_ids FROM directory_versions) END
FROM grants
WHERE grants.resources = ''
  AND NOT EXISTS (SELECT 1 FROM grant_tokens AS t WHERE t.id = grants.id AND (t.api_id <> 0 OR t.name = 'openid'));
CREATE INDEX temp.grant_apis_by_grant ON grant_apis (id, api_id);
CREATE INDEX temp.grant_apis_by_consent ON grant_apis (user_id, client_id);
CREATE INDEX temp.grant_apis_by_client ON grant_apis (client_id);

ALTER TABLE grants ADD COLUMN apis TEXT NOT NULL DEFAULT '';
UPDATE grants SET
    scope = coalesce((SELECT group_concat(t.name, ' ' ORDER BY t.place) FROM grant_tokens AS t WHERE t.id = grants.id), ''),
    apis = (SELECT CASE WHEN max(a.named) = 1 THEN 'named ' ELSE 'implied ' END || group_concat(a.api_id, ' ' ORDER BY a.api_id)
            FROM grant_apis AS a WHERE a.id = grants.id);
ALTER TABLE grants DROP COLUMN resources;

-- Consents: one line for each API with its id, since when, and the scope. offline_access was allowed for all of them. An API
-- that a request named beside the scope was allowed on a page, and was not remembered: the grants that live tell, so that they
-- go on. One that was revoked, is over, or ended with all that its user had given widens nothing.

CREATE TEMP TABLE live_grants AS
SELECT grants.id
FROM grants
JOIN users ON users.id = grants.user_id AND users.valid_from < grants.created_at
WHERE grants.revoked_at IS NULL AND grants.expires_at > unixepoch() AND grants.ends_at > unixepoch();
CREATE INDEX temp.live_grants_by_id ON live_grants (id);

CREATE TEMP TABLE consent_tokens AS
SELECT consents.user_id, consents.client_id, consents.since, token.key AS place, token.value AS name, owned.api_id
FROM consents
JOIN json_each('["' || replace(consents.scope, ' ', '","') || '"]') AS token
JOIN owned ON owned.name = token.value;
CREATE INDEX temp.consent_tokens_by_consent ON consent_tokens (user_id, client_id);

CREATE TEMP TABLE consent_apis AS
SELECT user_id, client_id, since, api_id FROM consent_tokens WHERE name <> 'offline_access'
UNION
SELECT user_id, client_id, since, 0 FROM consent_tokens AS lone
WHERE NOT EXISTS (
    SELECT 1 FROM consent_tokens AS other
    WHERE other.user_id = lone.user_id AND other.client_id = lone.client_id AND other.name <> 'offline_access'
)
UNION
SELECT consents.user_id, consents.client_id, consents.since, a.api_id
FROM consents
JOIN grant_apis AS a
  ON a.user_id = consents.user_id AND a.client_id = consents.client_id AND a.created_at >= consents.since
JOIN live_grants ON live_grants.id = a.id
WHERE a.api_id = 0 OR a.api_id IN (SELECT id FROM apis);

CREATE TABLE consents_by_api (
    user_id   TEXT NOT NULL REFERENCES users (id),
    client_id TEXT NOT NULL,
    allowed   TEXT NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

INSERT INTO consents_by_api (user_id, client_id, allowed)
SELECT user_id, client_id, group_concat(line, char(10) ORDER BY api_id)
FROM (
    SELECT user_id, client_id, api_id,
        api_id || ' ' || since || coalesce(
            ' ' || (
                SELECT group_concat(t.name, ' ' ORDER BY t.place) FROM consent_tokens AS t
                WHERE t.user_id = consent_apis.user_id AND t.client_id = consent_apis.client_id
                  AND (t.api_id = consent_apis.api_id OR t.name = 'offline_access')
            ),
            ''
        ) AS line
    FROM consent_apis
)
GROUP BY user_id, client_id;

DROP TABLE consents;
ALTER TABLE consents_by_api RENAME TO consents;

-- Clients: the owners of their scopes, and what grants of theirs are for. A row that cannot be read is left to the server.

CREATE TEMP TABLE client_apis AS
SELECT listed.client_id, owned.api_id
FROM (
    SELECT id AS client_id, '["' || replace(
        CASE WHEN json_valid(metadata) AND json_type(metadata, '$.scope') = 'text' THEN json_extract(metadata, '$.scope') ELSE '' END,
        ' ', '","'
    ) || '"]' AS tokens
    FROM clients
) AS listed
JOIN json_each(CASE WHEN json_valid(listed.tokens) THEN listed.tokens ELSE '[]' END) AS token
JOIN owned ON owned.name = token.value
WHERE owned.api_id <> 0
UNION
SELECT a.client_id, a.api_id
FROM grant_apis AS a
JOIN live_grants ON live_grants.id = a.id
WHERE a.api_id IN (SELECT id FROM apis);
CREATE INDEX temp.client_apis_by_client ON client_apis (client_id, api_id);

UPDATE clients SET metadata = json_set(metadata, '$.resources', json((
    SELECT json_group_array(apis.resource ORDER BY apis.id)
    FROM client_apis JOIN apis ON apis.id = client_apis.api_id
    WHERE client_apis.client_id = clients.id
)))
WHERE json_valid(metadata);

DROP TABLE temp.owned;
DROP TABLE temp.grant_tokens;
DROP TABLE temp.grant_apis;
DROP TABLE temp.consent_tokens;
DROP TABLE temp.consent_apis;
DROP TABLE temp.live_grants;
DROP TABLE temp.client_apis;
