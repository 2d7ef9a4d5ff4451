//! The record of refused requests.

use proofkey_protocol::RefusalRecord;

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    RefusalRecord in "refusals" {
        error_id, recorded_at, keep_until, address, rule, cause, about, client_id, request, status,
        forwarded, followed, believed, from_here
    }
}

statements! {
    /// One refusal.
    REFUSAL = text!("SELECT ", RefusalRecord::COLUMNS, " FROM refusals WHERE error_id = $1");

    /// Adds a refusal, unless one has its id.
    ADD_REFUSAL = "
        INSERT INTO refusals
            (error_id, recorded_at, keep_until, address, rule, cause, about, client_id, request, status,
             forwarded, followed, believed, from_here)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (error_id) DO NOTHING";

    /// How many there are.
    REFUSALS_HELD = "SELECT count(*) FROM refusals";

    /// Those `$1` that go first where there are too many: of the address that has most the oldest, and so on.
    CROWDED_REFUSALS = "
        SELECT error_id FROM
            (SELECT error_id, recorded_at,
                    row_number() OVER (PARTITION BY address ORDER BY recorded_at DESC, error_id) AS place
             FROM refusals) AS placed
        ORDER BY place DESC, recorded_at, error_id LIMIT $1";

    /// Removes a refusal.
    REMOVE_REFUSAL = "DELETE FROM refusals WHERE error_id = $1";
}
