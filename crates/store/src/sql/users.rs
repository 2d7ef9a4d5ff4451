//! Users.

use super::{statements, subject_columns};

/// The columns of a whole user.
macro_rules! user_columns {
    () => {
        "id, username, username_key, disabled, valid_from, password, created_at, updated_at, claims"
    };
}

statements! {
    /// A user with one session of theirs and the consent for one client.
    SUBJECT = concat!("
        SELECT ", subject_columns!(), "
        FROM users
        LEFT JOIN sessions ON sessions.id = $2 AND sessions.user_id = users.id
        LEFT JOIN consents ON consents.user_id = users.id AND consents.client_id = $3
        WHERE users.id = $1");

    /// What signing in needs of a user, by the name to sign in with; for a name that nobody has a row with an empty id, so
    /// that to find nobody takes the time of finding somebody.
    CREDENTIALS = "
        SELECT id, username, display_name, disabled, valid_from, password FROM users WHERE username_key = $1
        UNION ALL
        SELECT '', $1, $1, 1, 0, '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE username_key = $1)";

    /// By the name to sign in with.
    USER_BY_NAME = concat!("SELECT ", user_columns!(), " FROM users WHERE username_key = $1");

    /// By id.
    USER = concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1");

    /// In the order of their names.
    USERS = concat!("SELECT ", user_columns!(), " FROM users ORDER BY username_key LIMIT $1");

    /// Adds a user, unless the name or the id is taken.
    INSERT_USER = "
        INSERT INTO users (id, username, username_key, display_name, disabled, valid_from, password, created_at,
                           updated_at, claims)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT DO NOTHING";

    /// Closes an account; what began before has ended, and stays ended when the account is opened again.
    DISABLE_USER = "UPDATE users SET disabled = 1, valid_from = $2, updated_at = $2 WHERE id = $1";

    /// Opens an account again.
    ENABLE_USER = "UPDATE users SET disabled = 0, updated_at = $2 WHERE id = $1";

    /// Sets a password; what began before has ended.
    SET_USER_PASSWORD = "UPDATE users SET password = $2, valid_from = $3, updated_at = $3 WHERE id = $1";

    /// Replaces the claims and the name shown.
    SET_USER_CLAIMS = "
        UPDATE users SET claims = $2, display_name = $3, updated_at = $4 WHERE username_key = $1";

    /// Stores the same password under stronger parameters. Never over a password that was set while the old one was
    /// being checked: that would bring the old one back.
    REHASH_PASSWORD = "UPDATE users SET password = $2 WHERE id = $1 AND password = $3";
}
