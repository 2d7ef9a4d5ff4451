//! The engine: a queue to the writer thread, and the readers.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::admission::{admit, refuse_unless_serving};
use super::connection::{check_version, open_writer};
use super::files::{FileIdentity, ServingLock};
use super::readers::Readers;
use super::rows;
use super::shared::Shared;
use super::writer::{Job, Ran, Writer};
use crate::fault::Fault;
use crate::options::{Options, Purpose};
use crate::remembered::Remembered;
use crate::row::Cells;
use crate::script::{Script, ScriptOutcome};
use crate::value::{Statement, Value};

/// An open SQLite database.
#[derive(Debug)]
pub(crate) struct Engine {
    path: PathBuf,
    /// The file that is open: another one may come to stand under its name.
    identity: FileIdentity,
    jobs: SyncSender<Job>,
    stopped: watch::Receiver<Option<Fault>>,
    readers: Readers,
    shared: Arc<Shared>,
    serving_lock: Mutex<Option<ServingLock>>,
}

impl Engine {
    pub(crate) fn open(path: &Path, options: &Options, purpose: Purpose) -> Result<Self, Fault> {
        check_version(rusqlite::version_number())?;
        // Absolute, so that SQLite never takes a name that begins with `file:` for a URI.
        let path = std::path::absolute(path).map_err(Fault::io("find the database"))?;
        let mut connection = open_writer(&path, options)?;
        let identity = FileIdentity::of(&path).map_err(Fault::io("find the database"))?;
        admit(&mut connection, &path, purpose)?;
        let (jobs, queue) = sync_channel(options.queue_max);
        let (stop, stopped) = watch::channel(None);
        let shared = Arc::new(Shared::new(options));
        let (batch_max, known) = (options.batch_max, Arc::clone(&shared));
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Writer::run(connection, &queue, batch_max, &known, &stop))
            .map_err(Fault::io("start the writer"))?;
        let readers = Readers::new(path.clone(), options.reader_busy_timeout);
        Ok(Self { path, identity, jobs, stopped, readers, shared, serving_lock: Mutex::new(None) })
    }

    /// Opens a database that is there to read from it alone. No row and no mode is changed, and every write fails with
    /// [`Fault::Closed`].
    pub(crate) fn open_to_read(path: &Path, options: &Options) -> Result<Self, Fault> {
        check_version(rusqlite::version_number())?;
        let path = std::path::absolute(path).map_err(Fault::io("find the database"))?;
        let identity = FileIdentity::of(&path).map_err(Fault::io("find the database"))?;
        refuse_unless_serving(&path)?;
        // What is handed to the queue finds it ended, as if there had been a writer.
        let (jobs, _) = sync_channel(1);
        let (_, stopped) = watch::channel(None);
        let readers = Readers::new(path.clone(), options.reader_busy_timeout);
        let shared = Arc::new(Shared::new(options));
        Ok(Self { path, identity, jobs, stopped, readers, shared, serving_lock: Mutex::new(None) })
    }

    /// What its writer knows. It is asked for by those who would rely on it: where the writer has not looked for a while whether
    /// others have written, it is told to.
    pub(crate) fn remembered(&self) -> &Remembered {
        // Without a place in the queue the next one asks.
        let remembered = &self.shared.remembered;
        if remembered.wants_look() && self.jobs.try_send(Job::Look).is_err() {
            remembered.may_ask_again();
        }
        remembered
    }

    pub(crate) fn lock_for_serving(&self) -> Result<(), Fault> {
        let mut lock = self.serving_lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Err(Fault::AlreadyServed);
        }
        *lock = Some(ServingLock::take(&self.path)?);
        Ok(())
    }

    /// Whether the database is still the file under its name. If not, what is written would be lost: the writer stops.
    pub(crate) fn check_file(&self) -> Result<(), Fault> {
        if FileIdentity::of(&self.path).is_ok_and(|found| found == self.identity) {
            return Ok(());
        }
        // A full queue is no harm: the next look tells it again.
        let _ = self.jobs.try_send(Job::Abandon(Fault::Replaced));
        Err(Fault::Replaced)
    }

    /// Reads a row on this thread: that takes a few microseconds.
    pub(crate) fn one<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: impl FnOnce(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.readers.read(|connection| rows::one(connection, statement, values, decode))
    }

    /// Reads the rows of one key on this thread, as [`Engine::one`] reads one.
    pub(crate) fn few<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        self.readers.read(|connection| rows::many(connection, statement, values, decode))
    }

    /// Reads a row that is one person's. Where the file is large the writer reads it between two batches, as long as it has the time;
    /// where that fails in any way, this thread reads as ever.
    pub(crate) async fn one_personal<T: Send + 'static>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        decode: impl Fn(&mut Cells<'_>) -> Result<T, Fault> + Copy + Send + 'static,
    ) -> Result<Option<T>, Fault> {
        if self.shared.writer_reads()
            && let Some(kept) = values.iter().map(Value::kept).collect::<Option<Vec<_>>>()
            && let Some(found) = self.one_by_writer(statement, kept, decode).await
        {
            return Ok(found);
        }
        self.one(statement, values, decode)
    }

    /// `None` where the writer could not read in time, or not at all.
    async fn one_by_writer<T: Send + 'static>(
        &self,
        statement: &'static Statement,
        values: Vec<Value<'static>>,
        decode: impl Fn(&mut Cells<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Option<Option<T>> {
        let (reply, answer) = oneshot::channel();
        let read = move |connection: &Connection| {
            // The one who asked may have done without.
            if !reply.is_closed() {
                let _ = reply.send(rows::one(connection, statement, &values, decode));
            }
        };
        self.jobs.try_send(Job::Read(Box::new(read))).ok()?;
        let answered = timeout(self.shared.patience, answer).await;
        if answered.is_err() {
            self.shared.note_late();
        }
        answered.ok()?.ok()?.ok()
    }

    /// Reads rows away from the threads that serve requests.
    pub(crate) async fn many<T: Send + 'static>(
        &self,
        statement: &'static Statement,
        values: Box<[Value<'static>]>,
        decode: fn(&mut Cells<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let readers = self.readers.clone();
        let read = move || readers.read(|connection| rows::many(connection, statement, &values, decode));
        spawn_blocking(read).await.unwrap_or(Err(Fault::Closed))
    }

    /// Hands a script to the writer and waits until its transaction has ended.
    pub(crate) async fn run(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        self.answered(|reply| Job::Run { script, reply }).await
    }

    /// The same behind all others: see [`crate::backend::Backend::run_last`].
    pub(crate) async fn run_last(&self, script: Script) -> Result<ScriptOutcome, Fault> {
        self.answered(|reply| Job::RunLast { script, reply }).await
    }

    async fn answered(&self, job: impl FnOnce(oneshot::Sender<Ran>) -> Job) -> Result<ScriptOutcome, Fault> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(job(reply)).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Busy,
            TrySendError::Disconnected(_) => self.closed_reason(),
        })?;
        answer.await.map_or_else(|_| Err(self.closed_reason()), |(outcome, _)| outcome)
    }

    pub(crate) async fn failed(&self) -> Fault {
        let mut stopped = self.stopped.clone();
        match stopped.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone().unwrap_or(Fault::Stopped),
            Err(_) => Fault::Closed,
        }
    }

    pub(crate) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.clone();
        // Where the queue is full this waits for room, and so it ends: the writer takes job after job, each bounded by the
        // busy timeout, and when it ends instead there is nothing to send to.
        let sent = spawn_blocking(move || jobs.send(Job::Close { reply }).is_ok()).await;
        if sent.unwrap_or(false) {
            let _ = answer.await;
        }
    }

    /// Why there is no writer any more.
    fn closed_reason(&self) -> Fault {
        if self.stopped.borrow().is_some() { Fault::Stopped } else { Fault::Closed }
    }
}
