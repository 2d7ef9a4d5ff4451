//! Whether this process lives and whether it wants requests.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::routing::get;

const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// Where a server stands between start and stop.
#[derive(Debug, Default)]
pub struct Readiness {
    phase: AtomicU8,
    store_failed: AtomicBool,
    /// Why the keys as they are stored cannot be taken over.
    keys_fault: Mutex<Option<&'static str>>,
    /// Background tasks that panicked and have not done a round since.
    tasks_down: Mutex<Vec<&'static str>>,
}

/// The phases of a server's life, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Opening the store, making keys.
    Starting,
    /// Answers requests.
    Ready,
    /// Finishing what is in flight.
    Draining,
}

impl Readiness {
    /// Moves to a phase; probes are answered by it from now on.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Notes whether the store could be read just now.
    pub fn note_store(&self, answered: bool) {
        self.store_failed.store(!answered, Ordering::Release);
    }

    /// Notes why the keys as they are stored cannot be taken over; `None` where they can. Until then the server decides nothing by
    /// keys, for those that it has may be revoked.
    pub fn note_keys(&self, fault: Option<&'static str>) {
        *self.keys_fault() = fault;
    }

    fn keys_fault(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.keys_fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a background task has panicked.
    pub fn task_down(&self, name: &'static str) {
        let mut down = self.tasks_down();
        if !down.contains(&name) {
            down.push(name);
        }
    }

    /// Notes that a background task does its work.
    pub fn task_up(&self, name: &'static str) {
        self.tasks_down().retain(|down| *down != name);
    }

    fn tasks_down(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.tasks_down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The phase that probes are answered by.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    /// Why no requests are wanted; `None` where they are.
    fn refusal(&self) -> Option<Cow<'static, str>> {
        match self.phase() {
            Phase::Starting => return Some("starting".into()),
            Phase::Draining => return Some("draining".into()),
            Phase::Ready => {}
        }
        if self.store_failed.load(Ordering::Acquire) {
            return Some("the store does not answer".into());
        }
        if let Some(cause) = *self.keys_fault() {
            return Some(format!("the keys cannot be loaded: {cause}; the log says more").into());
        }
        (!self.tasks_down().is_empty()).then(|| "a background task is down".into())
    }

    /// `/livez` and `/readyz`, for the public and the metrics listener.
    pub fn routes<S: Clone + Send + Sync + 'static>(self: Arc<Self>) -> Router<S> {
        let readyz = move || async move {
            let (status, text) = match self.refusal() {
                Some(cause) => (StatusCode::SERVICE_UNAVAILABLE, cause),
                None => (StatusCode::OK, Cow::from("ready")),
            };
            (status, NO_STORE, text)
        };
        Router::new().route("/livez", get(|| async { (NO_STORE, "alive") })).route("/readyz", get(readyz))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn only_a_ready_server_asks_for_requests() {
        let readiness = Arc::new(Readiness::default());
        let routes: Router = Arc::clone(&readiness).routes();
        let status = |path: &'static str| {
            let routes = routes.clone();
            async move { routes.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status() }
        };
        for (phase, expected) in [(Phase::Starting, 503), (Phase::Ready, 200), (Phase::Draining, 503)] {
            readiness.enter(phase);
            assert_eq!(readiness.phase(), phase);
            assert_eq!(status("/readyz").await, expected);
            assert_eq!(status("/livez").await, 200);
        }
        readiness.enter(Phase::Ready);
        for answered in [false, true] {
            readiness.note_store(answered);
            assert_eq!(status("/readyz").await, if answered { 200 } else { 503 });
            assert_eq!(status("/livez").await, 200);
        }
        readiness.note_keys(Some("the sealing key cannot be read"));
        assert_eq!(status("/readyz").await, 503);
        readiness.note_keys(None);
        assert_eq!(status("/readyz").await, 200);
        readiness.task_down("one");
        readiness.task_down("two");
        readiness.task_up("one");
        assert_eq!(status("/readyz").await, 503, "two is down");
        readiness.task_up("two");
        assert_eq!(status("/readyz").await, 200);
    }
}
