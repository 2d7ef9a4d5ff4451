-- Since when no server signs by the algorithm of a key, in seconds: it goes once nothing that it signed lives any more. Servers of the
-- schema before neither read nor write it.
ALTER TABLE signing_keys ADD COLUMN closed_at INTEGER;

INSERT INTO schema_expansions (version, beside) VALUES (20, 17);
