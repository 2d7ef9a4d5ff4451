//! `backup`: all of a database, as of one moment, in one file, beside those who serve from it.

use std::path::Path;

use super::copy::{begin_filling, begin_serving};
use super::fill::{Fill, Watch};
use super::place::{Begun, Place};
use super::refused::MoveRefused;
use super::source::Source;
use crate::fault::Fault;
use crate::options::{Options, Purpose};
use crate::sqlite::admission::refuse_unless_serving;
use crate::sqlite::backup::{BackupNote, check_sound, copy_as_of_now, discard, note};
use crate::sqlite::files::{make_durable, name_new, new_private, sibling_path};
use crate::state::StateKind;
use crate::store::Store;

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct BackedUp {
    /// What it says of itself.
    pub note: BackupNote,
    /// How large the file is.
    pub bytes: u64,
}

/// Writes a backup into a new file of the user that runs this, wherever it is. A file that is there is never replaced, and a
/// backup that was cut off leaves none of that name.
pub async fn backup(
    place: &Place,
    to: &Path,
    begun: Begun,
    watch: &mut Watch<'_>,
) -> Result<BackedUp, MoveRefused> {
    let refuse = |cause| file_refused(to, cause);
    if to.symlink_metadata().is_ok() {
        return Err(refuse(std::io::ErrorKind::AlreadyExists.into()));
    }
    let part = sibling_path(to, &format!(".{}.part", begun.hex()));
    let made = write(place, &part, begun, watch).await.inspect_err(|_| discard(&part))?;
    let placed = name_new(&part, to).and_then(|()| make_durable(to));
    let bytes = placed.and_then(|()| Ok(to.metadata()?.len()));
    discard(&part);
    let bytes = bytes.map_err(refuse)?;
    tracing::info!(file = %to.display(), source = made.source, bytes, "a backup was made");
    Ok(BackedUp { note: made, bytes })
}

/// The message of an error that an operating system gives of a file.
pub(super) fn file_refused(path: &Path, cause: std::io::Error) -> MoveRefused {
    MoveRefused::File { path: path.display().to_string(), cause }
}

async fn write(
    place: &Place,
    part: &Path,
    begun: Begun,
    watch: &mut Watch<'_>,
) -> Result<BackupNote, MoveRefused> {
    let made = BackupNote { made_at: begun.at, source: place.to_string() };
    let failed = |fault| match fault {
        Fault::Io { kind, .. } => file_refused(part, kind.into()),
        fault => place.refused(fault),
    };
    match place {
        Place::File(_) if !place.is_there() => return Err(MoveRefused::Absent { place: place.to_string() }),
        Place::File(path) => {
            refuse_unless_serving(path).map_err(|fault| place.refused(fault))?;
            copy_as_of_now(path, part, new_private).map_err(failed)?;
        }
        Place::Server { .. } => {
            let rows = sibling_path(part, ".rows");
            let filled = fill(place, &rows, begun, watch).await;
            // Out of a file that this process has had open into one that no process has.
            let copied = match filled {
                Ok(()) => copy_as_of_now(&rows, part, new_private).map_err(failed),
                Err(refused) => Err(refused),
            };
            discard(&rows);
            copied?;
        }
    }
    check_sound(part).and_then(|()| note(part, &made)).map_err(failed)?;
    Ok(made)
}

/// Every table out of one snapshot.
async fn fill(from: &Place, rows: &Path, begun: Begun, watch: &mut Watch<'_>) -> Result<(), MoveRefused> {
    let name = begun.session_name();
    let server = from.open(Purpose::Serve, &name).await?;
    let snapshot = server.backend.snapshot().await.map_err(|fault| from.refused(fault))?;
    let to = Place::File(rows.to_owned());
    // It is no database of an installation, and stays with the user that runs this.
    drop(new_private(rows).map_err(|cause| file_refused(rows, cause))?);
    let target =
        Store::open_for(rows, &Options::default(), Purpose::Move).map_err(|fault| to.refused(fault))?;
    let source = snapshot
        .map_or_else(|| Source::Store(server.clone()), |snapshot| Source::Snapshot(Box::new(snapshot)));
    let peer = from.to_string();
    begin_filling(&to, &target, &begun, (&peer, StateKind::Serving)).await?;
    let (id, filled) = (begun.id, &target);
    Fill { from, source: &source, to: &to, target: filled, id, watch }.run().await?;
    begin_serving(&to, &target, &begun, &peer).await?;
    drop(source);
    server.close().await;
    target.close().await;
    Ok(())
}
