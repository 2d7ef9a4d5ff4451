-- Requests that were refused, for an operator who is asked about an error id: so many as servers say, the rest is crowded out.
-- `address` only tells the rows of one address from those of others. A row goes a while after its time.
CREATE TABLE refusals (
    error_id    TEXT    NOT NULL PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    keep_until  INTEGER NOT NULL,
    address     INTEGER NOT NULL,
    rule        TEXT    NOT NULL,
    cause       TEXT    NOT NULL,
    about       TEXT,
    client_id   TEXT,
    request     TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    forwarded   INTEGER NOT NULL,
    followed    INTEGER NOT NULL,
    believed    INTEGER NOT NULL CHECK (believed IN (0, 1)),
    from_here   INTEGER NOT NULL CHECK (from_here IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX refusals_by_end ON refusals (keep_until);

INSERT INTO schema_expansions (version, beside) VALUES (21, 17);
