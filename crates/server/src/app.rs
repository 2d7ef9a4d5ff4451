//! The server's state: everything a request may use, made once at start.

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ArtefactKeys, Policy, SignInLimit};
use proofkey_store::Store;

use crate::clock::Clock;
use crate::config::Config;
use crate::cookies::CookieNames;
use crate::directory::Directory;
use crate::endpoint::Addresses;
use crate::keys::rotation::RotationPolicy;
use crate::keys::{Keyring, PrivateKeySealer};
use crate::limit::{AddressKey, Limiter};
use crate::metrics::Metrics;
use crate::page::Pages;
use crate::password::Passwords;
use crate::random::Randomness;
use crate::trace::Tracer;

/// The clocks of issuers, verifiers and browsers may differ by this much.
const SKEW_SECONDS: i64 = 60;

/// The state of one server.
#[derive(Debug)]
pub(crate) struct App {
    /// What rules depend on.
    pub policy: Policy,
    /// When keys rotate.
    pub rotation: RotationPolicy,
    /// Durable state.
    pub store: Store,
    /// Clients and APIs.
    pub directory: Directory,
    /// The keys under which codes, steps and refresh tokens are made.
    pub keys: ArtefactKeys,
    /// Seals private keys.
    pub sealer: PrivateKeySealer,
    /// Signs and verifies.
    pub keyring: Keyring,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// The limits on failures.
    pub limits: Limiters,
    /// Renders pages.
    pub pages: Pages,
    /// Where everything is.
    pub addresses: Addresses,
    /// What our cookies are called.
    pub cookies: CookieNames,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
    /// The source of what answers show.
    pub randomness: Randomness,
    /// The trace of `proofkey dev`.
    pub tracer: Tracer,
}

/// The limits that live in memory.
#[derive(Debug)]
pub(crate) struct Limiters {
    /// Sign-ins per address.
    pub sign_in: Limiter<AddressKey>,
    /// Failed client authentications per client and address, so that nobody can lock a client out for others.
    pub client: Limiter<(u64, AddressKey)>,
}

impl App {
    /// The time, read once per request.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.clock.now())
    }
}

impl Limiters {
    /// The limits that a configuration asks for.
    pub(crate) fn new(limits: &crate::config::Limits) -> Self {
        let entries = usize::try_from(limits.entries_max).unwrap_or(usize::MAX);
        let millis = |seconds: u32| seconds.saturating_mul(1000);
        let per_minute = limits.client_failures_per_minute.max(1);
        Self {
            sign_in: Limiter::new(
                limits.login_address_burst,
                millis(limits.login_address_interval_seconds),
                entries,
                limits.factor,
            ),
            client: Limiter::new(per_minute, 60_000 / per_minute, entries, limits.factor),
        }
    }
}

/// The policy that a configuration asks for.
pub(crate) fn policy(config: &Config) -> Policy {
    const DAY_SECONDS: i64 = 86_400;
    let limits = &config.limits;
    let scaled = |count| i64::from(limits.scaled(count));
    let longest = SignInLimit {
        pause_seconds_max: i64::from(limits.login_account_interval_max_seconds),
        failures_max: scaled(limits.login_account_failures_max),
        ..SignInLimit::default()
    };
    Policy {
        code_seconds: config.tokens.code_seconds,
        access_token_seconds: config.tokens.access_seconds,
        id_token_seconds: config.tokens.id_seconds,
        refresh_idle_seconds: config.tokens.refresh_idle_days * DAY_SECONDS,
        refresh_absolute_seconds: config.tokens.refresh_absolute_days * DAY_SECONDS,
        session_idle_seconds: config.sessions.idle_seconds,
        session_absolute_seconds: config.sessions.absolute_seconds,
        code_failures_max: scaled(limits.code_verifier_failures_max),
        sign_in: SignInLimit {
            burst: scaled(limits.login_account_burst),
            pause_seconds: i64::from(limits.login_account_interval_seconds),
            ..longest
        },
        sign_in_known_device: SignInLimit {
            burst: scaled(limits.login_device_burst),
            pause_seconds: i64::from(limits.login_device_interval_seconds),
            ..longest
        },
        ..Policy::new(config.issuer.clone())
    }
}

/// The schedule of keys that a configuration asks for. A key is kept for as long as anything that it signed may live.
pub(crate) fn rotation(config: &Config) -> RotationPolicy {
    let lives = [config.tokens.id_seconds, config.tokens.access_seconds, ACCESS_TOKEN_SECONDS_MAX];
    RotationPolicy {
        period_seconds: config.keys.rotation_days * 86_400,
        publish_ahead_seconds: config.keys.publish_ahead_hours * 3600,
        keep_seconds: lives.into_iter().max().unwrap_or_default() + SKEW_SECONDS,
    }
}

/// The longest life that an API may give its access tokens, in seconds.
pub const ACCESS_TOKEN_SECONDS_MAX: i64 = 86_400;
