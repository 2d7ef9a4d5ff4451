//! The database of an installation, for the commands that look at it and change nothing.

use proofkey_store::moving::{self, MoveRefused, Place, SchemaStands};
use proofkey_store::{ConnectOptions, Fault, Options, Store};

use super::moving::begun;

/// What stands where a configuration has its database.
pub(super) enum Looked {
    /// No file.
    Absent,
    /// A database that lacks migrations of this program; opening it would apply them, or refuse.
    Older(SchemaStands),
    /// One of this program's schema, open.
    Open {
        /// To read from it alone where it is a file; where it is a server nothing is written either, for nothing is asked to.
        store: Store,
        /// Its schema.
        schema: SchemaStands,
    },
}

/// Why it cannot be looked at. The texts name the place.
pub(super) enum LookRefused {
    /// It does not tell its schema: it cannot be reached, is no database of ours, or is of a newer version.
    Schema(String),
    /// It tells its schema, and cannot be opened.
    Open(String),
}

impl LookRefused {
    /// What there is to say of it.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Schema(text) | Self::Open(text) => text,
        }
    }
}

/// Opens a database if that changes nothing: no migration is applied, and no row and no mode of a file changes.
pub(super) async fn look(place: &Place) -> Result<Looked, LookRefused> {
    let schema = match moving::schema(place, begun()).await {
        Ok(schema) => schema,
        Err(MoveRefused::Absent { .. }) => return Ok(Looked::Absent),
        Err(refused) => return Err(LookRefused::Schema(refused.to_string())),
    };
    if !schema.pending.is_empty() {
        return Ok(Looked::Older(schema));
    }
    let opened = match place {
        Place::File(path) => Store::open_to_read(path, &Options::default()),
        Place::Server { url, .. } => Store::connect(url, &ConnectOptions::default()).await,
    };
    let refused = |fault: Fault| LookRefused::Open(format!("{place}: {fault}"));
    Ok(Looked::Open { store: opened.map_err(refused)?, schema })
}
