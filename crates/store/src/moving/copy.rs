//! `db copy`: all of a database into an empty one, on either engine, and which of the two serves.
//!
//! Both sides say that they are sides of the copy before a row moves, so that no server serves from either. When all is there and
//! both hold the same, the target serves, and the source says so. Wherever the copy is cut off, the same call goes on.

use std::time::Duration;

use tokio::time::sleep;

use super::digest::TableDigest;
use super::fill::{Fill, Watch};
use super::place::{Begun, Place};
use super::refused::MoveRefused;
use super::source::Source;
use crate::fault::{AdminFault, Fault};
use crate::options::Purpose;
use crate::script::{Script, ScriptStep};
use crate::sql::state::{DATABASE_STATE, SET_DATABASE_STATE};
use crate::sql::tables::{self, TableTexts};
use crate::state::{CopyId, DatabaseState, StateKind};
use crate::store::Store;
use crate::value::values;

/// How often it is looked whether sessions that were there have ended, and the pause between.
const LOOKS_MAX: u32 = 30;
const PAUSE: Duration = Duration::from_millis(100);

/// What came of a copy.
#[derive(Clone, Debug)]
pub enum Copied {
    /// All of it is there, and both sides hold the same.
    Whole {
        /// What that is, table by table.
        tables: Vec<TableDigest>,
        /// Whether it goes on with what an earlier call has copied.
        resumed: bool,
    },
    /// An earlier call has done it. Nothing was changed.
    Already,
}

/// What is to be done next, by what both sides are.
enum Next {
    /// Nothing.
    Nothing,
    /// To say in the source that the copy is whole.
    Finish(CopyId),
    /// To go on.
    GoOn(CopyId),
    /// To begin.
    Begin,
}

/// The two sides.
struct Sides<'p> {
    from: &'p Place,
    to: &'p Place,
    source: Store,
    target: Store,
    begun: Begun,
}

/// Copies a database into an empty one. No server may serve from either meanwhile, and afterwards the target alone.
pub async fn copy(
    from: &Place,
    to: &Place,
    begun: Begun,
    watch: &mut Watch<'_>,
) -> Result<Copied, MoveRefused> {
    if !from.is_there() {
        return Err(MoveRefused::Absent { place: from.to_string() });
    }
    let name = begun.session_name();
    let source = from.open(Purpose::Move, &name).await?;
    to.make_directory()?;
    let target = to.open(Purpose::Move, &name).await?;
    let sides = Sides { from, to, source, target, begun };
    let outcome = sides.copy(watch).await;
    sides.source.close().await;
    sides.target.close().await;
    outcome
}

/// Lets the source of a copy serve again. Of what was changed in the copy since nothing is in it.
pub async fn reopen(place: &Place, begun: Begun) -> Result<(), MoveRefused> {
    if !place.is_there() {
        return Err(MoveRefused::Absent { place: place.to_string() });
    }
    let store = place.open(Purpose::Move, &begun.session_name()).await?;
    let outcome = async {
        store.lock_for_serving().map_err(|fault| place.refused(fault))?;
        let state = state_of(place, &store).await?;
        let reason = match state.state {
            StateKind::Moving | StateKind::Moved => {
                let serving = DatabaseState { state: StateKind::Serving, copy_id: None, peer: None, ..state };
                return set_state(place, &store, &serving, state.state).await;
            }
            StateKind::Serving => "it is no side of a copy, and may serve",
            StateKind::Filling => {
                "it is the target of a copy, and not whole: run the same `proofkey db copy` again"
            }
        };
        Err(MoveRefused::NoWayBack { place: place.to_string(), reason })
    };
    let outcome = outcome.await;
    store.close().await;
    outcome
}

impl Sides<'_> {
    async fn copy(&self, watch: &mut Watch<'_>) -> Result<Copied, MoveRefused> {
        // The target of a copy that is whole may be served by now.
        if let Next::Nothing = self.next().await? {
            return Ok(Copied::Already);
        }
        self.keep_others_out().await?;
        let (id, resumed) = match self.next().await? {
            Next::Nothing => return Ok(Copied::Already),
            Next::Finish(id) => {
                self.finish(id, StateKind::Moving).await?;
                return Ok(Copied::Already);
            }
            Next::GoOn(id) => (id, true),
            Next::Begin => {
                self.begin().await?;
                (self.begun.id, false)
            }
        };
        let source = Source::Store(self.source.clone());
        let (from, to, target) = (self.from, self.to, &self.target);
        let tables = Fill { from, source: &source, to, target, id, watch }.run().await?;
        self.serve_target(id).await?;
        self.finish(id, StateKind::Moving).await?;
        Ok(Copied::Whole { tables, resumed })
    }

    async fn next(&self) -> Result<Next, MoveRefused> {
        let source = state_of(self.from, &self.source).await?;
        let target = state_of(self.to, &self.target).await?;
        let copy = source.copy_id.filter(|id| target.copy_id == Some(*id));
        let (from, to) = (self.from, self.to);
        match (source.state, target.state, copy) {
            (StateKind::Moved, StateKind::Serving, Some(_)) => return Ok(Next::Nothing),
            (StateKind::Moving, StateKind::Serving, Some(id)) => return Ok(Next::Finish(id)),
            (StateKind::Moving, StateKind::Filling, Some(id)) => return Ok(Next::GoOn(id)),
            (StateKind::Moved | StateKind::Filling, ..) => return Err(from.refused(refusal(&source))),
            (_, StateKind::Moved | StateKind::Moving, _) => return Err(to.refused(refusal(&target))),
            (StateKind::Serving | StateKind::Moving, StateKind::Serving | StateKind::Filling, _) => {}
        }
        match first_filled(to, &self.target).await? {
            // A URL or a path that leads to nothing.
            None if first_filled(from, &self.source).await?.is_none() => {
                Err(MoveRefused::Absent { place: from.to_string() })
            }
            None => Ok(Next::Begin),
            Some(_) if target.state == StateKind::Filling => {
                let peer = target.peer.unwrap_or_else(|| "another database".to_owned());
                Err(MoveRefused::OtherCopy { place: to.to_string(), peer })
            }
            Some(table) => Err(MoveRefused::NotEmpty { place: to.to_string(), table }),
        }
    }

    /// Takes the place of a server on both sides.
    async fn keep_others_out(&self) -> Result<(), MoveRefused> {
        self.source.lock_for_serving().map_err(|fault| self.from.refused(fault))?;
        self.target.lock_for_serving().map_err(|fault| self.to.refused(fault))?;
        no_others(self.from, &self.source, &self.begun).await?;
        no_others(self.to, &self.target, &self.begun).await
    }

    /// Both sides say what they are: the target first, so that a source is never out of use for a target that is none.
    async fn begin(&self) -> Result<(), MoveRefused> {
        let was = state_of(self.to, &self.target).await?.state;
        begin_filling(self.to, &self.target, &self.begun, (&self.from.to_string(), was)).await?;
        let was = state_of(self.from, &self.source).await?.state;
        let moving = side(StateKind::Moving, &self.begun, &self.to.to_string());
        set_state(self.from, &self.source, &moving, was).await?;
        // Who connects from now on reads that. Who was there before, and has not read it, is still there.
        if let Err(refused) = no_others(self.from, &self.source, &self.begun).await {
            let serving = DatabaseState { state: StateKind::Serving, copy_id: None, peer: None, ..moving };
            set_state(self.from, &self.source, &serving, StateKind::Moving).await?;
            return Err(refused);
        }
        Ok(())
    }

    async fn serve_target(&self, id: CopyId) -> Result<(), MoveRefused> {
        begin_serving(self.to, &self.target, &Begun { id, ..self.begun }, &self.from.to_string()).await
    }

    async fn finish(&self, id: CopyId, was: StateKind) -> Result<(), MoveRefused> {
        let moved = side(StateKind::Moved, &Begun { id, ..self.begun }, &self.to.to_string());
        set_state(self.from, &self.source, &moved, was).await
    }
}

/// An empty database becomes the target of a copy; the rows that a new one has go, for those of the source come.
pub(super) async fn begin_filling(
    place: &Place,
    target: &Store,
    begun: &Begun,
    (peer, was): (&str, StateKind),
) -> Result<(), MoveRefused> {
    let clear = tables::all().iter().filter(|of| of.table.is_begun);
    let clear = clear.map(|of| ScriptStep::may_find(&of.clear, values![]));
    let script = Script::from(state_step(&side(StateKind::Filling, begun, peer), was)).then_all(clear);
    let is_done = async { Ok(read(target).await?.copy_id == Some(begun.id)) };
    target.change_once(script, is_done).await.map_err(|refused| changed(place, refused))
}

/// The target of a copy is whole, and serves.
pub(super) async fn begin_serving(
    place: &Place,
    target: &Store,
    begun: &Begun,
    peer: &str,
) -> Result<(), MoveRefused> {
    set_state(place, target, &side(StateKind::Serving, begun, peer), StateKind::Filling).await
}

/// Refuses a database that others are connected to. Connections that have ended on one side may be there for a moment on the
/// other.
pub(super) async fn no_others(place: &Place, store: &Store, begun: &Begun) -> Result<(), MoveRefused> {
    let name = begun.session_name();
    let mut count = 0;
    for _ in 0..LOOKS_MAX {
        count = store.backend.other_sessions(&name).await.map_err(|fault| place.refused(fault))?;
        if count == 0 {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(MoveRefused::Sessions { place: place.to_string(), count })
}

/// The first table that has rows which a new database has not.
pub(super) async fn first_filled(place: &Place, store: &Store) -> Result<Option<&'static str>, MoveRefused> {
    let source = Source::Store(store.clone());
    for of in tables::all().iter().filter(|of: &&TableTexts| !of.table.is_begun) {
        if source.last(of).await.map_err(|fault| place.refused(fault))?.is_some() {
            return Ok(Some(of.table.name));
        }
    }
    Ok(None)
}

/// What a database is.
pub(super) async fn state_of(place: &Place, store: &Store) -> Result<DatabaseState, MoveRefused> {
    read(store).await.map_err(|fault| place.refused(fault))
}

async fn read(store: &Store) -> Result<DatabaseState, Fault> {
    let found = store.backend.one(&DATABASE_STATE, &[], |cells| cells.skip().row()).await?;
    found.ok_or_else(|| Fault::Impossible {
        table: "database_state",
        column: "id".to_owned(),
        key: "1".to_owned(),
    })
}

fn side(state: StateKind, begun: &Begun, peer: &str) -> DatabaseState {
    DatabaseState {
        state,
        copy_id: Some(begun.id),
        peer: Some(peer.to_owned()),
        since: Some(begun.at),
        copied: 0,
    }
}

fn state_step(state: &DatabaseState, was: StateKind) -> ScriptStep {
    let values = values![state.state, state.copy_id, state.peer.clone(), state.since, was];
    ScriptStep::must_stand(&SET_DATABASE_STATE, values)
}

async fn set_state(
    place: &Place,
    store: &Store,
    state: &DatabaseState,
    was: StateKind,
) -> Result<(), MoveRefused> {
    let is_done = async {
        let found = read(store).await?;
        Ok((found.state, found.copy_id) == (state.state, state.copy_id))
    };
    let changing = store.change_once(state_step(state, was).into(), is_done);
    changing.await.map_err(|refused| changed(place, refused))
}

fn changed(place: &Place, refused: AdminFault) -> MoveRefused {
    match refused {
        AdminFault::Fault(fault) => place.refused(fault),
        AdminFault::Exists | AdminFault::Missing | AdminFault::Conflict => {
            MoveRefused::Raced { place: place.to_string() }
        }
    }
}

fn refusal(state: &DatabaseState) -> Fault {
    state.refusal().map_or(Fault::Closed, Fault::NotServing)
}
