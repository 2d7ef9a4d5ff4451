-- The `valid_from` that was read when a session began or a code was issued: what has another mark than its user or client has
-- now was ended by an operator. What has ended already has none, and goes by its instant.
ALTER TABLE sessions ADD COLUMN valid_from INTEGER;
ALTER TABLE grants ADD COLUMN user_valid_from INTEGER;
ALTER TABLE grants ADD COLUMN client_valid_from INTEGER;

UPDATE sessions SET valid_from = users.valid_from FROM users
    WHERE users.id = sessions.user_id AND sessions.auth_time >= users.valid_from;
UPDATE grants SET user_valid_from = users.valid_from FROM users
    WHERE users.id = grants.user_id AND grants.created_at > users.valid_from;
UPDATE grants SET client_valid_from = clients.valid_from FROM clients
    WHERE clients.id = grants.client_id AND grants.created_at > clients.valid_from;

-- By how many seconds the clock has been ahead of the latest time at least, and for how many milliseconds of the servers' lives.
ALTER TABLE known_time ADD COLUMN ahead_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE known_time ADD COLUMN ahead_millis INTEGER NOT NULL DEFAULT 0;
