-- Web origins as browsers write them: in lower case and without the scheme's own port. A native app may use any port on
-- this machine, so its origins there have none. Where two rows become one, the second goes. Schemes of apps are none of the web.

DELETE FROM client_origins WHERE origin NOT GLOB 'http://*' AND origin NOT GLOB 'https://*';

UPDATE OR IGNORE client_origins SET origin = lower(origin) WHERE origin <> lower(origin);
DELETE FROM client_origins WHERE origin <> lower(origin);

UPDATE OR IGNORE client_origins SET origin = substr(origin, 1, length(origin) - 4) WHERE origin GLOB 'https://*:443';
DELETE FROM client_origins WHERE origin GLOB 'https://*:443';

UPDATE OR IGNORE client_origins SET origin = substr(origin, 1, length(origin) - 3) WHERE origin GLOB 'http://*:80';
DELETE FROM client_origins WHERE origin GLOB 'http://*:80';

CREATE TEMP TABLE native_origins AS
SELECT client_origins.origin, client_origins.client_id, hosts.column1 AS host
FROM client_origins
JOIN (VALUES ('http://127.0.0.1'), ('http://[::1]'), ('http://localhost')) AS hosts
    ON substr(client_origins.origin, 1, length(hosts.column1) + 1) = hosts.column1 || ':'
JOIN clients ON clients.id = client_origins.client_id
WHERE json_extract(CASE WHEN json_valid(clients.metadata) THEN clients.metadata ELSE '{}' END, '$.application_type') = 'native';

INSERT OR IGNORE INTO client_origins (origin, disabled, client_id)
SELECT native_origins.host, client_origins.disabled, client_origins.client_id
FROM native_origins
JOIN client_origins ON client_origins.origin = native_origins.origin AND client_origins.client_id = native_origins.client_id;

DELETE FROM client_origins WHERE (origin, client_id) IN (SELECT origin, client_id FROM native_origins);

DROP TABLE native_origins;
