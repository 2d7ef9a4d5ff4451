//! Browser sessions.

use proofkey_protocol::SessionFacts;

use super::statements;
use crate::row::row;

row! {
    SessionFacts in "sessions" { id, secret, user_id, auth_time, seen_at, expires_at }
}

statements! {
    /// Begins a session, unless the account was disabled, given another password or locked while the password was being
    /// checked. The stored hash tells one password from the next: an instant would not, for a check takes its time.
    INSERT_SESSION = "
        INSERT INTO sessions (id, secret, user_id, auth_time, seen_at, expires_at)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE EXISTS (SELECT 1 FROM users WHERE id = $3 AND disabled = 0 AND password = $7)
          AND NOT EXISTS (SELECT 1 FROM sign_in_failures WHERE account = $8 AND failures >= $9)
        ON CONFLICT (id) DO NOTHING";

    /// Only ever forward: requests of one browser may arrive out of order.
    TOUCH_SESSION = "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2";

    /// Ends a session.
    DELETE_SESSION = "DELETE FROM sessions WHERE id = $1";

    /// Ends the session that a browser had, if it proves it: the id alone is in every ID token.
    REPLACE_SESSION = "DELETE FROM sessions WHERE id = $1 AND secret = $2";

    /// Ends every session of a user, by the name to sign in with: a scan, which only the disabling of an account and a new
    /// password pay.
    DELETE_SESSIONS_OF_USER = "
        DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username_key = $1)";
}
