//! The one thread that writes: it commits what is waiting as one transaction, then acknowledges all of it.
//!
//! A transaction costs one fsync however many writes it holds, and while one is under way the next batch gathers by
//! itself. Nothing is acknowledged before the commit returned.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{oneshot, watch};

use super::bind::{Kept, Prepared};
use super::connection::fit_cache;
use super::severity::{Failure, Severity, failure, fault};
use super::shared::Shared;
use crate::fault::Fault;
use crate::remembered::Forgotten;
use crate::script::{Script, ScriptOutcome, ScriptStep};
use crate::value::Forgets;

/// Pages in the write-ahead log from which on it is moved into the database.
const LOG_PAGES: i32 = 2000;

/// Where an outcome goes.
type Answer<T> = oneshot::Sender<T>;
/// A script that ran, with its outcome. It goes back to the thread that made it: what one thread allocates and another
/// frees costs the one writer more than all the rest of a small write.
pub(super) type Ran = (Result<ScriptOutcome, Fault>, Script);
/// A read, which answers by itself. It is run where all that was written is durable.
pub(super) type Read = Box<dyn FnOnce(&Connection) + Send>;

/// What the writer is asked to do.
pub(super) enum Job {
    Run {
        script: Script,
        reply: Answer<Ran>,
    },
    /// Runs a script in a transaction of its own when no other job waits.
    RunLast {
        script: Script,
        reply: Answer<Ran>,
    },
    /// Reads by the writer's connection, whose pages outlive its commits.
    Read(Read),
    /// Sees whether another process has written.
    Look,
    Close {
        reply: Answer<()>,
    },
    /// Ends the trust in the file.
    Abandon(Fault),
}

/// The writer's state, which lives on its thread alone.
pub(super) struct Writer<'c> {
    connection: &'c Connection,
    begin: Prepared<'c>,
    begin_reading: Prepared<'c>,
    commit: Prepared<'c>,
    rollback: Prepared<'c>,
    save: Prepared<'c>,
    undo: Prepared<'c>,
    release: Prepared<'c>,
    kept: Kept<'c>,
    shared: &'c Shared,
    /// What of it the transaction makes untrue.
    forgotten: Vec<Forgotten>,
    /// A number that moves when another connection has written.
    others_version: Option<i64>,
    /// Jobs that were taken out of the queue, and wait for their turn.
    waiting: &'c mut VecDeque<Job>,
    /// A script that runs when no other job waits.
    aside: &'c mut Option<(Script, Answer<Ran>)>,
    /// Reads among those that were taken out of the queue.
    reads: Vec<Read>,
    /// Scripts that ran and wait for the commit.
    ran: Vec<(Ran, Answer<Ran>)>,
    batch_max: usize,
}

impl Writer<'_> {
    /// Writes until every handle is gone, one closes the store, or an error of the disk ends the trust in it. The reason
    /// of a stop is in `stop` before the queue ends, so that it is known to all who find the queue ended.
    pub(super) fn run(
        mut connection: Connection,
        queue: &Receiver<Job>,
        batch_max: usize,
        shared: &Shared,
        stop: &watch::Sender<Option<Fault>>,
    ) {
        // They outlive the writer: those who wait are told that it has ended when the reason is known.
        let (mut waiting, mut aside) = (VecDeque::with_capacity(batch_max), None);
        let log_pages = Arc::new(AtomicI32::new(0));
        let written = Arc::clone(&log_pages);
        let hooked = connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            written.store(pages, Ordering::Relaxed);
            Ok(())
        }));
        let ended = hooked
            .and_then(|()| Writer::new(&connection, batch_max, shared, (&mut waiting, &mut aside)))
            .map_err(fault("prepare the writer"))
            .and_then(|mut writer| writer.serve(queue, &log_pages));
        match ended {
            Ok(Some(reply)) => {
                checkpoint(&connection, "TRUNCATE").unwrap_or_else(|failure| report(&failure.fault));
                let _ = reply.send(());
            }
            Ok(None) => {}
            Err(fault) => {
                report(&fault);
                if fault == Fault::Replaced {
                    // The file itself is sound. What is in the log belongs to it, and not to the one that has its name now.
                    checkpoint(&connection, "TRUNCATE").unwrap_or_else(|failure| report(&failure.fault));
                }
                // Closing would move the log into the database, and trust what the disk did with the log.
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
                stop.send_replace(Some(fault));
            }
        }
    }

    fn new<'c>(
        connection: &'c Connection,
        batch_max: usize,
        shared: &'c Shared,
        (waiting, aside): (&'c mut VecDeque<Job>, &'c mut Option<(Script, Answer<Ran>)>),
    ) -> rusqlite::Result<Writer<'c>> {
        let prepare = |text| Prepared::new(connection, text);
        Ok(Writer {
            connection,
            begin: prepare("BEGIN IMMEDIATE")?,
            begin_reading: prepare("BEGIN")?,
            commit: prepare("COMMIT")?,
            rollback: prepare("ROLLBACK")?,
            save: prepare("SAVEPOINT job")?,
            undo: prepare("ROLLBACK TO job")?,
            release: prepare("RELEASE job")?,
            kept: Kept::new(connection),
            shared,
            forgotten: Vec::new(),
            others_version: None,
            waiting,
            aside,
            reads: Vec::new(),
            ran: Vec::with_capacity(batch_max),
            batch_max,
        })
    }

    /// Ends with the one to tell when the store is closed, and without when every handle is gone.
    fn serve(&mut self, queue: &Receiver<Job>, log_pages: &AtomicI32) -> Result<Option<Answer<()>>, Fault> {
        self.count_pages();
        while let Some((first, others)) = self.next(queue) {
            let first = match first {
                Job::Look => {
                    // Where it fails nothing is relied on, and the next write meets what is wrong.
                    let _ = self.look_at_others();
                    self.shared.remembered.may_ask_again();
                    continue;
                }
                Job::RunLast { script, reply } => {
                    self.set_aside(script, reply);
                    continue;
                }
                first => first,
            };
            // The commit that was just acknowledged wakes its tasks one by one; without this, the first of them to write
            // again would get a transaction, and an fsync, to itself.
            thread::yield_now();
            let began = Instant::now();
            self.gather(first, others);
            self.read();
            if let Some(first) = self.waiting.pop_front()
                && let Some(close) = self.batch(first, others)?
            {
                return Ok(Some(close));
            }
            self.read();
            self.shared.note_batch(began.elapsed());
            // After the acknowledgements: no request waits for this, and its errors are heard.
            if log_pages.swap(0, Ordering::Relaxed) >= LOG_PAGES {
                survivable(checkpoint(self.connection, "PASSIVE"))?;
                self.count_pages();
            }
        }
        Ok(None)
    }

    /// The next job, with the queue of those that may share its transaction. The script that was set aside comes when none
    /// waits, and shares with none: what comes while it runs waits for the end of that one script, and so it must be a small
    /// one. `None` when every handle is gone.
    fn next<'q>(&mut self, queue: &'q Receiver<Job>) -> Option<(Job, Option<&'q Receiver<Job>>)> {
        if let Some(job) = self.waiting.pop_front() {
            return Some((job, Some(queue)));
        }
        if self.aside.is_none() {
            return Some((queue.recv().ok()?, Some(queue)));
        }
        // Those who were just answered may be about to write again.
        thread::yield_now();
        match queue.try_recv() {
            Ok(job) => Some((job, Some(queue))),
            Err(TryRecvError::Empty) => {
                let (script, reply) = self.aside.take()?;
                Some((Job::Run { script, reply }, None))
            }
            Err(TryRecvError::Disconnected) => None,
        }
    }

    fn set_aside(&mut self, script: Script, reply: Answer<Ran>) {
        if self.aside.is_some() {
            let _ = reply.send((Err(Fault::Busy), script));
            return;
        }
        *self.aside = Some((script, reply));
    }

    /// Takes what is in the queue, as much as makes a batch, behind what the last one left. Without reads nothing is to be gained.
    fn gather(&mut self, first: Job, others: Option<&Receiver<Job>>) {
        self.waiting.push_front(first);
        if !self.shared.is_large() {
            return;
        }
        let room = self.batch_max.saturating_sub(self.waiting.len());
        self.waiting.extend(others.into_iter().flat_map(Receiver::try_iter).take(room));
        for _ in 0..self.waiting.len() {
            match self.waiting.pop_front() {
                Some(Job::Read(read)) => self.reads.push(read),
                other => self.waiting.extend(other),
            }
        }
    }

    /// Reads for those who wait, in one transaction that writes nothing: no lock is in its way, and an error in it is theirs alone.
    fn read(&mut self) {
        if self.reads.is_empty() {
            return;
        }
        let has_begun = self.begin_reading.execute(&[]).is_ok();
        for read in self.reads.drain(..) {
            read(self.connection);
        }
        if has_begun && !self.connection.is_autocommit() {
            // It has written nothing; what could not be ended is rolled back by the next that begins.
            let _ = self.commit.execute(&[]);
        }
    }

    /// Notes how large the file is, and keeps as much of it as fits that. A count that fails is not new, and the next write meets what is
    /// wrong.
    fn count_pages(&self) {
        let count = self.connection.pragma_query_value(None, "page_count", |row| row.get(0));
        if let Ok(pages) = count {
            self.shared.note_pages(pages);
            let _ = fit_cache(self.connection, self.shared.is_large());
        }
    }

    /// One transaction. An error is one after which nothing may be written any more.
    fn batch(&mut self, first: Job, others: Option<&Receiver<Job>>) -> Result<Option<Answer<()>>, Fault> {
        if let Err(failure) = self.begin.execute(&[]).map_err(failure("begin a transaction")) {
            let close = refuse(first, &failure.fault);
            return survivable(Err(failure)).map(|()| close);
        }
        let mut close = None;
        let durable = self.fill(first, others, &mut close).and_then(|()| self.make_durable());
        // Some errors roll back by themselves.
        let rolled_back = if durable.is_err() && !self.connection.is_autocommit() {
            self.rollback.execute(&[]).map(drop).map_err(fault("roll back"))
        } else {
            Ok(())
        };
        // Whatever became of the commit: what is forgotten is read again.
        for what in self.forgotten.drain(..) {
            self.shared.remembered.forget(what);
        }
        for ((outcome, script), reply) in self.ran.drain(..) {
            let answer = match &durable {
                Ok(()) => outcome,
                Err(failure) => Err(failure.fault.clone()),
            };
            // The request may be gone; what is written stays written.
            let _ = reply.send((answer, script));
        }
        survivable(durable)?;
        rolled_back?;
        Ok(close)
    }

    /// Runs the first job and those that wait, until none does or the batch is full.
    fn fill(
        &mut self,
        first: Job,
        others: Option<&Receiver<Job>>,
        close: &mut Option<Answer<()>>,
    ) -> Result<(), Failure> {
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Run { script, reply } => self.run_script(script, reply)?,
                Job::RunLast { script, reply } => self.set_aside(script, reply),
                Job::Close { reply } => {
                    *close = Some(reply);
                    return Ok(());
                }
                Job::Abandon(fault) => return Err(Failure { fault, severity: Severity::Stop }),
                // The commit looks.
                Job::Look => self.shared.remembered.may_ask_again(),
                // It is answered when what this transaction writes is durable.
                Job::Read(read) => self.reads.push(read),
            }
            let has_room = self.ran.len() + self.reads.len() < self.batch_max;
            let queue = others.filter(|_| has_room);
            next = self.waiting.pop_front().or_else(|| queue.and_then(|queue| queue.try_recv().ok()));
        }
        Ok(())
    }

    /// Runs one script and keeps what fails to it, or says that the whole batch has failed.
    fn run_script(&mut self, script: Script, reply: Answer<Ran>) -> Result<(), Failure> {
        let (ran, is_several) = (self.steps(&script), script.is_several());
        let outcome = ran.as_ref().map_or_else(|failure| Err(failure.fault.clone()), |outcome| Ok(*outcome));
        self.ran.push(((outcome, script), reply));
        match ran {
            Err(failure) if failure.severity != Severity::Write || self.connection.is_autocommit() => {
                Err(failure)
            }
            Err(_) | Ok(ScriptOutcome::Undone(_)) if is_several => {
                let undone = self.undo.execute(&[]).and_then(|_| self.release.execute(&[]));
                undone.map(drop).map_err(failure("undo one write"))
            }
            Ok(ScriptOutcome::Written { .. }) if is_several => {
                self.release.execute(&[]).map(drop).map_err(failure("release a savepoint"))
            }
            // One statement that failed has undone itself, and one that found no row has done nothing.
            Err(_) | Ok(_) => Ok(()),
        }
    }

    /// Runs steps until one does not find a row that it needs. Several are set off from the rest of the batch, so that they
    /// can be undone alone.
    fn steps(&mut self, script: &Script) -> Result<ScriptOutcome, Failure> {
        if script.is_several() {
            self.save.execute(&[]).map_err(failure("set a savepoint"))?;
        }
        let mut rows = 0;
        for step in script.steps() {
            let changed = match step.statement.forgets {
                Forgets::Returned => match self.kept.returned_ids(step.statement, &step.values) {
                    Ok(ids) => {
                        self.forgotten.extend(ids.iter().map(|id| self.shared.remembered.forgotten_id(id)));
                        Ok(ids.len())
                    }
                    Err(error) => {
                        self.forgotten.push(Forgotten::All);
                        Err(error)
                    }
                },
                _ => self.kept.execute(step.statement, &step.values),
            };
            match (changed.map_err(failure(step.statement.name))?, step.on_no_row) {
                (0, Some(no_row)) => return Ok(ScriptOutcome::Undone(no_row)),
                (0, None) => {}
                (changed, _) => {
                    rows += changed;
                    self.forgotten.extend(self.forgotten_by(step));
                }
            }
        }
        Ok(ScriptOutcome::Written { rows })
    }

    fn forgotten_by(&self, step: &ScriptStep) -> Option<Forgotten> {
        match step.statement.forgets {
            // Row by row, as they were returned.
            Forgets::Returned => None,
            forgets => self.shared.remembered.forgotten_by(forgets, &step.values),
        }
    }

    /// Sees whether another process has written up to now.
    fn look_at_others(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        let version = others_version(self.connection).map_err(failure("see what others have written"))?;
        // What was read before the first look may be of any time.
        self.shared.remembered.note_look(began, self.others_version != Some(version));
        self.others_version = Some(version);
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), Failure> {
        self.look_at_others()?;
        self.commit.execute(&[]).map(drop).map_err(|error| failure("commit")(error).of_commit())
    }
}

/// A number that is another when another connection, of this process or not, has written to the file.
fn others_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Answers a job that cannot run. A close goes ahead without a transaction.
fn refuse(job: Job, fault: &Fault) -> Option<Answer<()>> {
    match job {
        Job::Run { script, reply } | Job::RunLast { script, reply } => {
            let _ = reply.send((Err(fault.clone()), script));
            None
        }
        Job::Close { reply } => Some(reply),
        // Told again; and a look is no part of a transaction.
        Job::Abandon(_) | Job::Look | Job::Read(_) => None,
    }
}

/// Lets the writer go on unless the error ends the trust in the file.
fn survivable(outcome: Result<(), Failure>) -> Result<(), Fault> {
    match outcome {
        Err(Failure { fault, severity: Severity::Stop }) => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Moves the write-ahead log into the database, as far as readers let it.
fn checkpoint(connection: &Connection, mode: &str) -> Result<(), Failure> {
    connection
        .pragma(None, "wal_checkpoint", mode, |_| Ok(()))
        .map_err(failure("move the log into the database"))
}

/// The one place that logs what ended the writer.
fn report(fault: &Fault) {
    tracing::error!(%fault, "the store has stopped writing");
}
