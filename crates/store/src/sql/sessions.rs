//! Browser sessions.

use proofkey_protocol::SessionFacts;

use super::statements;
use crate::row::row;

row! {
    SessionFacts in "sessions" {
        id, secret, user_id, authentication: [auth_time, amr, acr], seen_at, expires_at, remembered, valid_from
    }
}

statements! {
    /// Begins a session of a user who has not been removed meanwhile. What was proved is guarded by a statement of its own in the same
    /// script.
    INSERT_SESSION = "
        INSERT INTO sessions (id, secret, user_id, auth_time, amr, acr, seen_at, expires_at, remembered,
                              valid_from)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE EXISTS (SELECT 1 FROM users WHERE id = $3)
        ON CONFLICT (id) DO NOTHING";

    /// Writes another authentication and another secret into a session, if it still has the secret that was read.
    RENEW_SESSION = "
        UPDATE sessions SET secret = $3, auth_time = $4, amr = $5, acr = $6, seen_at = $7 WHERE id = $1 AND secret = $2";

    /// Ends the sessions of a user beyond `$3` beside the one of id `$2`, those that were not used for longest: `$4` at most.
    END_UNUSED_SESSIONS = "
        DELETE FROM sessions WHERE id IN
            (SELECT id FROM sessions WHERE user_id = $1 AND id <> $2
             ORDER BY seen_at DESC, id DESC LIMIT $4 OFFSET $3)";

    /// The ids of a user's sessions, in order.
    SESSIONS_OF_USER = "SELECT id FROM sessions WHERE user_id = $1 ORDER BY id LIMIT 1000";

    /// Only ever forward: requests of one browser may arrive out of order.
    TOUCH_SESSION = "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2";

    /// Ends a session.
    DELETE_SESSION = "DELETE FROM sessions WHERE id = $1";

    /// Ends the session that a browser had, if it proves it: the id alone is in every ID token.
    REPLACE_SESSION = "DELETE FROM sessions WHERE id = $1 AND secret = $2";

    /// Ends every session of a user, by the name to sign in with.
    DELETE_SESSIONS_OF_USER = "
        DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE username_key = $1)";

    /// Ends every session of a user who is being removed.
    DELETE_SESSIONS_OF_USER_ID = "DELETE FROM sessions WHERE user_id = $1";
}
