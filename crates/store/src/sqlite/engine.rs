//! The engine: a queue to the writer thread, and the readers.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use proofkey_protocol::{Commit, Committed};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::connection::{beside, check_version, create_private, open_writer};
use super::migrate::{MIGRATIONS, migrate};
use super::readers::Readers;
use super::writer::{Acknowledge, Answer, Job, Writer};
use crate::admin::AdminFault;
use crate::fault::Fault;
use crate::store::Options;

/// An open SQLite database.
#[derive(Debug)]
pub(crate) struct Engine {
    path: PathBuf,
    jobs: SyncSender<Job>,
    stopped: watch::Receiver<Option<Fault>>,
    pub(super) readers: Readers,
    /// The claim of a server on this file; the operating system drops it with the process, however that ends.
    claim: Mutex<Option<File>>,
}

impl Engine {
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, Fault> {
        check_version(rusqlite::version_number())?;
        // Absolute, so that SQLite never takes a name that begins with `file:` for a URI.
        let path = std::path::absolute(path).map_err(Fault::io("find the database"))?;
        let mut connection = open_writer(&path, options)?;
        migrate(&mut connection, MIGRATIONS)?;
        let (jobs, queue) = sync_channel(options.queue_max);
        let (stop, stopped) = watch::channel(None);
        let batch_max = options.batch_max;
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Writer::run(connection, &queue, batch_max, &stop))
            .map_err(Fault::io("start the writer"))?;
        let readers = Readers::new(path.clone(), options.reader_busy_timeout);
        Ok(Self { path, jobs, stopped, readers, claim: Mutex::new(None) })
    }

    pub(crate) fn lock_for_serving(&self) -> Result<(), Fault> {
        const DOING: &str = "claim the database";
        let mut claim = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        if claim.is_some() {
            return Err(Fault::AlreadyServed);
        }
        let file = create_private(&beside(&self.path, ".lock")).map_err(Fault::io(DOING))?;
        match file.try_lock() {
            Ok(()) => *claim = Some(file),
            Err(TryLockError::WouldBlock) => return Err(Fault::AlreadyServed),
            Err(TryLockError::Error(error)) => return Err(Fault::io(DOING)(error)),
        }
        Ok(())
    }

    pub(crate) async fn commit(&self, commit: Commit) -> Result<Committed, Fault> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Commit { commit, reply })?;
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Runs a rarer change in the writer's transaction. It either returns `Ok` and is kept, or is undone as a whole.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, AdminFault> + Send + 'static,
    ) -> Result<T, AdminFault> {
        let (reply, answer) = oneshot::channel::<Result<T, AdminFault>>();
        self.submit(Job::Work(Box::new(move |connection| {
            let result = connection.map_err(AdminFault::Fault).and_then(work);
            let done = result.as_ref().map(drop).map_err(AdminFault::clone);
            let acknowledge: Acknowledge = Box::new(move |durable| {
                let answer = durable.map_err(AdminFault::Fault).and(result);
                // Whoever asked may have gone; the change stands all the same.
                let _ = reply.send(answer);
            });
            (done, acknowledge)
        })))?;
        answer.await.unwrap_or_else(|_| Err(AdminFault::Fault(self.gone())))
    }

    pub(crate) async fn failed(&self) -> Fault {
        let mut stopped = self.stopped.clone();
        match stopped.wait_for(Option::is_some).await {
            Ok(fault) => fault.clone().unwrap_or(Fault::Stopped),
            Err(_) => Fault::Closed,
        }
    }

    pub(crate) async fn close(&self) {
        let (reply, mut answer): (Answer<()>, _) = oneshot::channel();
        let mut job = Job::Close { reply };
        // The writer never stops taking jobs while it lives, so a full queue has room soon.
        while let Err(TrySendError::Full(back)) = self.jobs.try_send(job) {
            job = back;
            tokio::task::yield_now().await;
        }
        let _ = (&mut answer).await;
    }

    fn submit(&self, job: Job) -> Result<(), Fault> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Busy,
            TrySendError::Disconnected(_) => self.gone(),
        })
    }

    /// Why there is no writer any more.
    fn gone(&self) -> Fault {
        if self.stopped.borrow().is_some() { Fault::Stopped } else { Fault::Closed }
    }
}

/// For changes that can only fail by a fault.
pub(super) fn fault_only(error: AdminFault) -> Fault {
    match error {
        AdminFault::Fault(fault) => fault,
        AdminFault::Exists | AdminFault::Missing => {
            Fault::Impossible { table: "?", column: "?".to_owned(), key: "?".to_owned() }
        }
    }
}
