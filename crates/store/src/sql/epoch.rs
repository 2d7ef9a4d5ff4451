//! What a restore ends: all that was given before it, whether its rows came back or not.

use super::statements;

statements! {
    /// Clients that are added from now on begin under this mark too.
    SET_EPOCH = "UPDATE epoch SET mark = $1, backup_at = $2, restored_at = $3 WHERE id = 1";

    /// Every user gets the mark.
    SET_MARK_OF_USERS = "UPDATE users SET valid_from = $1";

    /// Every client gets it.
    SET_MARK_OF_CLIENTS = "UPDATE clients SET valid_from = $1";

    /// And so do those that are added under the id of one that was removed.
    SET_MARK_OF_REMOVED_CLIENTS = "UPDATE removed_clients SET ended_at = $1";
}
