-- Requests that were refused, for an operator who is asked about an error id: so many as servers say, the rest is crowded out.
-- `address` only tells the rows of one address from those of others. A row goes a while after its time.
CREATE TABLE refusals (
    error_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    recorded_at BIGINT NOT NULL,
    keep_until  BIGINT NOT NULL,
    address     BIGINT NOT NULL,
    rule        TEXT COLLATE "C" NOT NULL,
    cause       TEXT COLLATE "C" NOT NULL,
    about       TEXT COLLATE "C",
    client_id   TEXT COLLATE "C",
    request     TEXT COLLATE "C" NOT NULL,
    status      BIGINT NOT NULL,
    forwarded   BIGINT NOT NULL,
    followed    BIGINT NOT NULL,
    believed    BIGINT NOT NULL CHECK (believed IN (0, 1)),
    from_here   BIGINT NOT NULL CHECK (from_here IN (0, 1))
);

CREATE INDEX refusals_by_end ON refusals (keep_until);

INSERT INTO schema_expansions (version, beside) VALUES (8, 4);
