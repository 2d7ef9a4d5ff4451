//! Removal of what has ended, oldest first, so many rows at a time.

use super::statements;

statements! {
    /// Grants that ended before `$1`.
    SWEEP_GRANTS = "
        DELETE FROM grants WHERE id IN
            (SELECT id FROM grants WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

    /// Counts of wrong verifiers for codes that have expired by now.
    SWEEP_CODE_FAILURES = "
        DELETE FROM code_failures WHERE id IN
            (SELECT id FROM code_failures WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

    /// Revoked access tokens that have expired by now.
    SWEEP_REVOKED_TOKENS = "
        DELETE FROM revoked_tokens WHERE id IN
            (SELECT id FROM revoked_tokens WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

    /// Sessions that have ended however often they were used.
    SWEEP_SESSIONS = "
        DELETE FROM sessions WHERE id IN
            (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

    /// Failed sign-ins of long ago.
    SWEEP_SIGN_IN_FAILURES = "
        DELETE FROM sign_in_failures WHERE account IN
            (SELECT account FROM sign_in_failures WHERE last_at < $1 ORDER BY last_at LIMIT $2)";
}
