//! Failed sign-ins per account.

use proofkey_protocol::FailureFacts;

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    FailureFacts in "sign_in_failures" { failures, last_at }
}

statements! {
    /// Counts one more.
    COUNT_SIGN_IN_FAILURE = "
        INSERT INTO sign_in_failures (account, failures, last_at) VALUES ($1, 1, $2)
        ON CONFLICT (account) DO UPDATE SET failures = sign_in_failures.failures + 1,
            last_at = CASE WHEN excluded.last_at > sign_in_failures.last_at
                           THEN excluded.last_at ELSE sign_in_failures.last_at END";

    /// How many, and when the last one was.
    SIGN_IN_FAILURES = text!("SELECT account, ", FailureFacts::COLUMNS, " FROM sign_in_failures WHERE account = $1");

    /// Forgets them after a success.
    CLEAR_SIGN_IN_FAILURES = "DELETE FROM sign_in_failures WHERE account = $1";
}
