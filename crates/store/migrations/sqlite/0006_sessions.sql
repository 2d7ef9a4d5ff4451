-- Whether the person asked to stay signed in. Nobody was asked in a session from before.
ALTER TABLE sessions ADD COLUMN remembered INTEGER NOT NULL DEFAULT 0 CHECK (remembered IN (0, 1));

-- The sessions of a user by their last use: so many at once, and all of them when an operator ends them.
CREATE INDEX sessions_by_user ON sessions (user_id, seen_at);

-- What the client was given up to this instant has ended, as `users.valid_from` says of a user.
ALTER TABLE clients ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;
