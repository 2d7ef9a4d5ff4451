//! The one thread that writes: it commits what is waiting as one transaction, then acknowledges all of it.
//!
//! A transaction costs one fsync however many writes it holds, and while one is under way the next batch gathers by
//! itself. Nothing is acknowledged before the commit returned.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;

use proofkey_protocol::{Commit, Committed};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{oneshot, watch};

use super::bind::Prepared;
use super::commit::{Statements, needs_savepoint};
use super::severity::{Severity, fault, severity, severity_of_commit};
use crate::admin::AdminFault;
use crate::fault::Fault;

/// Pages in the write-ahead log from which on it is moved into the database.
const LOG_PAGES: i32 = 2000;

/// Where an outcome goes.
pub(super) type Answer<T> = oneshot::Sender<T>;
/// Tells the one who asked, once it is known whether the transaction is durable.
pub(super) type Acknowledge = Box<dyn FnOnce(Result<(), Fault>) + Send>;
/// A change that is not a [`Commit`]. Without a connection it only learns why.
pub(super) type Work =
    Box<dyn FnOnce(Result<&Connection, Fault>) -> (Result<(), AdminFault>, Acknowledge) + Send>;

/// What the writer is asked to do. The hot kind carries no closure.
pub(super) enum Job {
    Commit { commit: Commit, reply: Answer<Result<Committed, Fault>> },
    Work(Work),
    Close { reply: Answer<()> },
}

/// A job that ran and waits for the commit.
enum Ran {
    Commit { outcome: Result<Committed, Fault>, reply: Answer<Result<Committed, Fault>> },
    Work(Acknowledge),
}

/// The writer's state, which lives on its thread alone.
pub(super) struct Writer<'c> {
    connection: &'c Connection,
    begin: Prepared<'c>,
    commit: Prepared<'c>,
    rollback: Prepared<'c>,
    save: Prepared<'c>,
    undo: Prepared<'c>,
    release: Prepared<'c>,
    statements: Statements<'c>,
    ran: Vec<Ran>,
    batch_max: usize,
}

impl Writer<'_> {
    /// Writes until every handle is gone, one closes the store, or an error of the disk ends the trust in it. The reason
    /// of a stop is in `stop` before the queue ends, so that whoever finds it ended knows why.
    pub(super) fn run(
        mut connection: Connection,
        queue: &Receiver<Job>,
        batch_max: usize,
        stop: &watch::Sender<Option<Fault>>,
    ) {
        let log_pages = Arc::new(AtomicI32::new(0));
        let written = Arc::clone(&log_pages);
        let hooked = connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            written.store(pages, Ordering::Relaxed);
            Ok(())
        }));
        let ended = hooked
            .and_then(|()| Writer::new(&connection, batch_max))
            .map_err(fault("prepare the writer"))
            .and_then(|mut writer| writer.serve(queue, &log_pages));
        match ended {
            Ok(Some(reply)) => {
                checkpoint(&connection, "TRUNCATE").unwrap_or_else(|fault| report(&fault));
                let _ = reply.send(());
            }
            Ok(None) => {}
            Err(fault) => {
                report(&fault);
                // Closing would move the log into the database, and trust what the disk did with the log.
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
                stop.send_replace(Some(fault));
            }
        }
    }

    fn new(connection: &Connection, batch_max: usize) -> rusqlite::Result<Writer<'_>> {
        let prepare = |text| Prepared::new(connection, text);
        Ok(Writer {
            connection,
            begin: prepare("BEGIN IMMEDIATE")?,
            commit: prepare("COMMIT")?,
            rollback: prepare("ROLLBACK")?,
            save: prepare("SAVEPOINT job")?,
            undo: prepare("ROLLBACK TO job")?,
            release: prepare("RELEASE job")?,
            statements: Statements::prepare(connection)?,
            ran: Vec::with_capacity(batch_max),
            batch_max,
        })
    }

    /// Ends with the one to tell when the store is closed, and without when every handle is gone.
    fn serve(&mut self, queue: &Receiver<Job>, log_pages: &AtomicI32) -> Result<Option<Answer<()>>, Fault> {
        while let Ok(first) = queue.recv() {
            // The commit that was just acknowledged wakes its tasks one by one; without this, the first of them to write
            // again would get a transaction, and an fsync, to itself.
            thread::yield_now();
            if let Some(close) = self.batch(first, queue)? {
                return Ok(Some(close));
            }
            // After the acknowledgements: nobody waits for this, and its errors are heard.
            if log_pages.swap(0, Ordering::Relaxed) >= LOG_PAGES {
                survivable(checkpoint(self.connection, "PASSIVE"))?;
            }
        }
        Ok(None)
    }

    /// One transaction. An error is one after which nothing may be written any more.
    fn batch(&mut self, first: Job, queue: &Receiver<Job>) -> Result<Option<Answer<()>>, Fault> {
        if let Err(fault) = self.begin.execute(&[]).map_err(fault("begin a transaction")) {
            let close = refuse(first, &fault);
            return survivable(Err(fault)).map(|()| close);
        }
        let mut close = None;
        let durable = self.fill(first, queue, &mut close).and_then(|()| self.make_durable());
        // Some errors roll back by themselves.
        let rolled_back = if durable.is_err() && !self.connection.is_autocommit() {
            self.rollback.execute(&[]).map(drop).map_err(fault("roll back"))
        } else {
            Ok(())
        };
        self.ran.drain(..).for_each(|ran| ran.acknowledge(&durable));
        survivable(durable)?;
        rolled_back?;
        Ok(close)
    }

    /// Runs the first job and those that wait, until none does or the batch is full.
    fn fill(
        &mut self,
        first: Job,
        queue: &Receiver<Job>,
        close: &mut Option<Answer<()>>,
    ) -> Result<(), Fault> {
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Commit { commit, reply } => self.run_commit(&commit, reply)?,
                Job::Work(work) => self.run_work(work)?,
                Job::Close { reply } => {
                    *close = Some(reply);
                    return Ok(());
                }
            }
            next = if self.ran.len() < self.batch_max { queue.try_recv().ok() } else { None };
        }
        Ok(())
    }

    fn run_commit(&mut self, commit: &Commit, reply: Answer<Result<Committed, Fault>>) -> Result<(), Fault> {
        let saved = needs_savepoint(commit);
        if saved {
            self.save.execute(&[]).map_err(fault("set a savepoint"))?;
        }
        let outcome = self.statements.apply(commit).map_err(fault("commit"));
        let failure = outcome.as_ref().err().cloned();
        self.ran.push(Ran::Commit { outcome, reply });
        self.contain(failure, saved)
    }

    fn run_work(&mut self, work: Work) -> Result<(), Fault> {
        self.save.execute(&[]).map_err(fault("set a savepoint"))?;
        let (done, acknowledge) = work(Ok(self.connection));
        self.ran.push(Ran::Work(acknowledge));
        match done {
            Ok(()) => self.contain(None, true),
            Err(AdminFault::Fault(fault)) => self.contain(Some(fault), true),
            Err(AdminFault::Exists | AdminFault::Missing) => self.undo(),
        }
    }

    /// Keeps a failure to the job that met it, or says that the whole batch has failed.
    fn contain(&mut self, failure: Option<Fault>, saved: bool) -> Result<(), Fault> {
        match failure {
            Some(fault) if severity(&fault) != Severity::Write || self.connection.is_autocommit() => {
                Err(fault)
            }
            Some(_) if saved => self.undo(),
            None if saved => self.release.execute(&[]).map(drop).map_err(fault("release a savepoint")),
            Some(_) | None => Ok(()),
        }
    }

    fn undo(&mut self) -> Result<(), Fault> {
        let undone = self.undo.execute(&[]).and_then(|_| self.release.execute(&[]));
        undone.map(drop).map_err(fault("undo one write"))
    }

    /// Commits. An error that is not known to have left the transaction open leaves its outcome open instead.
    fn make_durable(&mut self) -> Result<(), Fault> {
        self.commit.execute(&[]).map(drop).map_err(fault("commit")).map_err(|fault| match fault {
            Fault::Engine { code, message, .. } if severity_of_commit(code) == Severity::Stop => {
                Fault::Unknown { code, message }
            }
            other => other,
        })
    }
}

impl Ran {
    fn acknowledge(self, durable: &Result<(), Fault>) {
        match self {
            Self::Commit { outcome, reply } => {
                // Whoever asked may have gone; what is written stays written.
                let _ = reply.send(durable.clone().and(outcome));
            }
            Self::Work(acknowledge) => acknowledge(durable.clone()),
        }
    }
}

/// Answers a job that cannot run. A close goes ahead without a transaction.
fn refuse(job: Job, fault: &Fault) -> Option<Answer<()>> {
    match job {
        Job::Commit { reply, .. } => {
            let _ = reply.send(Err(fault.clone()));
            None
        }
        Job::Work(work) => {
            let (_, acknowledge) = work(Err(fault.clone()));
            acknowledge(Ok(()));
            None
        }
        Job::Close { reply } => Some(reply),
    }
}

/// Lets the writer go on unless the error ends the trust in the file.
fn survivable(outcome: Result<(), Fault>) -> Result<(), Fault> {
    match outcome {
        Err(fault) if severity(&fault) == Severity::Stop => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Moves the write-ahead log into the database, as far as readers let it.
fn checkpoint(connection: &Connection, mode: &str) -> Result<(), Fault> {
    connection
        .pragma(None, "wal_checkpoint", mode, |_| Ok(()))
        .map_err(fault("move the log into the database"))
}

/// The one place that logs what ended the writer.
fn report(fault: &Fault) {
    tracing::error!(%fault, "the store has stopped writing");
}
