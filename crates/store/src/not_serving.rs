//! Why no server may serve from a database.

use thiserror::Error;

/// Why no server may serve from a database, and no command change it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotServing {
    /// It is the source of a copy.
    #[error(
        "it was copied to {peer}, and of the two only one may serve: point the configuration there. Should the copy never \
         have served, `proofkey db reopen` lets this one serve again"
    )]
    Moved {
        /// The target, as messages name it.
        peer: String,
    },
    /// It is the source of a copy that is not whole.
    #[error(
        "it is being copied to {peer}: run the same `proofkey db copy` again to finish, or `proofkey db reopen` to give the \
         copy up"
    )]
    Moving {
        /// The target, as messages name it.
        peer: String,
    },
    /// It is the target of a copy that is not whole.
    #[error(
        "it is a copy of {peer} that is not whole ({rows} rows so far): run the same `proofkey db copy` again, or empty it and begin anew"
    )]
    Filling {
        /// The source, as messages name it.
        peer: String,
        /// What has come.
        rows: i64,
    },
    /// It is a backup.
    #[error("it is a backup: `proofkey restore --from` puts it in place, and ends what was given before")]
    Backup,
}
