//! The engine: reads and single statements on the shared connections, other scripts on connections of their own.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_postgres::Row;

use super::admission::{admit, other_sessions, refuse_shared_session};
use super::attempts::Attempts;
use super::connection::{Isolation, decoded};
use super::connector::Connector;
use super::migrate::{MIGRATIONS, applied};
use super::pipeline::{Pipeline, Shared};
use super::pool::{Lease, Pool};
use super::severity::{Failure, Severity, Stage};
use super::snapshot::Snapshot;
use super::{transaction, url};
use crate::fault::Fault;
use crate::migration::SchemaStands;
use crate::options::{ConnectOptions, Purpose};
use crate::row::{Cells, Columns};
use crate::script::{Script, ScriptOutcome, ScriptStep};
use crate::value::{Decides, Forgets, Statement, Value};

/// Asks for the time and for nothing else. It is the one text that reads the server's clock, and no other engine has it.
pub(super) static TIME: Statement = Statement {
    name: "TIME",
    text: "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
    decides: Decides::ByOthers,
    forgets: Forgets::Nothing,
};

/// Calls that wait on one connection before the next is used: reads wait for no disk, and writes at once are made durable at once.
const READS_SHARED: usize = 32;
const WRITES_SHARED: usize = 4;
const SERIALIZABLE_SHARED: usize = 2;

/// A PostgreSQL database.
pub(crate) struct Engine(Arc<Inner>);

struct Inner {
    connector: Arc<Connector>,
    reads: Pipeline,
    /// Single statements that decide by the rows that they write.
    writes: Pipeline,
    /// Single statements that decide by other rows too.
    serializable: Pipeline,
    /// Scripts of several statements, and what others shall not wait for.
    pool: Pool,
    /// One for each piece of work that may be under way.
    room: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Engine(PostgreSQL)")
    }
}

impl Engine {
    /// Connects, and admits the database for this purpose: [`admit`].
    pub(crate) async fn connect(
        url: &str,
        options: &ConnectOptions,
        purpose: Purpose,
    ) -> Result<Self, Fault> {
        let connector = Arc::new(Connector::new(url::read(url)?, options.clone()));
        let session = connector.connect().await?;
        // First: a new database would get its schema by a session that is not its own.
        refuse_shared_session(&session, &connector.connect().await?).await?;
        admit(&session, purpose).await?;
        connector.admitted_for(purpose);
        let shared = |isolation, connections, calls| {
            Pipeline::new(Arc::clone(&connector), Shared { isolation, connections, calls })
        };
        Ok(Self(Arc::new(Inner {
            reads: shared(Isolation::ReadCommitted, options.read_connections, READS_SHARED),
            writes: shared(Isolation::ReadCommitted, options.write_connections, WRITES_SHARED),
            serializable: shared(
                Isolation::Serializable,
                options.serializable_connections,
                SERIALIZABLE_SHARED,
            ),
            pool: Pool::new(Arc::clone(&connector), options.own_connections),
            connector,
            room: Arc::new(Semaphore::new(options.queue_max)),
            closed: watch::Sender::new(false),
        })))
    }

    /// Which migrations a database has and lacks. Changes nothing.
    pub(crate) async fn schema_stands(url: &str, options: &ConnectOptions) -> Result<SchemaStands, Fault> {
        let session = Connector::new(url::read(url)?, options.clone()).connect().await?;
        applied(&session).await?.stands(MIGRATIONS)
    }

    /// A session in which every read sees the database as of one moment.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, Fault> {
        Snapshot::begin(self.0.connector.connect().await?).await
    }

    /// Sessions of this database that have another application name than this engine's own: nodes, commands, all others.
    pub(crate) async fn other_sessions(&self, own_name: &str) -> Result<i64, Fault> {
        other_sessions(&self.0.connector.connect().await?, own_name).await
    }

    /// The first row, if there is one.
    pub(crate) async fn one<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: impl FnOnce(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let rows = self.0.read(statement, values).await?;
        rows.first().map(|row| decode(&mut Cells::new(Columns::Postgres(row)))).transpose()
    }

    /// Every row of a key.
    pub(crate) async fn few<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        decoded(&self.0.read(statement, values).await?, decode)
    }

    /// Every row, over a connection on which no other call waits.
    pub(crate) async fn many<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        decoded(&self.0.read_alone(statement, values).await?, decode)
    }

    /// What the server's clock shows, in milliseconds since 1970.
    pub(crate) async fn time(&self) -> Result<i64, Fault> {
        let rows = self.0.read(&TIME, &[]).await?;
        rows.first().and_then(|row| row.try_get(0).ok()).ok_or_else(|| Fault::Impossible {
            table: "the clock",
            column: TIME.name.to_owned(),
            key: "?".to_owned(),
        })
    }

    /// Runs a script and waits until it is durable, undone, or beyond what can be known.
    pub(crate) async fn run(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        let room = self.0.room()?;
        match script.only_step() {
            Some(step) => self.0.run_single(step).await,
            None => self.run_alone(script, room).await,
        }
    }

    /// The same over a connection of its own, however many statements it has: none of the others waits for it.
    pub(crate) async fn run_apart(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        let room = self.0.room()?;
        self.run_alone(script, room).await
    }

    /// The same behind all others: see [`crate::backend::Backend::run_last`]. None of them waits for it.
    pub(crate) async fn run_last(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        let room = self.0.room()?;
        if self.has_room_for_last() { self.run_alone(script, room).await } else { Err(Fault::Busy) }
    }

    /// Runs a script over a connection of its own. It goes on when the one who asked has gone, so that no connection is lost in the
    /// middle of a transaction.
    async fn run_alone(&self, script: Script, room: OwnedSemaphorePermit) -> Result<ScriptOutcome, Fault> {
        let inner = Arc::clone(&self.0);
        let running = async move {
            let _room = room;
            inner.transact(&script).await
        };
        tokio::spawn(running).await.unwrap_or(Err(Fault::OutcomeUnknown))
    }

    /// Whether half of the connections for transactions are free, and one of those for single statements.
    pub(crate) fn has_room_for_last(&self) -> bool {
        self.0.pool.is_half_free() && self.0.serializable.has_room()
    }

    /// Waits until the engine is closed: nothing else ends it, for a database that has gone may come back.
    pub(crate) async fn failed(&self) -> Fault {
        let mut closed = self.0.closed.subscribe();
        let _ = closed.wait_for(|closed| *closed).await;
        Fault::Closed
    }

    /// Ends every connection that is not in use, and opens none any more.
    pub(crate) fn close(&self) {
        self.0.connector.close();
        self.0.clear();
        self.0.closed.send_replace(true);
    }
}

impl Inner {
    async fn read(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let _room = self.room()?;
        let read = || async { self.reads.session().await?.rows(statement, values).await };
        Ok(self.attempted(read).await?.0)
    }

    async fn read_alone(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let _room = self.room()?;
        let read = || async {
            let lease = self.lease(Isolation::ReadCommitted).await?;
            let rows = lease.session.rows(statement, values).await;
            lease.give_back();
            rows
        };
        Ok(self.attempted(read).await?.0)
    }

    /// A statement that is its own transaction. One that decides by the rows that it locks sees what is committed; another has to be
    /// serializable.
    async fn run_single(&self, step: &ScriptStep) -> Result<ScriptOutcome, Fault> {
        let pipeline = if step.decides_by_its_row() { &self.writes } else { &self.serializable };
        let run = || async {
            let session = pipeline.session().await?;
            let prepared = session.prepared(step.statement).await?;
            session.execute((step.statement, &prepared), &step.values, Stage::Deciding).await
        };
        let (rows, attempts) = self.attempted(run).await?;
        Ok(attempts.settled(step.judge(rows)))
    }

    /// A connection for one. Where the server lets in no more, those that calls share make room before it is tried again.
    async fn lease(&self, isolation: Isolation) -> Result<Lease<'_>, Failure> {
        let lease = self.pool.lease(isolation).await;
        if lease.as_ref().is_err_and(|failure| failure.severity == Severity::Connection) {
            let _ =
                [&self.serializable, &self.writes, &self.reads].iter().any(|pipeline| pipeline.give_one_up());
        }
        lease
    }

    async fn transact(&self, script: &Script) -> Result<ScriptOutcome, Fault> {
        let run = || async {
            let lease = self.lease(Isolation::Serializable).await?;
            let outcome = transaction::run(&lease.session, script).await;
            lease.give_back();
            outcome
        };
        let (outcome, attempts) = self.attempted(run).await?;
        Ok(attempts.settled(outcome))
    }

    /// Runs a piece of work until it succeeds or its failures are to be told, and says what it took.
    async fn attempted<T, F>(&self, work: impl Fn() -> F) -> Result<(T, Attempts), Fault>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut attempts = Attempts::begin();
        loop {
            match work().await {
                Ok(done) => return Ok((done, attempts)),
                Err(failure) => self.again_after(failure, &mut attempts).await?,
            }
        }
    }

    /// Gives up what the failure says is of no use, and returns when it is time to try again.
    async fn again_after(&self, failure: Failure, attempts: &mut Attempts) -> Result<(), Fault> {
        match failure.severity {
            Severity::Server => self.clear(),
            // Those that lay idle have most likely gone with it.
            Severity::Connection | Severity::Unknown => self.pool.clear(),
            Severity::Statement | Severity::Again => {}
        }
        attempts.again_after(failure).await
    }

    /// Gives up every connection that is not in the use of one call alone.
    fn clear(&self) {
        self.pool.clear();
        for pipeline in [&self.reads, &self.writes, &self.serializable] {
            pipeline.clear();
        }
    }

    fn room(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| Fault::Busy)
    }
}
