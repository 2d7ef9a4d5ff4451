-- The sessions of a user in no order. An index by the last use was written with each use, at another place of another page; a user
-- has a hundred sessions at most, and those are sorted when one is too many.
CREATE INDEX sessions_of_user ON sessions (user_id);

-- The note of a use touches no index now, and so stays within its page while that has room.
ALTER TABLE sessions SET (fillfactor = 85);

INSERT INTO schema_expansions (version, beside) VALUES (4, 3);

-- Last, for it keeps readers of sessions out until the end.
DROP INDEX sessions_by_user;
