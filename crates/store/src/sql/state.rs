//! What a database is to those who open it: whether it serves, or is one side of a copy.

use super::{statements, text};
use crate::row::{FromRow as _, row};
use crate::state::DatabaseState;

row! {
    DatabaseState in "database_state" { state, copy_id, peer, since, copied }
}

statements! {
    /// What it is.
    DATABASE_STATE = text!("SELECT id, ", DatabaseState::COLUMNS, " FROM database_state WHERE id = 1");

    /// It becomes what `$1` says, while it is still what `$5` says.
    SET_DATABASE_STATE = "
        UPDATE database_state SET state = $1, copy_id = $2, peer = $3, since = $4, copied = 0 WHERE id = 1 AND state = $5";

    /// So many rows have come, while it is still the target of the copy `$1`.
    NOTE_COPIED = "
        UPDATE database_state SET copied = $2 WHERE id = 1 AND state = 'filling' AND copy_id = $1";
}
