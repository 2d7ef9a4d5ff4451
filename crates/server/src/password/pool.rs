//! A fixed number of threads that hash, and how long a hash takes them.
//!
//! Who may hash, and who waits, is decided before: by [`super::turns`].

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::phc::Memory;
use crate::metrics::PasswordMetrics;

/// An idle thread gives its working memory back after this long.
const MEMORY_KEPT: Duration = Duration::from_secs(2);
/// By how much a thread that hashes stands back, on the scale of `nice`: beside one thread that wants the core whole it gets one part
/// in 24, and all of what that leaves. With a larger part, one in a hundred of the short requests beside it waits while it has the core.
#[cfg(target_os = "linux")]
const STANDS_BACK: i32 = 14;
/// How much of what is known of the time of a hash one more hash replaces: one part in so many.
const HASH_TIME_WEIGHT: u64 = 8;

/// The threads and their queue.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

/// How long a hash takes on this machine, as it has been of late.
#[derive(Clone, Debug, Default)]
pub(super) struct HashTime(Arc<AtomicU64>);

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    hash_time: HashTime,
    metrics: PasswordMetrics,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

impl HashTime {
    /// Zero before the first hash.
    pub(super) fn get(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let known = self.0.load(Ordering::Relaxed);
        let parts =
            if known == 0 { took } else { known - known / HASH_TIME_WEIGHT + took / HASH_TIME_WEIGHT };
        // Of two threads that note at once one may be forgotten: it is an average.
        self.0.store(parts, Ordering::Relaxed);
    }
}

impl Pool {
    pub(super) fn start(
        threads: NonZeroUsize,
        hash_time: HashTime,
        metrics: PasswordMetrics,
    ) -> std::io::Result<Self> {
        let shared =
            Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new(), hash_time, metrics });
        for _ in 0..threads.get() {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("password".into()).spawn(move || shared.work())?;
        }
        Ok(Self { shared })
    }

    /// Runs `work` on one of the threads. `None` if it panicked. What has a turn is worth its hash even when the caller has
    /// gone: it is counted as tried already.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let work = move |memory: &mut Memory| {
            let begun = Instant::now();
            let value = work(memory);
            shared.hash_time.note(begun.elapsed());
            shared.metrics.running.dec();
            shared.metrics.done.inc();
            // The caller may have gone away while this ran; then the value is dropped.
            let _unsent = reply.send(value);
        };
        lock(&self.shared.queue).jobs.push_back(Box::new(work));
        self.shared.changed.notify_one();
        answer.await.ok()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        stand_back();
        let mut memory = Memory::default();
        while let Some(job) = self.next(&mut memory) {
            self.metrics.running.inc();
            // The thread must survive a panic in a hash, or the pool would dry up. The memory is dropped then, for it
            // was not wiped.
            if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
                memory.release();
                self.metrics.running.dec();
            }
        }
    }

    /// The next job; `None` when the pool was dropped.
    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut queue = lock(&self.queue);
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            if memory.is_held() {
                let (woken, wait) =
                    self.changed.wait_timeout(queue, MEMORY_KEPT).unwrap_or_else(PoisonError::into_inner);
                queue = woken;
                if wait.timed_out() {
                    memory.release();
                }
            } else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// Lets this thread compute only while no other needs its core: a hash takes as long as a thousand refreshes, and those who wait
/// for one can wait a little longer. Elsewhere than on Linux a priority is the whole process's, and stays.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, STANDS_BACK) {
        tracing::debug!(%error, "password hashes run at the priority of the server");
    }
}

/// No code panics while it holds one of these locks in a half-done state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
