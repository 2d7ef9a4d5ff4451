//! The issuer's keys: fetched when first needed, kept while fresh, and asked for again when a token names an unknown
//! one.
//!
//! Every caller can send tokens with invented key ids, so fetching is rationed: one fetch at a time, none within
//! [`RETRY_SECONDS`] of the last, and every waiting request shares its result. While the issuer is away the known keys
//! stay good; an unknown key is never believed.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use proofkey_jose::{JwkSet, JwkSetError, KeySet};
use proofkey_oauth::Issuer;
use reqwest::Url;
use tokio::sync::Mutex;

use crate::{
    Clock,
    discovery::{Discovered, DiscoveryError, discover},
    fetch::{Fetch, FetchError},
};

/// The least time between two fetches once there are keys.
const RETRY_SECONDS: i64 = 10;
/// The same while there are none: an API that starts before its authorization server should not wait long for it.
const RETRY_SECONDS_WITHOUT_KEYS: i64 = 1;
/// Limits for the issuer's `max-age`, and the time that holds if it sends none.
const FRESH_SECONDS_MIN: i64 = 60;
const FRESH_SECONDS_MAX: i64 = 60 * 60;
const FRESH_SECONDS_USUAL: i64 = 5 * 60;
/// How long after that keys may be used while a fetch is under way in the background.
const REVALIDATE_SECONDS_MAX: i64 = 5 * 60;
/// How long keys live without their issuer.
const WITHOUT_ISSUER_SECONDS_MAX: u64 = 24 * 60 * 60;
/// How long the addresses of the endpoints are believed.
const DISCOVERED_SECONDS_MAX: i64 = 60 * 60;
const NEVER: i64 = i64::MIN;

/// The keys of one issuer. Shared by every request of a layer.
pub(crate) struct Keys {
    issuer: Issuer,
    fetch: Fetch,
    clock: Clock,
    cached: ArcSwap<Cached>,
    /// When a fetch last began. Outside of the lock, so that most requests read it without waiting.
    attempted_at: AtomicI64,
    /// When a fetch last failed; [`NEVER`] if one has succeeded since.
    failed_at: AtomicI64,
    endpoints: ArcSwapOption<Discovered>,
    /// Until when the endpoints are believed. Held during a fetch, so that only one runs at a time.
    flight: Mutex<i64>,
}

#[derive(Debug, Default)]
struct Cached {
    /// The same allocation as long as the issuer lists the same: what was verified by it stays verified.
    keys: Arc<KeySet>,
    jwks: JwkSet,
    /// When the keys came, and until when they are fresh. `None` before the first fetch that succeeded.
    times: Option<Times>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    fetched_at: i64,
    fresh_until: i64,
}

/// How the keys of this moment may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// Use them.
    Fresh,
    /// Use them, and fetch new ones in the background.
    Stale,
    /// Fetch new ones first; use these only if that fails.
    Old,
    /// There are none, or they are so old that they must not be used.
    Absent,
}

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    KeySet(#[from] JwkSetError),
}

/// An error with its causes, for a log line that is all that is ever seen of it.
fn whole(error: &dyn std::error::Error) -> String {
    let links = std::iter::successors(Some(error), |link| link.source());
    links.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Keys {
    pub(crate) fn new(issuer: Issuer, fetch: Fetch, clock: Clock) -> Self {
        Self {
            issuer,
            fetch,
            clock,
            cached: ArcSwap::default(),
            attempted_at: AtomicI64::new(NEVER),
            failed_at: AtomicI64::new(NEVER),
            endpoints: ArcSwapOption::empty(),
            flight: Mutex::new(NEVER),
        }
    }

    /// The keys to try first. Empty when none are known.
    pub(crate) async fn current(self: &Arc<Self>, now: i64) -> Arc<KeySet> {
        match self.age(now) {
            Age::Fresh => {}
            Age::Stale => {
                if self.is_due(now) {
                    drop(self.refetch_in_background());
                }
            }
            Age::Old => self.refetch(now).await,
            Age::Absent => return Arc::default(),
        }
        Arc::clone(&self.cached.load().keys)
    }

    /// The keys after another fetch, if one is due. `None` if there are none that may be used.
    pub(crate) async fn after_unknown_key(self: &Arc<Self>, now: i64) -> Option<Arc<KeySet>> {
        self.refetch(now).await;
        (self.age(now) != Age::Absent).then(|| Arc::clone(&self.cached.load().keys))
    }

    /// The introspection endpoint. Known as soon as there are keys, for both come from the same document.
    pub(crate) fn introspection_endpoint(&self) -> Option<Url> {
        self.endpoints.load().as_ref()?.introspection_endpoint.clone()
    }

    fn age(&self, now: i64) -> Age {
        let Some(times) = self.cached.load().times else { return Age::Absent };
        // After the clock was set, back or ahead, the age of the keys is unknown.
        if now.abs_diff(times.fetched_at) >= WITHOUT_ISSUER_SECONDS_MAX {
            return Age::Absent;
        }
        let is_since_fetch = now >= times.fetched_at;
        if is_since_fetch && now < times.fresh_until {
            Age::Fresh
        } else if is_since_fetch && now < times.fresh_until.saturating_add(REVALIDATE_SECONDS_MAX) {
            Age::Stale
        } else if self.has_failed_lately(now) {
            // If each request waited for the issuer, an outage there would be an outage here.
            Age::Stale
        } else {
            Age::Old
        }
    }

    /// Whether a fetch failed a moment ago. A fetch that is still running does not count: it may withdraw a key, so
    /// requests wait for it.
    fn has_failed_lately(&self, now: i64) -> bool {
        let failed_at = self.failed_at.load(Ordering::Acquire);
        now >= failed_at && now < failed_at.saturating_add(RETRY_SECONDS)
    }

    fn is_due(&self, now: i64) -> bool {
        let attempted_at = self.attempted_at.load(Ordering::Acquire);
        let pause = if self.age(now) == Age::Absent { RETRY_SECONDS_WITHOUT_KEYS } else { RETRY_SECONDS };
        // A clock that was set back must not stop us until it has caught up.
        attempted_at == NEVER || now < attempted_at || now >= attempted_at.saturating_add(pause)
    }

    /// Fetches the keys if it is time to, or waits for the fetch that is under way.
    async fn refetch(self: &Arc<Self>, now: i64) {
        let is_idle = self.flight.try_lock().is_ok();
        if is_idle && !self.is_due(now) {
            return;
        }
        // A task of its own: callers that close their connection must not be able to stop the fetch each time.
        if let Err(error) = self.refetch_in_background().await {
            tracing::error!(%error, "the fetch of the issuer's keys broke down");
        }
    }

    fn refetch_in_background(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let keys = Arc::clone(self);
        tokio::spawn(async move { keys.fetch_once().await })
    }

    async fn fetch_once(&self) {
        let mut believed_until = self.flight.lock().await;
        let now = self.clock.now();
        // Another task may have fetched them while this one waited for the lock.
        if !self.is_due(now) {
            return;
        }
        self.attempted_at.store(now, Ordering::Release);
        match self.fetched(&mut believed_until, now).await {
            Ok(cached) => {
                tracing::debug!(issuer = %self.issuer, keys = cached.keys.len(), "fetched the issuer's keys");
                self.cached.store(Arc::new(cached));
                self.failed_at.store(NEVER, Ordering::Release);
            }
            Err(error) => {
                // The cause may be a wrong address; discover the addresses again next time.
                *believed_until = NEVER;
                self.failed_at.store(self.clock.now(), Ordering::Release);
                let error = whole(&error);
                tracing::warn!(issuer = %self.issuer, %error, "the issuer's keys could not be fetched");
            }
        }
    }

    async fn fetched(&self, believed_until: &mut i64, now: i64) -> Result<Cached, RefreshError> {
        let endpoints = match self.endpoints.load_full() {
            Some(endpoints) if now < *believed_until => endpoints,
            _ => {
                let endpoints = Arc::new(discover(&self.fetch, &self.issuer).await?);
                self.endpoints.store(Some(Arc::clone(&endpoints)));
                *believed_until = now.saturating_add(DISCOVERED_SECONDS_MAX);
                endpoints
            }
        };
        let document = self.fetch.get(&endpoints.jwks_uri).await?;
        let jwks = JwkSet::from_json(&document.body)?;
        let fresh_seconds = document
            .max_age_seconds
            .unwrap_or(FRESH_SECONDS_USUAL)
            .clamp(FRESH_SECONDS_MIN, FRESH_SECONDS_MAX);
        // The set replaces the old one whole: a key that its issuer no longer lists is a key that may have leaked.
        let before = self.cached.load();
        let keys =
            if before.jwks == jwks { Arc::clone(&before.keys) } else { Arc::new(KeySet::from_jwks(&jwks)) };
        Ok(Cached {
            keys,
            jwks,
            times: Some(Times { fetched_at: now, fresh_until: now.saturating_add(fresh_seconds) }),
        })
    }
}
