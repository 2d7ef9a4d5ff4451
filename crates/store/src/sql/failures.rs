//! Failed sign-ins per account.

use proofkey_protocol::FailureFacts;

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    FailureFacts in "sign_in_failures" { failures, last_at }
}

statements! {
    /// Counts one more before a password is compared, while there are fewer than `$5` or exactly what was seen (`$6`, `$7`).
    /// The later instant stays, for requests may arrive out of order; but one that was seen is replaced, for a clock may have
    /// counted it that ran ahead.
    RESERVE_SIGN_IN_FAILURE = "
        INSERT INTO sign_in_failures (account, owner, unknown_name, failures, last_at) VALUES ($1, $2, $3, 1, $4)
        ON CONFLICT (account) DO UPDATE SET failures = sign_in_failures.failures + 1,
            unknown_name = excluded.unknown_name,
            last_at = CASE WHEN excluded.last_at > sign_in_failures.last_at OR sign_in_failures.last_at = $7
                           THEN excluded.last_at ELSE sign_in_failures.last_at END
        WHERE sign_in_failures.failures < $5
           OR (sign_in_failures.failures = $6 AND sign_in_failures.last_at = $7)";

    /// How many, and when the last one was.
    SIGN_IN_FAILURES = text!("SELECT account, ", FailureFacts::COLUMNS, " FROM sign_in_failures WHERE account = $1");

    /// Forgets them after a success.
    CLEAR_SIGN_IN_FAILURES = "DELETE FROM sign_in_failures WHERE account = $1";

    /// Forgets those of an account's known devices.
    CLEAR_SIGN_IN_FAILURES_OF_DEVICES = "DELETE FROM sign_in_failures WHERE owner = $1";
}
