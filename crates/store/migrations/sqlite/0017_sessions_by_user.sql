-- The sessions of a user in no order. An index by the last use was written with each use, at another place of another page; a user
-- has a hundred sessions at most, and those are sorted when one is too many.
CREATE INDEX sessions_of_user ON sessions (user_id);
DROP INDEX sessions_by_user;

INSERT INTO schema_expansions (version, beside) VALUES (17, 16);
