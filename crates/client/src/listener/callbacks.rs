//! What came to the redirect URI, for the sign-in to judge one by one, and the end of waiting for it.

use std::time::Duration;

use proofkey_oauth::Params;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// How long the browser may take to fetch the page that tells the outcome.
const PAGE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The requests to the redirect URI, in the order in which they come. Dropping it closes the sockets.
#[derive(Debug)]
pub(crate) struct Callbacks {
    received: mpsc::Receiver<Callback>,
    outcome: watch::Sender<Option<bool>>,
    shown: mpsc::Receiver<()>,
    accepted: bool,
    _tasks: JoinSet<()>,
}

/// A request to the redirect URI that waits for its verdict.
#[derive(Debug)]
pub(crate) struct Callback {
    params: Params,
    verdict: oneshot::Sender<bool>,
    accepted: watch::Sender<bool>,
}

impl Callbacks {
    pub(super) const fn new(
        received: mpsc::Receiver<Callback>,
        outcome: watch::Sender<Option<bool>>,
        shown: mpsc::Receiver<()>,
        tasks: JoinSet<()>,
    ) -> Self {
        Self { received, outcome, shown, accepted: false, _tasks: tasks }
    }

    /// The next request to the redirect URI.
    pub(crate) async fn next(&mut self) -> Option<Callback> {
        let callback = self.received.recv().await;
        // The browser waits for the page from here on. If this callback is ignored, the next call decides anew.
        self.accepted = callback.is_some();
        callback
    }

    /// Tells the browser how it ended, if one is waiting, and closes.
    pub(crate) async fn close(mut self, succeeded: bool) {
        self.received.close();
        self.outcome.send_replace(Some(succeeded));
        if self.accepted {
            // A browser that does not come back for the page is not waited for longer.
            let _ = tokio::time::timeout(PAGE_TIMEOUT, self.shown.recv()).await;
        }
    }
}

impl Callback {
    /// A callback, and where its verdict will arrive: whether it was ours. `accepted` becomes true if it was.
    pub(super) fn new(params: Params, accepted: watch::Sender<bool>) -> (Self, oneshot::Receiver<bool>) {
        let (verdict, waiting) = oneshot::channel();
        (Self { params, verdict, accepted }, waiting)
    }

    /// The parameters of the query, not judged yet.
    pub(crate) const fn params(&self) -> &Params {
        &self.params
    }

    /// It was ours: the browser goes on to the page that tells the outcome.
    pub(crate) fn accept(self) {
        self.accepted.send_replace(true);
        let _ = self.verdict.send(true);
    }

    /// It was not ours: the browser, or the program that sent it, gets a 400.
    pub(crate) fn ignore(self) {
        let _ = self.verdict.send(false);
    }
}
