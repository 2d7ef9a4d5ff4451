//! One request under way: what every endpoint shares of loading, deciding, committing and counting. It knows no failure.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::response::Response;
use http::Method;
use proofkey_oauth::Timestamp;
use proofkey_protocol::{Client, Cx};

use crate::app::App;
use crate::clients::LookUpFailed;
use crate::directory::Snapshot;
use crate::http::Arrival;
use crate::keys::{Keys, KeysFault, SignedClaims};
use crate::limit::AddressKey;
use crate::metrics::{Endpoint, RequestOutcome};
use crate::refusal_record::error_id;

/// A request, and the moment at which it is judged.
pub(super) struct RequestContext<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) arrival: Arrival,
    /// The time at which all of the request had come.
    pub(super) now: Timestamp,
    /// The APIs at that time, and from the look at facts that knows of others those: APIs may be removed meanwhile. See
    /// [`RequestContext::current_keys`].
    directory: Mutex<Arc<Snapshot>>,
    /// The keys at that time, by which what the request carries is read. Keys may be revoked meanwhile: see
    /// [`RequestContext::still_holds`].
    pub(super) keys: Arc<Keys>,
    endpoint: Endpoint,
    method: Method,
}

/// A request that holds what its context borrows.
pub(super) struct DetachedContext {
    app: Arc<App>,
    arrival: Arrival,
    now: Timestamp,
    directory: Arc<Snapshot>,
    keys: Arc<Keys>,
    endpoint: Endpoint,
    method: Method,
}

impl DetachedContext {
    /// The request, at the moment at which it was judged before.
    pub(super) fn context(&self) -> RequestContext<'_> {
        let (app, directory) = (&self.app, Mutex::new(Arc::clone(&self.directory)));
        let keys = Arc::clone(&self.keys);
        let (arrival, now, endpoint, method) = (self.arrival, self.now, self.endpoint, self.method.clone());
        RequestContext { app, arrival, now, directory, keys, endpoint, method }
    }
}

impl<'a> RequestContext<'a> {
    /// Reads the clock and the directory, once. It begins when the body has been read: a body may come slowly, and a request
    /// is judged by what holds at its end, not by what held when its head came.
    pub(super) fn begin(app: &'a Arc<App>, arrival: Arrival, endpoint: Endpoint, method: Method) -> Self {
        let (now, keys) = (app.now(), app.keyring.now());
        let directory = Mutex::new(app.directory.now());
        Self { app, arrival, now, directory, keys, endpoint, method }
    }

    /// The same request for work that goes on when the connection is gone.
    pub(super) fn detached(&self) -> DetachedContext {
        let (app, directory) = (Arc::clone(self.app), self.directory());
        let keys = Arc::clone(&self.keys);
        let (arrival, now, endpoint, method) = (self.arrival, self.now, self.endpoint, self.method.clone());
        DetachedContext { app, arrival, now, directory, keys, endpoint, method }
    }

    /// The APIs by which the request is decided from now on.
    pub(super) fn directory(&self) -> Arc<Snapshot> {
        Arc::clone(&self.directory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a rule in the context of this request, under the keys as they are by now.
    pub(super) fn decide<T>(&self, rule: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        self.decide_under(&self.app.keyring.now(), rule)
    }

    /// The same under keys that the caller names.
    pub(super) fn decide_under<T>(&self, keys: &Keys, rule: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let (mut random, directory) = (self.app.randomness.for_decision(), self.directory());
        let (policy, apis) = (&self.app.policy, directory.apis());
        let (keys, signs) = (keys.artefacts(), keys.signs());
        rule(&mut Cx { now: self.now, random: &mut random, policy, apis, keys, signs })
    }

    /// The keys once facts were read, which say whether keys or APIs have changed: then those in the store are taken over, and
    /// this request is decided by them.
    pub(super) async fn current_keys(&self) -> Result<Arc<Keys>, KeysFault> {
        self.take_over_apis().await?;
        let keys = self.app.keyring.now();
        if self.app.store.keys_version_seen() <= keys.version() {
            return Ok(keys);
        }
        // Boxed here and below, so that no request holds the room for what hardly ever happens.
        Box::pin(self.app.keyring.take_over(&self.app.store, self.now)).await?;
        Ok(self.app.keyring.now())
    }

    async fn take_over_apis(&self) -> Result<(), KeysFault> {
        let seen = self.app.store.apis_version_seen();
        if seen > self.directory().version() {
            Box::pin(self.app.directory.take_over(&self.app.store, seen)).await?;
            *self.directory.lock().unwrap_or_else(PoisonError::into_inner) = self.app.directory.now();
        }
        Ok(())
    }

    /// The keys as the store has them at this moment, for what is decided without facts.
    pub(super) async fn fresh_keys(&self) -> Result<Arc<Keys>, KeysFault> {
        Box::pin(self.app.store.note_versions()).await?;
        self.current_keys().await
    }

    /// The keys to publish: as the store had them at most a tenth of a second ago, and no older than those that sign here.
    pub(super) async fn published_keys(&self) -> Result<Arc<Keys>, KeysFault> {
        let now = Instant::now();
        if !self.app.published_keys.holds(now) {
            Box::pin(self.app.store.note_versions()).await?;
            self.app.published_keys.note(now);
        }
        self.current_keys().await
    }

    /// Whether what was read under [`RequestContext::keys`] can be read by the keys as they are, now that its facts have been
    /// loaded. Without a change of keys, which is almost always, nothing is read again. APIs that have changed are taken over.
    pub(super) async fn still_holds(&self, reads: impl FnOnce(&Keys) -> bool) -> Result<bool, KeysFault> {
        self.take_over_apis().await?;
        if self.app.store.keys_version_seen() <= self.keys.version() {
            return Ok(true);
        }
        let keys = self.current_keys().await?;
        Ok(reads(&keys))
    }

    /// The claims of an access token of ours; `None` for any other. One that names a key that is not known here may be signed by
    /// one that another node has just made: then the keys are looked at again.
    pub(super) async fn access_token(&self, token: &str) -> Result<Option<Arc<SignedClaims>>, KeysFault> {
        let claims = self.keys.access_token(token);
        if claims.is_some() || !self.app.store.is_shared() || !self.keys.lacks_signer_of(token) {
            return Ok(claims);
        }
        Ok(Box::pin(self.fresh_keys()).await?.access_token(token))
    }

    /// The client of this id, if it is registered and can be used.
    pub(super) async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, LookUpFailed> {
        let address = AddressKey::of(self.arrival.client.0);
        self.app.clients.find(&self.app.store, id, address).await
    }

    /// Method and path, for people: in the log and on the error page.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.endpoint.path())
    }

    /// The id that page, JSON and log share; short enough to be read out.
    pub(super) fn error_id(&self) -> String {
        error_id(self.arrival.id.as_str())
    }

    /// Microseconds since the request arrived.
    pub(super) fn elapsed_micros(&self) -> u64 {
        u64::try_from(self.arrival.at.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Whether a line about a refusal may be written: a client that sends requests by the thousand writes no thousand lines. The
    /// first line after such a flood says how much was left out.
    pub(super) fn may_log_refusal(&self) -> bool {
        let admitted = self.app.refusal_lines.admits(self.arrival.at);
        if let Some(withheld @ 1..) = admitted {
            tracing::warn!(
                withheld,
                "refusals were not logged: more came in a second than log.refusals_per_second"
            );
        }
        admitted.is_some()
    }

    /// Counts the answer and lets it go.
    pub(super) fn finish(&self, response: Response) -> Response {
        self.app
            .metrics
            .endpoint(self.endpoint)
            .observe(RequestOutcome::of(response.status()), self.arrival.at.elapsed());
        response
    }
}
