//! A database grown to a size at which it can be measured what an operation costs: users who are signed in, live grants, and
//! rows that have ended and wait to be removed.
//!
//! It is for measuring and for nothing else: a database that has users is refused. Users come first, so that one that was cut
//! off is refused as well.

mod draw;
mod rows;

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;

use proofkey_oauth::Scope;
use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::{Apis, ClientId, ClientRecord, ConsentFacts};

use super::copy::no_others;
use super::fill::{Phase, Progress, Watch};
use super::place::{Begun, Place};
use super::refused::MoveRefused;
use super::source::{Row, Source};
use crate::encode::json;
use crate::fault::{AdminFault, Fault};
use crate::options::Purpose;
use crate::script::{Script, ScriptStep};
use crate::sql::tables::{self, TableTexts};
use crate::store::Store;
use crate::value::Statement;
use draw::Draw;
use rows::Rows;

/// Rows of one transaction.
const BATCH_ROWS: usize = 4_000;
/// Rows of one statement where each is a round trip.
const STATEMENT_ROWS: usize = 40;

/// How much a database is to hold.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The client that every user allows all that it may ask for; it is registered already.
    pub client: ClientId,
    /// Users, each with a session that lives. At least one.
    pub users: u64,
    /// Grants that live, over users and clients.
    pub grants: u64,
    /// Rows that have ended: grants, sessions, wrong verifiers, revoked tokens, failed sign-ins.
    pub expired: u64,
    /// Clients beside the one.
    pub clients: u64,
    /// How long a session lives.
    pub session_seconds: i64,
    /// How long a grant lives that is not used.
    pub grant_seconds: i64,
    /// What the rows follow from. Who knows it knows the sessions.
    pub seed: u64,
}

/// What a database has been grown by.
#[derive(Clone, Debug)]
pub struct Grown {
    /// The tables that got rows, and how many.
    pub tables: Vec<(&'static str, u64)>,
}

/// Hears of the session of each user; an error of its own ends the work.
pub type Sessions<'s> = dyn FnMut(&SessionCookie) -> io::Result<()> + Send + 's;

/// Fills a database that has no users, while no server serves from it.
pub async fn grow(
    place: &Place,
    growth: &Growth,
    begun: Begun,
    watch: &mut Watch<'_>,
    sessions: &mut Sessions<'_>,
) -> Result<Grown, MoveRefused> {
    if !place.is_there() {
        return Err(MoveRefused::Absent { place: place.to_string() });
    }
    let store = place.open(Purpose::Serve, &begun.session_name()).await?;
    let outcome = async {
        store.lock_for_serving().map_err(|fault| place.refused(fault))?;
        no_others(place, &store, &begun).await?;
        refuse_users(place, &store).await?;
        let rows = rows(place, &store, growth, begun).await?;
        let mut growing = Growing::new(place, &store, &rows, watch);
        growing.all(&rows, sessions).await?;
        Ok(Grown { tables: growing.tables })
    };
    let outcome = outcome.await;
    store.close().await;
    outcome
}

async fn refuse_users(place: &Place, store: &Store) -> Result<(), MoveRefused> {
    let source = Source::Store(store.clone());
    for of in tables::all().iter().filter(|of| of.is_of(&["users", "sessions", "consents", "grants"])) {
        if source.last(of).await.map_err(|fault| place.refused(fault))?.is_some() {
            return Err(MoveRefused::HasUsers { place: place.to_string() });
        }
    }
    Ok(())
}

/// What the rows will be.
async fn rows(place: &Place, store: &Store, growth: &Growth, begun: Begun) -> Result<Rows, MoveRefused> {
    let failed = |fault| place.refused(fault);
    let no_client = || MoveRefused::NoClient { place: place.to_string(), client: growth.client.to_string() };
    let client = store.client(&growth.client).await.map_err(failed)?;
    let ClientRecord { metadata, .. } = client.ok_or_else(no_client)?;
    let scope: Scope = metadata.scope.clone().filter(|scope| !scope.is_empty()).ok_or_else(no_client)?;
    let apis = Apis::new(store.apis().await.map_err(failed)?);
    // Before the oldest grant that lives.
    let (granted, consent) = ConsentFacts::of_scope(&scope, &apis, begun.at + -5 * growth.grant_seconds)
        .map_err(|_| no_client())?;
    Ok(Rows {
        draw: Draw(growth.seed),
        now: begun.at,
        users: growth.users,
        grants: growth.grants,
        expired: growth.expired,
        clients: growth.clients,
        client: growth.client.clone(),
        metadata: json(&metadata).map_err(failed)?,
        scope: scope.to_string(),
        apis: granted,
        allowed: consent.as_str().to_owned(),
        session_seconds: growth.session_seconds,
        grant_seconds: growth.grant_seconds,
    })
}

/// One database being grown.
struct Growing<'g, 'w> {
    place: &'g Place,
    store: &'g Store,
    watch: &'g mut Watch<'w>,
    total: u64,
    done: u64,
    tables: Vec<(&'static str, u64)>,
    /// Insertions of [`STATEMENT_ROWS`] rows by table, where they are of use.
    of_many: HashMap<&'static str, &'static Statement>,
}

impl<'g, 'w> Growing<'g, 'w> {
    fn new(place: &'g Place, store: &'g Store, rows: &Rows, watch: &'g mut Watch<'w>) -> Self {
        let (total, tables, of_many) = (rows.count(), Vec::new(), HashMap::new());
        Self { place, store, watch, total, done: 0, tables, of_many }
    }

    async fn all(&mut self, rows: &Rows, sessions: &mut Sessions<'_>) -> Result<(), MoveRefused> {
        self.table("users", rows.users()).await?;
        self.table("clients", rows.clients()).await?;
        self.table("client_origins", rows.client_origins()).await?;
        self.table("consents", rows.consents()).await?;
        let mut refused = Ok(());
        let told = rows.sessions().map_while(|(row, cookie)| {
            refused = cookie.as_ref().map_or(Ok(()), &mut *sessions);
            refused.is_ok().then_some(row)
        });
        self.table("sessions", told).await?;
        refused.map_err(|cause| MoveRefused::Cookies { cause })?;
        self.table("grants", rows.grants()).await?;
        self.table("code_failures", rows.code_failures()).await?;
        self.table("revoked_tokens", rows.revoked_tokens()).await?;
        self.table("sign_in_failures", rows.sign_in_failures()).await
    }

    async fn table(
        &mut self,
        name: &'static str,
        mut rows: impl Iterator<Item = Row>,
    ) -> Result<(), MoveRefused> {
        let Some(of) = tables::all().iter().find(|of| of.is_of(&[name])) else { return Ok(()) };
        let before = self.done;
        loop {
            let batch: Vec<Row> = rows.by_ref().take(BATCH_ROWS).collect();
            let count = u64::try_from(batch.len()).unwrap_or_default();
            let Some(script) = script(self.steps(of, batch)) else { break };
            self.store.change(script).await.map_err(|refused| self.refused(refused))?;
            self.done += count;
            let progress =
                Progress { phase: Phase::Growing, table: name, rows: self.done, total: self.total };
            if let ControlFlow::Break(()) = (self.watch)(progress) {
                return Err(MoveRefused::Stopped);
            }
        }
        self.tables.push((name, self.done - before));
        Ok(())
    }

    /// The insertions of rows: many at once where a statement is a message to a server.
    fn steps(&mut self, of: &'static TableTexts, rows: Vec<Row>) -> Vec<ScriptStep> {
        if !self.store.is_shared() {
            return rows.into_iter().map(|row| ScriptStep::may_find(&of.insert, row.into())).collect();
        }
        let of_many = *self.of_many.entry(of.table.name).or_insert_with(|| of.insert_of(STATEMENT_ROWS));
        let (mut steps, mut rows) = (Vec::new(), rows.into_iter());
        while rows.len() >= STATEMENT_ROWS {
            let values = rows.by_ref().take(STATEMENT_ROWS).flatten().collect();
            steps.push(ScriptStep::may_find(of_many, values));
        }
        steps.extend(rows.map(|row| ScriptStep::may_find(&of.insert, row.into())));
        steps
    }

    fn refused(&self, refused: AdminFault) -> MoveRefused {
        match refused {
            AdminFault::Fault(fault) => self.place.refused(fault),
            // No step of these wants a row.
            AdminFault::Exists | AdminFault::Missing | AdminFault::Conflict => {
                self.place.refused(Fault::OutcomeUnknown)
            }
        }
    }
}

/// One transaction; none where there is nothing to do.
fn script(steps: Vec<ScriptStep>) -> Option<Script> {
    let mut steps = steps.into_iter();
    let first = steps.next()?;
    Some(Script::from(first).then_all(steps))
}
