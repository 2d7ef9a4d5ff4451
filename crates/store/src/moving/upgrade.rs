//! `upgrade`: another schema, rehearsed on a copy or applied.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::place::{Begun, Place, connect_options};
use super::refused::MoveRefused;
use super::restore::RowCount;
use crate::fault::Fault;
use crate::migration::SchemaStands;
use crate::options::{Options, Purpose};
use crate::postgres;
use crate::sqlite::backup::{backup_before, check_sound, copy_as_of_now, count_rows, discard, schema_stands};
use crate::sqlite::files::{new_private, sibling_path};
use crate::store::Store;

/// What an upgrade would do.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// What the database has and lacks.
    pub schema: SchemaStands,
    /// What came of it on a copy; `None` where nothing is to do, or where there is no copy to be had.
    pub rehearsed: Option<Rehearsed>,
}

/// An upgrade of a copy.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// How long the migrations took.
    pub took: Duration,
    /// The rows of each table before.
    pub before: Vec<RowCount>,
    /// And after.
    pub after: Vec<RowCount>,
}

/// An upgrade that was done.
#[derive(Clone, Debug)]
pub struct Upgraded {
    /// What the database had and lacked.
    pub schema: SchemaStands,
    /// The backup that was taken before; `None` where nothing was to do, and on a server.
    pub backup: Option<PathBuf>,
}

/// Which migrations a database has and lacks. Changes nothing.
pub async fn schema(place: &Place, begun: Begun) -> Result<SchemaStands, MoveRefused> {
    stands(place, &begun).await
}

/// Says what an upgrade would do. A database in a file is copied beside itself, upgraded there and checked; nothing is written
/// to it, and the copy goes. On a server there is no copy to be had, and what is missing is all that is said.
pub async fn rehearse_upgrade(place: &Place, begun: Begun) -> Result<Rehearsal, MoveRefused> {
    let schema = stands(place, &begun).await?;
    let Place::File(path) = place else { return Ok(Rehearsal { schema, rehearsed: None }) };
    if schema.pending.is_empty() {
        return Ok(Rehearsal { schema, rehearsed: None });
    }
    let copy = sibling_path(path, &format!(".rehearsal-{}", begun.hex()));
    let rehearsed = rehearse(path, &copy).await;
    discard(&copy);
    let rehearsed = Some(rehearsed.map_err(|fault| place.refused(fault))?);
    Ok(Rehearsal { schema, rehearsed })
}

/// Brings a database to the schema of this program. In a file a backup is taken before; on a server that is the operator's.
pub async fn upgrade(place: &Place, begun: Begun) -> Result<Upgraded, MoveRefused> {
    let schema = stands(place, &begun).await?;
    place.open(Purpose::Upgrade, &begun.session_name()).await?.close().await;
    let backup = match place {
        Place::File(path) if !schema.pending.is_empty() => Some(backup_before(path, schema.newest)),
        Place::File(_) | Place::Server { .. } => None,
    };
    Ok(Upgraded { schema, backup })
}

async fn stands(place: &Place, begun: &Begun) -> Result<SchemaStands, MoveRefused> {
    if !place.is_there() {
        return Err(MoveRefused::Absent { place: place.to_string() });
    }
    let stands = match place {
        Place::File(path) => schema_stands(path),
        Place::Server { url, .. } => {
            postgres::Engine::schema_stands(url, &connect_options(&begun.session_name())).await
        }
    };
    stands.map_err(|fault| place.refused(fault))
}

async fn rehearse(path: &std::path::Path, copy: &std::path::Path) -> Result<Rehearsed, Fault> {
    copy_as_of_now(path, copy, new_private)?;
    let before = count_rows(copy)?;
    let began = Instant::now();
    let store = Store::open_for(copy, &Options::default(), Purpose::Restore)?;
    let took = began.elapsed();
    store.close().await;
    check_sound(copy)?;
    Ok(Rehearsed { took, before, after: count_rows(copy)? })
}
