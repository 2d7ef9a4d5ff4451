//! A fixed number of threads that hash, and the bounded queue before them.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::phc::Memory;
use crate::metrics::PasswordMetrics;

/// An idle thread gives its working memory back after this long.
const MEMORY_KEPT: Duration = Duration::from_secs(2);

/// No thread was free in time; the caller answers 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed; come back in {retry_after_seconds} s")]
pub struct Busy {
    /// When a place is likely to be free.
    pub retry_after_seconds: u64,
}

/// The threads and their queue.
pub(super) struct Pool {
    shared: Arc<Shared>,
    queue_max: usize,
    queue_wait: Duration,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    metrics: PasswordMetrics,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Job {
    work: Box<dyn FnOnce(&mut Memory) + Send>,
    begun: Arc<AtomicBool>,
    abandoned: Arc<AtomicBool>,
}

/// Held by the caller while it waits; its work is not begun once this is dropped.
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Pool {
    pub(super) fn start(
        threads: NonZeroUsize,
        queue_max: usize,
        queue_wait: Duration,
        metrics: PasswordMetrics,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new(), metrics });
        for _ in 0..threads.get() {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("password".into()).spawn(move || shared.work())?;
        }
        Ok(Self { shared, queue_max, queue_wait })
    }

    /// Runs `work` on one of the threads. Work that has not begun when the wait is over, or when the caller is gone, is
    /// never begun.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply, mut answer) = oneshot::channel();
        let caller = Caller(Arc::default());
        let metrics = self.shared.metrics.clone();
        let work = move |memory: &mut Memory| {
            let value = work(memory);
            metrics.running.dec();
            metrics.done.inc();
            // The caller may have gone away while this ran; then the value is dropped.
            let _unsent = reply.send(value);
        };
        let begun = Arc::new(AtomicBool::new(false));
        let job = Job { work: Box::new(work), begun: Arc::clone(&begun), abandoned: Arc::clone(&caller.0) };
        if !self.enqueue(job) {
            return Err(self.refuse());
        }
        match tokio::time::timeout(self.queue_wait, &mut answer).await {
            Ok(value) => value.map_err(|_| self.busy()),
            Err(_) if begun.load(Ordering::Acquire) => answer.await.map_err(|_| self.busy()),
            Err(_) => Err(self.refuse()),
        }
    }

    /// The refusal, with the time after which a place is likely.
    pub(super) fn busy(&self) -> Busy {
        Busy { retry_after_seconds: self.queue_wait.as_secs().max(1) }
    }

    fn refuse(&self) -> Busy {
        self.shared.metrics.refused.inc();
        self.busy()
    }

    fn enqueue(&self, job: Job) -> bool {
        let mut queue = lock(&self.shared.queue);
        if queue.jobs.len() >= self.queue_max {
            return false;
        }
        queue.jobs.push_back(job);
        self.shared.metrics.waiting.inc();
        drop(queue);
        self.shared.changed.notify_one();
        true
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pool").field("queue_max", &self.queue_max).finish_non_exhaustive()
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
        let mut memory = Memory::default();
        while let Some(job) = self.next(&mut memory) {
            job.begun.store(true, Ordering::Release);
            if job.abandoned.load(Ordering::Acquire) {
                continue;
            }
            self.metrics.running.inc();
            // The thread must survive a panic in a hash, or the pool would dry up. The memory is dropped then, for it
            // was not wiped.
            if catch_unwind(AssertUnwindSafe(|| (job.work)(&mut memory))).is_err() {
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
                self.metrics.waiting.dec();
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

/// No code panics while it holds one of these locks in a half-done state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
