//! Whether this process lives and whether it wants requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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

    /// The phase that probes are answered by.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    /// `/livez` and `/readyz`, for the public and the metrics listener.
    pub fn routes<S: Clone + Send + Sync + 'static>(self: Arc<Self>) -> Router<S> {
        let readyz = move || async move {
            let (status, text) = match self.phase() {
                Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
                Phase::Ready if self.store_failed.load(Ordering::Acquire) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer")
                }
                Phase::Ready => (StatusCode::OK, "ready"),
                Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
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
    }
}
