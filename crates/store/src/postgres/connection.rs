//! One connection: how it is opened, and what every session is set to.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Connection, Error, NoTls, Row, SimpleQueryMessage};

use super::bind::Bound;
use super::severity::{Failure, Stage, failure, is_denial, reason};
use super::url::Host;
use crate::fault::Fault;
use crate::options::ConnectOptions;
use crate::row::{Cells, Columns};
use crate::value::{Statement, Value};

/// How much longer than the server's own limit an answer may take before the link counts as lost.
const MARGIN: Duration = Duration::from_secs(1);

pub(super) const NO_ANSWER: &str = "no answer in time";

/// What a statement sees that is its own transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// What is committed when it begins; rows that it locks it looks at again.
    ReadCommitted,
    /// The same as if it ran while no other did, or it fails and is to be run again.
    Serializable,
}

impl Isolation {
    /// The statements that set a session so. A serializable transaction that walks a table is in the way of all that write it. To
    /// walk a table that is small seems cheap, and a plan lives for as long as its session, however the table has grown. Where a walk
    /// cannot be avoided it then counts as so dear that the server would compile the statement first (`jit`), which takes longer.
    const fn setting(self) -> &'static str {
        match self {
            Self::ReadCommitted => {
                "SET default_transaction_isolation = 'read committed'; RESET enable_seqscan; RESET jit"
            }
            Self::Serializable => {
                "SET default_transaction_isolation = 'serializable'; SET enable_seqscan = off; SET jit = off"
            }
        }
    }
}

/// A session of the database, with the statements that are prepared in it. Its link ends with it.
pub(super) struct Session {
    client: Client,
    prepared: Mutex<Vec<(&'static Statement, tokio_postgres::Statement)>>,
    link: AbortHandle,
    isolation: Isolation,
    /// Whether its link is given up. That it has gone is seen a moment later, and nothing may be sent over it meanwhile.
    is_retired: AtomicBool,
    answer_timeout: Duration,
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session").field("is_usable", &self.is_usable()).finish_non_exhaustive()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.retire();
    }
}

impl Session {
    /// Connects, and sets what every session has. A server that takes no writes is none of ours.
    pub(super) async fn open(host: &Host, options: &ConnectOptions) -> Result<Self, Fault> {
        let unreachable =
            |reason, is_denied| Fault::Unreachable { host: host.name.clone(), reason, is_denied };
        match timeout(options.connect_timeout, Self::begin(host, options)).await {
            Ok(begun) => begun.map_err(|error| unreachable(reason(&error), is_denial(&error))),
            Err(_) => Err(no_answer(host)),
        }
    }

    async fn begin(host: &Host, options: &ConnectOptions) -> Result<Self, Error> {
        let (client, link) = match &host.tls {
            Some(tls) => {
                let (client, connection) = host.config.connect(tls.clone()).await?;
                (client, serve(connection))
            }
            None => {
                let (client, connection) = host.config.connect(NoTls).await?;
                (client, serve(connection))
            }
        };
        let answer_timeout = options.statement_timeout + MARGIN;
        let (prepared, is_retired) = (Mutex::default(), AtomicBool::new(false));
        let isolation = Isolation::ReadCommitted;
        let session = Self { client, prepared, link, isolation, is_retired, answer_timeout };
        session.client.batch_execute(&settings(options)).await?;
        if let Some(name) = &options.application_name {
            session.client.execute("SELECT set_config('application_name', $1, false)", &[name]).await?;
        }
        session.insist_on_durability().await?;
        Ok(session)
    }

    /// What is acknowledged is on the disk. A server may be set to acknowledge sooner; what is stronger stays.
    async fn insist_on_durability(&self) -> Result<(), Error> {
        let answer = self.client.simple_query("SHOW synchronous_commit").await?;
        let is_off = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("off"));
        if answer.iter().any(is_off) {
            self.client.batch_execute("SET synchronous_commit = on").await?;
        }
        Ok(())
    }

    /// Whether its link is there, as far as is known.
    pub(super) fn is_usable(&self) -> bool {
        !self.is_retired.load(Ordering::Acquire) && !self.client.is_closed()
    }

    /// Ends the link. A call that waits for an answer over it hears that it is lost, and an open transaction is rolled back.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
        self.link.abort();
    }

    /// What statements see here that are their own transactions.
    pub(super) const fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// Changes that from the next statement on.
    pub(super) async fn isolate(&mut self, isolation: Isolation) -> Result<(), Failure> {
        if self.isolation != isolation {
            self.say("set the isolation of transactions", isolation.setting(), Stage::Open).await?;
            self.isolation = isolation;
        }
        Ok(())
    }

    /// A statement, prepared when it is first needed.
    pub(super) async fn prepared(
        &self,
        statement: &'static Statement,
    ) -> Result<tokio_postgres::Statement, Failure> {
        let find = |kept: &Vec<(&'static Statement, tokio_postgres::Statement)>| {
            kept.iter().find(|(kept, _)| std::ptr::eq(*kept, statement)).map(|(_, prepared)| prepared.clone())
        };
        if let Some(prepared) = find(&self.prepared.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(prepared);
        }
        let preparing = self.client.prepare(statement.text);
        let prepared = self.answer(statement.name, Stage::Open, preparing).await?;
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).push((statement, prepared.clone()));
        Ok(prepared)
    }

    /// The rows of a read.
    pub(super) async fn rows(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let prepared = self.prepared(statement).await?;
        let reading = async {
            let rows = self.client.query_raw(&prepared, values.iter().map(Bound)).await?;
            futures_util::TryStreamExt::try_collect(rows).await
        };
        self.answer(statement.name, Stage::Open, reading).await
    }

    /// Runs what was prepared, and says how many rows it changed. The stage is how far the work has come with it.
    pub(super) async fn execute(
        &self,
        (statement, prepared): (&'static Statement, &tokio_postgres::Statement),
        values: &[Value<'_>],
        stage: Stage,
    ) -> Result<u64, Failure> {
        let running = self.client.execute_raw(prepared, values.iter().map(Bound));
        self.answer(statement.name, stage, running).await
    }

    /// Runs a word or a whole text of the engine's own, which has no parameters.
    pub(super) async fn say(&self, doing: &'static str, text: &str, stage: Stage) -> Result<(), Failure> {
        self.answer(doing, stage, self.client.batch_execute(text)).await
    }

    /// What reads for the engine itself, outside of the statements.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for an answer to what the engine itself has asked, no longer than for any other.
    pub(super) async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, Fault> {
        timeout(self.answer_timeout, asked).await.map_err(|_| {
            self.retire();
            Failure::lost(Stage::Open, NO_ANSWER).fault
        })
    }

    /// Waits for an answer. When none comes in time, the link is given up: what it would bring could be any call's.
    async fn answer<T>(
        &self,
        doing: &'static str,
        stage: Stage,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        match timeout(self.answer_timeout, asked).await {
            Ok(answer) => answer.map_err(failure(doing, stage)),
            Err(_) => {
                self.retire();
                Err(Failure::lost(stage, NO_ANSWER))
            }
        }
    }
}

/// What is told of a host that did not answer in the time that it has while a connection is opened.
pub(super) fn no_answer(host: &Host) -> Fault {
    Fault::Unreachable { host: host.name.clone(), reason: NO_ANSWER.to_owned(), is_denied: false }
}

/// Moves what is sent and received, until the link ends.
fn serve<S, T>(connection: Connection<S, T>) -> AbortHandle
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let moving = async move {
        if let Err(error) = connection.await {
            tracing::warn!(reason = reason(&error), "a connection to the database has ended");
        }
    };
    tokio::spawn(moving).abort_handle()
}

/// Statements that are their own transaction decide by rows that they lock and look at again, which is what READ COMMITTED
/// means; others are given a session that asks for more, and transactions of several steps ask when they begin.
fn settings(options: &ConnectOptions) -> String {
    format!(
        "{};
         SET statement_timeout = {};
         SET lock_timeout = {};
         SET idle_in_transaction_session_timeout = {}",
        Isolation::ReadCommitted.setting(),
        options.statement_timeout.as_millis(),
        options.lock_timeout.as_millis(),
        options.idle_in_transaction_timeout.as_millis(),
    )
}

/// Every row, decoded.
pub(super) fn decoded<T>(
    rows: &[Row],
    decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    rows.iter().map(|row| decode(&mut Cells::new(Columns::Postgres(row)))).collect()
}
