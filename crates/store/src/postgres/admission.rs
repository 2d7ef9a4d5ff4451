//! Whether a database may be used for what it is opened for, the migrations that it lacks, and who else has it open.

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use super::connection::Session;
use super::migrate::{MIGRATIONS, applied, migrate};
use super::severity::{Failure, Stage, failure};
use crate::fault::Fault;
use crate::migration::newest;
use crate::options::Purpose;
use crate::row::{Cells, Columns};
use crate::sql::state::DATABASE_STATE;
use crate::state::DatabaseState;

const SHARING: &str = "see whether sessions are kept apart";
/// A pooler that deals its sessions out in turn may give each its own by chance.
const SHARING_TURNS: u32 = 4;
/// What tells one from the other. Nothing waits for a lock meanwhile.
const SHARING_MILLIS: u32 = 3_001;
const SHOW: &str = "SHOW lock_timeout";

const DOING: &str = "read what the database is";

/// Those who are connected beside the ones of that name. A client's session has a user; the server's own have none.
const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usesysid IS NOT NULL AND COALESCE(application_name, '') <> $1";

/// Refuses a database that is not for this purpose. An empty one gets its schema; one that lacks steps gets them only where it
/// is opened for that, for the operator has not said that there is a backup.
pub(super) async fn admit(session: &Session, purpose: Purpose) -> Result<(), Fault> {
    let applied = applied(session).await?;
    let missing = applied.missing(MIGRATIONS)?;
    if purpose != Purpose::Move {
        refuse_side_of_copy(session).await?;
    }
    if purpose == Purpose::Upgrade || applied.is_new() || missing.is_empty() {
        return migrate(session, MIGRATIONS).await;
    }
    Err(Fault::OlderSchema { found: applied.newest(), needed: newest(MIGRATIONS) })
}

/// Refuses a database that is one side of a copy.
pub(super) async fn refuse_side_of_copy(session: &Session) -> Result<(), Fault> {
    let row = match session.in_time(session.client().query_opt(DATABASE_STATE.text, &[])).await? {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => None,
        read => read.map_err(|error| told(failure(DOING, Stage::Open)(error)))?,
    };
    let Some(row) = row else { return Ok(()) };
    let state: DatabaseState = Cells::new(Columns::Postgres(&row)).skip().row()?;
    state.refusal().map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// Refuses a database to which two connections share a session. Each is set to something of its own, by turns, and has to keep it.
pub(super) async fn refuse_shared_session(one: &Session, other: &Session) -> Result<(), Fault> {
    for turn in 0..SHARING_TURNS {
        let kept = shown(one, &set(SHARING_MILLIS + turn)).await?;
        shown(other, &set(SHARING_MILLIS + SHARING_TURNS + turn)).await?;
        if shown(one, SHOW).await? != kept {
            return Err(Fault::SharedSession);
        }
    }
    Ok(())
}

fn set(millis: u32) -> String {
    format!("SET lock_timeout = {millis}; {SHOW}")
}

/// What a session is set to after a text, as the server writes it.
async fn shown(session: &Session, text: &str) -> Result<Option<String>, Fault> {
    let read = session.in_time(session.client().simple_query(text)).await?;
    let answer = read.map_err(|error| told(failure(SHARING, Stage::Open)(error)))?;
    Ok(answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// How many sessions of this database have another application name than this.
pub(super) async fn other_sessions(session: &Session, own_name: &str) -> Result<i64, Fault> {
    let read = session.in_time(session.client().query_one(OTHERS, &[&own_name])).await?;
    Ok(read.map_err(|error| told(failure("count the sessions", Stage::Open)(error)))?.get(0))
}

fn told(failure: Failure) -> Fault {
    failure.fault
}
