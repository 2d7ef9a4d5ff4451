//! Which request gets which answer. Knows nothing of bytes and sockets.

use proofkey_oauth::Params;
use tokio::sync::{mpsc, watch};

use super::callbacks::Callback;
use super::head::Head;
use super::purpose::Purpose;

/// The address that replaces the one with the code in the browser's history.
pub(super) const DONE_PATH: &str = "/done";

/// The answers that this listener gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The response was ours: the browser goes on to the page, so that the code is in no address it shows.
    SeeDone,
    /// The page that tells the outcome; `true` if the person is signed in, or out.
    Done(Purpose, bool),
    /// A request to the redirect URI that is not the answer to this sign-in.
    NotOurs,
    /// The request was for a path that does not exist here.
    NotFound,
    /// The method was not GET.
    MethodNotAllowed,
    /// `Host` names another server, or the request is not HTTP.
    BadRequest,
}

/// Chooses the answer to a request; shared by all connections.
#[derive(Debug)]
pub(super) struct CallbackRouter {
    hosts: [String; 2],
    purpose: Purpose,
    callbacks: mpsc::Sender<Callback>,
    accepted: watch::Sender<bool>,
    outcome: watch::Receiver<Option<bool>>,
    shown: mpsc::Sender<()>,
}

impl CallbackRouter {
    pub(super) fn new(
        port: u16,
        purpose: Purpose,
        callbacks: mpsc::Sender<Callback>,
        outcome: watch::Receiver<Option<bool>>,
        shown: mpsc::Sender<()>,
    ) -> Self {
        let hosts = [format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
        Self { hosts, purpose, callbacks, accepted: watch::Sender::new(false), outcome, shown }
    }

    /// The answer to a request. Waits for the sign-in if the answer depends on its outcome.
    pub(super) async fn answer(&self, head: &Head) -> Reply {
        // A page on another site could reach this port under a name of its own (DNS rebinding).
        if !self.hosts.contains(&head.host) {
            return Reply::BadRequest;
        }
        match (head.method.as_str(), head.path.as_str()) {
            ("GET", path) if path == self.purpose.path() => self.deliver(&head.query).await,
            ("GET", DONE_PATH) if *self.accepted.borrow() => self.outcome().await,
            ("GET", _) => Reply::NotFound,
            _ => Reply::MethodNotAllowed,
        }
    }

    /// Notes that the page has been sent, so that closing need not wait for it.
    pub(super) fn page_shown(&self) {
        let _ = self.shown.try_send(());
    }

    async fn deliver(&self, query: &str) -> Reply {
        let Ok(params) = Params::parse(query.as_bytes()) else { return Reply::NotOurs };
        let (callback, waiting) = Callback::new(params, self.accepted.clone());
        if self.callbacks.send(callback).await.is_err() {
            return Reply::NotOurs;
        }
        match waiting.await {
            Ok(true) => Reply::SeeDone,
            Ok(false) | Err(_) => Reply::NotOurs,
        }
    }

    async fn outcome(&self) -> Reply {
        let mut outcome = self.outcome.clone();
        let known = outcome.wait_for(Option::is_some).await;
        known.map_or(Reply::NotFound, |known| Reply::Done(self.purpose, *known == Some(true)))
    }
}
