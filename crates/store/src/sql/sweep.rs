//! Removal of what has ended, oldest first, so many rows at a time.

use super::statements;

statements! {
    /// Grants that ended before `$1`.
    SWEEP_GRANTS = "
        DELETE FROM grants WHERE id IN
            (SELECT id FROM grants WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
        RETURNING id";

    /// Counts of wrong verifiers for codes that have expired by now.
    SWEEP_CODE_FAILURES = "
        DELETE FROM code_failures WHERE id IN
            (SELECT id FROM code_failures WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

    /// Revoked access tokens that have expired by now.
    SWEEP_REVOKED_TOKENS = "
        DELETE FROM revoked_tokens WHERE id IN
            (SELECT id FROM revoked_tokens WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)
        RETURNING id";

    /// Sessions that have ended however often they were used.
    SWEEP_SESSIONS = "
        DELETE FROM sessions WHERE id IN
            (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
        RETURNING id";

    /// Public halves of keys that signed nothing any more for long.
    SWEEP_RETIRED_KEYS = "
        DELETE FROM retired_keys WHERE kid IN
            (SELECT kid FROM retired_keys WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

    /// What is noted of removed clients of which nothing can live any more.
    SWEEP_REMOVED_CLIENTS = "
        DELETE FROM removed_clients WHERE id IN
            (SELECT id FROM removed_clients WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

    /// Recorded refusals of long ago.
    SWEEP_REFUSALS = "
        DELETE FROM refusals WHERE error_id IN
            (SELECT error_id FROM refusals WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

    /// Failed sign-ins of long ago.
    SWEEP_SIGN_IN_FAILURES = "
        DELETE FROM sign_in_failures WHERE account IN
            (SELECT account FROM sign_in_failures WHERE unknown_name = 0 AND last_at < $1
             ORDER BY last_at LIMIT $2)";

    /// The same for names that no account has.
    SWEEP_SIGN_IN_FAILURES_OF_UNKNOWN_NAMES = "
        DELETE FROM sign_in_failures WHERE account IN
            (SELECT account FROM sign_in_failures WHERE unknown_name = 1 AND last_at < $1
             ORDER BY last_at LIMIT $2)";

    /// Failed sign-ins to names that no account has, but for the latest `$1`.
    CROWD_OUT_UNKNOWN_NAMES = "
        DELETE FROM sign_in_failures WHERE account IN
            (SELECT account FROM sign_in_failures WHERE unknown_name = 1
             ORDER BY last_at DESC LIMIT $2 OFFSET $1)";
}
