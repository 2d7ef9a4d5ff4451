//! Users.

use proofkey_protocol::{CredentialFacts, UserFacts, UserRecord};

use super::{statements, text};
use crate::fault::Fault;
use crate::row::{Cells, FromRow, row};

row! {
    UserFacts in "users" { id, username, display_name, disabled, valid_from }
}

row! {
    UserRecord in "users" {
        id, username, username_key, disabled, valid_from, password, created_at, updated_at, claims
    }
}

impl FromRow for CredentialFacts {
    const COLUMNS: &str = text!(UserFacts::COLUMNS, ", users.password");

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self { user: cells.row()?, password: cells.cell()? })
    }
}

/// Ends all that began before: the instant `$2` is another than any before it, and never goes back, whatever the clock says.
const ENDS_ALL: &str = "valid_from = CASE WHEN $2 > valid_from THEN $2 ELSE valid_from + 1 END";

statements! {
    /// What signing in needs of a user, by the name to sign in with; for an unknown name a row with an empty id, so that
    /// both take the same time.
    CREDENTIALS = text!("
        SELECT ", CredentialFacts::COLUMNS, " FROM users WHERE username_key = $1
        UNION ALL
        SELECT '', $1, $1, 1, 0, '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE username_key = $1)");

    /// By the name to sign in with.
    USER_BY_NAME = text!("SELECT ", UserRecord::COLUMNS, " FROM users WHERE username_key = $1");

    /// By id.
    USER = text!("SELECT ", UserRecord::COLUMNS, " FROM users WHERE id = $1");

    /// In the order of their names.
    USERS = text!("SELECT ", UserRecord::COLUMNS, " FROM users ORDER BY username_key LIMIT $1");

    /// Adds a user, unless the name or the id is taken, the id was a removed user's, or the name, whose hash is `$11`, was one's: an
    /// absent hash is no one's.
    INSERT_USER = "
        INSERT INTO users (id, username, username_key, display_name, disabled, valid_from, password, created_at,
                           updated_at, claims)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
        WHERE NOT EXISTS (SELECT 1 FROM removed_users WHERE id = $1)
          AND NOT EXISTS (SELECT 1 FROM removed_users WHERE name_hash = $11)
        ON CONFLICT DO NOTHING";

    /// When the last user of a name was removed, by the hash of the name.
    USER_NAME_REMOVED = "
        SELECT id, removed_at FROM removed_users WHERE name_hash = $1 ORDER BY removed_at DESC LIMIT 1";

    /// Changes nothing: one row when the user exists.
    TOUCH_USER = "UPDATE users SET id = id WHERE username_key = $1";

    /// The same by id.
    TOUCH_USER_OF_ID = "UPDATE users SET id = id WHERE id = $1";

    /// Replaces the claims of a user, and the name that is shown, while they are the ones that were read (`$5`).
    UPDATE_USER_CLAIMS = "
        UPDATE users SET claims = $2, display_name = $3, updated_at = $4 WHERE id = $1 AND claims = $5";

    /// Notes a user who is being removed: the id, and the hash of the name.
    NOTE_REMOVED_USER = "
        INSERT INTO removed_users (id, name_hash, removed_at) SELECT id, $2, $3 FROM users WHERE id = $1
        ON CONFLICT (id) DO NOTHING";

    /// Removes a user of whom no session and no consent is left.
    DELETE_USER = "DELETE FROM users WHERE id = $1";

    /// Ends what began before. Later than what has ended already, so that what began in between ends too.
    END_GRANTS_OF_USER = text!("UPDATE users SET ", ENDS_ALL, " WHERE username_key = $1");

    /// Closes an account; what began before has ended, and stays ended when the account is opened again.
    DISABLE_USER = text!("
        UPDATE users SET disabled = 1, ", ENDS_ALL, ", updated_at = $2 WHERE username_key = $1");

    /// Opens an account again.
    ENABLE_USER = "UPDATE users SET disabled = 0, updated_at = $2 WHERE username_key = $1";

    /// Sets a password; what began before has ended.
    SET_USER_PASSWORD = text!("
        UPDATE users SET password = $3, ", ENDS_ALL, ", updated_at = $2 WHERE username_key = $1");

    /// Guards a password that was right: no row when the account was disabled or given another password while this one was
    /// being compared. The stored hash tells one password from the next; an instant would not, for to compare takes
    /// its time. It stores the same password as `$3`, under stronger parameters where the stored hash was weak, and so
    /// decides by the row that it writes.
    PASSWORD_HOLDS = "
        UPDATE users SET password = $3 WHERE id = $1 AND disabled = 0 AND password = $2";
}
