//! `restore`: a backup becomes the database, and all that was given before has ended, whether its rows came back or not.
//!
//! What was given after the backup is not in it, and what was taken away since stands in it again. So every user and client gets a
//! mark that nothing from before has: an instant far ahead, by a random distance, which no clock and no earlier restore has
//! given. Sessions, grants, codes and clients' own tokens end by it, known or not. What else came back is for the operator to
//! judge: the database is prepared beside the one that it replaces, and can be changed before it is put in place.

use std::fs;
use std::path::{Path, PathBuf};

use proofkey_oauth::Timestamp;

use super::backup::file_refused;
use super::copy::{begin_filling, begin_serving, first_filled, no_others, state_of};
use super::fill::{Fill, Watch};
use super::place::{Begun, Place};
use super::refused::MoveRefused;
use super::source::Source;
use crate::directory::private_directory;
use crate::fault::{AdminFault, Fault};
use crate::options::{Options, Purpose};
use crate::script::{Script, ScriptStep};
use crate::sql::epoch::{SET_EPOCH, SET_MARK_OF_CLIENTS, SET_MARK_OF_REMOVED_CLIENTS, SET_MARK_OF_USERS};
use crate::sql::nodes::SWEEP_NODES;
use crate::sql::tables;
use crate::sql::versions::{BUMP_APIS, BUMP_CLIENTS, BUMP_KEYS};
use crate::sqlite::backup::{
    BackupNote, begin_restore, check_sound, copy_as_of_now, count_rows, discard, last_known_time, read_note,
    settle_log,
};
use crate::sqlite::files::{
    ServingLock, keep_as, make_durable, name_new, new_of_installation, new_private, sibling_path,
};
use crate::sqlite::since::TakenAway;
use crate::store::Store;
use crate::value::values;

/// What always ends with a restore, and so goes.
const ENDED: [&str; 4] = ["sessions", "grants", "code_failures", "revoked_tokens"];
const KEYS: [&str; 2] = ["signing_keys", "retired_keys"];
const CONSENTS: [&str; 1] = ["consents"];

/// How far ahead the mark of a restore lies at least: beyond what any clock shows.
const MARK_AHEAD_SECONDS: i64 = 1 << 34;
/// In how wide a range beyond that.
const MARK_RANGE: u64 = 1 << 40;

/// What a restore ends beside what it always does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// Every signing key: one that was revoked since would sign again.
    pub keys: bool,
    /// Every consent: one that was withdrawn since would stand again.
    pub consents: bool,
}

/// What is restored, and where.
#[derive(Clone, Debug)]
pub struct RestorePlan<'p> {
    /// The backup.
    pub from: &'p Path,
    /// The database.
    pub into: &'p Place,
    /// Whether a database in a file that is there is replaced.
    pub replace: bool,
    /// What ends with it.
    pub ends: Ends,
    /// The id says how far ahead the mark lies.
    pub begun: Begun,
}

/// So many rows of a table.
pub type RowCount = (&'static str, i64);

/// A backup on its way into place: a database of its own that no server serves from yet.
#[derive(Debug)]
pub struct Restoration<'p> {
    plan: RestorePlan<'p>,
    store: Store,
    work: Work,
    /// What the backup says of itself; `None` of a file that was copied by hand.
    pub note: Option<BackupNote>,
    /// The latest time that a server has noted in it; 0 where none has.
    pub last_known: Timestamp,
    /// What came back.
    pub rows: Vec<RowCount>,
    /// What it takes the place of.
    pub replaces: Option<String>,
    /// What was taken away there since the backup; `None` where that cannot be read.
    pub taken_away: Option<TakenAway>,
    lock: Option<ServingLock>,
}

/// A restore that is done.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
}

/// The file of a restoration, removed with it.
#[derive(Debug)]
struct Work {
    file: PathBuf,
    /// A directory that was made for it.
    directory: Option<PathBuf>,
}

impl Drop for Work {
    fn drop(&mut self) {
        discard(&self.file);
        if let Some(directory) = &self.directory {
            let _ = fs::remove_dir(directory);
        }
    }
}

impl<'p> Restoration<'p> {
    /// Checks the backup and where it goes, and makes a database of it in which all from before has ended.
    pub async fn prepare(plan: RestorePlan<'p>) -> Result<Self, MoveRefused> {
        let backup = Place::File(plan.from.to_owned());
        if !backup.is_there() {
            return Err(MoveRefused::Absent { place: backup.to_string() });
        }
        refuse_log(plan.from)?;
        let of_backup = |fault| backup.refused(fault);
        let note = read_note(plan.from).map_err(of_backup)?;
        let Standing { lock, what: replaces, taken_away } = look_at_target(&plan)?;
        let work = Work::begin(&plan)?;
        copy_private(plan.from, &work.file)?;
        begin_restore(&work.file).map_err(of_backup)?;
        let store = Store::open_for(&work.file, &Options::default(), Purpose::Restore).map_err(of_backup)?;
        let ended = end_all_from_before(&store, &plan, note.as_ref());
        ended.await.map_err(of_backup)?;
        let last_known = last_known_time(&work.file).map_err(of_backup)?;
        let rows = count_rows(&work.file).map_err(of_backup)?;
        Ok(Self { plan, store, work, note, last_known, rows, replaces, taken_away, lock })
    }

    /// The database, to be changed before it is put in place.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Puts it in place. A database in a file that was there is kept beside it.
    pub async fn put_in_place(self, watch: &mut Watch<'_>) -> Result<Restored, MoveRefused> {
        let kept = match self.plan.into {
            Place::File(path) => {
                self.store.clone().close().await;
                let ready = sibling_path(&self.work.file, ".ready");
                let aside = self.lock.is_some().then(|| aside(path, &self.plan.begun));
                let placed = replace(&self.work.file, &ready, path, aside);
                discard(&ready);
                placed?
            }
            Place::Server { .. } => {
                self.fill(watch).await?;
                self.store.clone().close().await;
                None
            }
        };
        tracing::info!(backup = %self.plan.from.display(), database = %self.plan.into, "a backup was restored");
        Ok(Restored { kept })
    }

    async fn fill(&self, watch: &mut Watch<'_>) -> Result<(), MoveRefused> {
        let (to, begun) = (self.plan.into, &self.plan.begun);
        let target = to.open(Purpose::Move, &begun.session_name()).await?;
        no_others(to, &target, begun).await?;
        let was = state_of(to, &target).await?.state;
        if let Some(table) = first_filled(to, &target).await? {
            return Err(MoveRefused::NotEmpty { place: to.to_string(), table });
        }
        let from = Place::File(self.plan.from.to_owned());
        let peer = from.to_string();
        begin_filling(to, &target, begun, (&peer, was)).await?;
        let source = Source::Store(self.store.clone());
        Fill { from: &from, source: &source, to, target: &target, id: begun.id, watch }.run().await?;
        begin_serving(to, &target, begun, &peer).await?;
        target.close().await;
        Ok(())
    }
}

impl Work {
    /// Beside the database that it becomes, so that it can take its place in one step; for a server in a directory of its own.
    fn begin(plan: &RestorePlan<'_>) -> Result<Self, MoveRefused> {
        let name = format!(".restoring-{}", plan.begun.hex());
        let (file, made) = match plan.into {
            Place::File(path) => (sibling_path(path, &name), None),
            Place::Server { .. } => {
                let directory = std::env::temp_dir().join(format!("proofkey{name}"));
                (directory.join("proofkey.db"), Some(directory))
            }
        };
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(directory) = directory {
            private_directory(directory).map_err(|cause| file_refused(directory, cause))?;
        }
        Ok(Self { file, directory: made })
    }
}

/// The database that a restore replaces.
#[derive(Debug, Default)]
struct Standing {
    lock: Option<ServingLock>,
    what: Option<String>,
    taken_away: Option<TakenAway>,
}

/// What would be replaced, with the lock of its server: refused unless the plan says so. Of a database that cannot be read it is
/// said that it cannot.
fn look_at_target(plan: &RestorePlan<'_>) -> Result<Standing, MoveRefused> {
    let Place::File(path) = plan.into else { return Ok(Standing::default()) };
    if path.symlink_metadata().is_err() {
        refuse_left_over(path)?;
        return Ok(Standing::default());
    }
    let lock = Some(ServingLock::take(path).map_err(|fault| plan.into.refused(fault))?);
    let what = match count_rows(path) {
        Ok(counts) => {
            let of =
                |table: &str| counts.iter().find(|(name, _)| *name == table).map_or(0, |(_, count)| *count);
            if counts.iter().filter(|(name, _)| !is_begun(name)).all(|(_, count)| *count == 0) {
                return Ok(Standing { lock, ..Standing::default() });
            }
            format!("{} users, {} clients and {} grants", of("users"), of("clients"), of("grants"))
        }
        Err(fault) => format!("what cannot be read ({fault})"),
    };
    let taken_away = TakenAway::between(plan.from, path).ok();
    if !plan.replace {
        let since = taken_away
            .as_ref()
            .map_or_else(|| "what that was cannot be read".to_owned(), ToString::to_string);
        return Err(MoveRefused::WouldReplace { place: path.display().to_string(), what, since });
    }
    Ok(Standing { lock, what: Some(what), taken_away })
}

fn is_begun(table: &str) -> bool {
    tables::TABLES.iter().any(|known| known.is_begun && known.name == table)
}

/// A file with a log beside it is not all of a database.
fn refuse_log(file: &Path) -> Result<(), MoveRefused> {
    let has_log = sibling_path(file, "-wal").metadata().is_ok_and(|log| log.len() > 0);
    if has_log { Err(MoveRefused::NotWhole { path: file.display().to_string() }) } else { Ok(()) }
}

/// What is left of a database that is gone would be read into the one that is put in its place.
fn refuse_left_over(database: &Path) -> Result<(), MoveRefused> {
    let left = ["-wal", "-journal"].map(|suffix| sibling_path(database, suffix));
    match left.iter().find(|file| file.metadata().is_ok_and(|left| left.len() > 0)) {
        Some(file) => Err(MoveRefused::LeftOver { path: file.display().to_string() }),
        None => Ok(()),
    }
}

fn copy_private(from: &Path, to: &Path) -> Result<(), MoveRefused> {
    let mut read = fs::File::open(from).map_err(|cause| file_refused(from, cause))?;
    let copied = new_private(to).and_then(|mut made| std::io::copy(&mut read, &mut made));
    copied.map(drop).map_err(|cause| file_refused(to, cause))
}

async fn end_all_from_before(
    store: &Store,
    plan: &RestorePlan<'_>,
    note: Option<&BackupNote>,
) -> Result<(), Fault> {
    let (mark, at) = (mark(&plan.begun), plan.begun.at);
    let epoch = values![mark, note.map(|note| note.made_at), at];
    let marks = [&SET_MARK_OF_USERS, &SET_MARK_OF_CLIENTS, &SET_MARK_OF_REMOVED_CLIENTS]
        .map(|statement| ScriptStep::may_find(statement, values![mark]));
    let versions =
        [&BUMP_CLIENTS, &BUMP_APIS, &BUMP_KEYS].map(|statement| ScriptStep::may_find(statement, values![]));
    let asked = [(true, &ENDED[..]), (plan.ends.keys, &KEYS[..]), (plan.ends.consents, &CONSENTS[..])];
    let ended =
        tables::all().iter().filter(|of| asked.iter().any(|(asked, names)| *asked && of.is_of(names)));
    let ended = ended.map(|of| ScriptStep::may_find(&of.clear, values![]));
    let script = Script::from(ScriptStep::must_find(&SET_EPOCH, epoch))
        // None of the servers of the database from which it was made is here.
        .then(ScriptStep::may_find(&SWEEP_NODES, values![Timestamp(i64::MAX), i64::MAX]))
        .then_all(marks)
        .then_all(versions)
        .then_all(ended);
    store.change(script).await.map_err(|refused| match refused {
        AdminFault::Fault(fault) => fault,
        AdminFault::Exists | AdminFault::Missing | AdminFault::Conflict => {
            Fault::Impossible { table: "epoch", column: "id".to_owned(), key: "1".to_owned() }
        }
    })
}

/// Where a database is kept that is replaced.
fn aside(path: &Path, begun: &Begun) -> PathBuf {
    let name: String = begun.hex().chars().take(8).collect();
    sibling_path(path, &format!(".replaced-{}-{name}", begun.at.seconds()))
}

/// An instant that nothing from before has, and after all that an earlier release dates by instants.
fn mark(begun: &Begun) -> Timestamp {
    let [a, b, c, d, e, f, g, h, ..] = begun.id.0;
    let drawn = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % MARK_RANGE;
    begun.at + MARK_AHEAD_SECONDS.saturating_add(i64::try_from(drawn).unwrap_or_default())
}

/// Puts a database in a file under a name in one step. One that has the name is kept under another, and stays what serves until
/// then: its log is moved into it first, as far as it can be read. Without its lock nothing of that name is replaced.
fn replace(
    work: &Path,
    ready: &Path,
    path: &Path,
    aside: Option<PathBuf>,
) -> Result<Option<PathBuf>, MoveRefused> {
    let place = Place::File(path.to_owned());
    let refused = |cause| file_refused(path, cause);
    // Out of a file that this process has had open into one that no process has.
    copy_as_of_now(work, ready, new_of_installation)
        .and_then(|()| check_sound(ready))
        .map_err(|fault| place.refused(fault))?;
    let Some(aside) = aside else {
        name_new(ready, path).and_then(|()| make_durable(path)).map_err(refused)?;
        return Ok(None);
    };
    let is_whole = match settle_log(path) {
        Ok(()) => true,
        Err(Fault::Locked) => return Err(place.refused(Fault::Locked)),
        Err(_) => false,
    };
    keep_as(path, &aside).map_err(|cause| file_refused(&aside, cause))?;
    for suffix in ["-wal", "-shm"] {
        let beside = sibling_path(path, suffix);
        let moved = if is_whole {
            fs::remove_file(&beside)
        } else {
            fs::rename(&beside, sibling_path(&aside, suffix))
        };
        match moved {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_refused(&beside, cause));
            }
            Err(_) | Ok(()) => {}
        }
    }
    fs::rename(ready, path).and_then(|()| make_durable(path)).map_err(refused)?;
    Ok(Some(aside))
}
