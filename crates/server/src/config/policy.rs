//! What a configuration asks of the rules, of the keys' schedule and of the limits in memory.

use proofkey_protocol::interaction::INTERACTION_SECONDS;
use proofkey_protocol::{Policy, SessionLife, SignInLimit};

use super::resolved::Config;
use crate::keys::Signers;
use crate::keys::rotation::RotationPolicy;
use crate::limit::{Limiter, Limiters, SignInLimits};

/// The longest life that an API may give its access tokens, in seconds.
pub const ACCESS_TOKEN_SECONDS_MAX: i64 = 86_400;

/// The clocks of issuers, verifiers and browsers may differ by this much.
const SKEW_SECONDS: i64 = 60;
const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;
/// For how long a network is one where people sign in.
const SUCCESS_MILLIS: u32 = 24 * 3600 * 1000;

impl Config {
    /// What rules depend on.
    pub(crate) fn policy(&self) -> Policy {
        let Self { tokens, sessions, limits, .. } = self;
        let scaled = |count| i64::from(limits.scaled(count));
        let sign_in = |burst, pause_seconds| SignInLimit {
            burst: scaled(burst),
            pause_seconds: i64::from(pause_seconds),
            pause_seconds_max: i64::from(limits.login_account_interval_max_seconds),
            failures_max: scaled(limits.login_account_failures_max),
        };
        Policy {
            issuer: self.issuer.clone(),
            code_seconds: tokens.code_seconds,
            access_token_seconds: tokens.access_seconds,
            id_token_seconds: tokens.id_seconds,
            refresh_idle_seconds: tokens.refresh_idle_days * DAY_SECONDS,
            refresh_absolute_seconds: tokens.refresh_absolute_days * DAY_SECONDS,
            // One server alone has the database.
            refresh_skew_seconds: 0,
            session: SessionLife {
                idle_seconds: sessions.idle_seconds,
                absolute_seconds: sessions.absolute_seconds,
            },
            session_remembered: SessionLife {
                idle_seconds: sessions.remembered_idle_seconds,
                absolute_seconds: sessions.remembered_absolute_seconds,
            },
            sessions_per_user_max: scaled(limits.sessions_per_user_max),
            interaction_seconds: INTERACTION_SECONDS,
            code_failures_max: scaled(limits.code_verifier_failures_max),
            sign_in: sign_in(limits.login_account_burst, limits.login_account_interval_seconds),
            sign_in_known_device: sign_in(limits.login_device_burst, limits.login_device_interval_seconds),
        }
    }

    /// Whose tokens the keys sign, and by what.
    pub(crate) fn signers(&self) -> Signers {
        Signers { issuer: self.issuer.clone(), algorithms: self.keys.algorithms.clone() }
    }

    /// When keys rotate. A key is kept for as long as anything that it signed may live.
    pub(crate) fn rotation(&self) -> RotationPolicy {
        let longest = self.tokens.id_seconds.max(self.tokens.access_seconds).max(ACCESS_TOKEN_SECONDS_MAX);
        RotationPolicy {
            algorithms: self.keys.algorithms.clone(),
            period_seconds: self.keys.rotation_days * DAY_SECONDS,
            publish_ahead_seconds: self.keys.publish_ahead_hours * HOUR_SECONDS,
            keep_seconds: longest + SKEW_SECONDS,
        }
    }

    /// The limits in memory, with nothing counted yet.
    pub(crate) fn limiters(&self) -> Limiters {
        let limits = &self.limits;
        let entries = usize::try_from(limits.entries_max).unwrap_or(usize::MAX);
        let per_minute = limits.client_failures_per_minute.max(1);
        let grants = limits.grants_per_minute.max(1);
        let all_per_minute = limits.login_all_failures_per_minute.max(1);
        let interval_millis = limits.login_address_interval_seconds.saturating_mul(1000);
        // A network may never fail less often than an address in it. So IPv4 addresses, each a network of its own, have one
        // limit and not two.
        let network_burst = limits.login_network_burst.max(limits.login_address_burst);
        let network_millis = limits.login_network_interval_seconds.saturating_mul(1000).min(interval_millis);
        Limiters {
            sign_in: SignInLimits {
                address: Limiter::new(limits.login_address_burst, interval_millis, entries, limits.factor),
                network: Limiter::new(network_burst, network_millis, entries, limits.factor),
                failing: Limiter::new(limits.login_address_burst, interval_millis, entries, limits.factor),
                succeeding: Limiter::new(1, SUCCESS_MILLIS, entries, 1.0),
                all: Limiter::new(all_per_minute, 60_000 / all_per_minute, 1, limits.factor),
                unknown_names_max: limits.entries_max,
            },
            client: Limiter::new(per_minute, 60_000 / per_minute, entries, limits.factor),
            grants: Limiter::new(grants, 60_000 / grants, entries, limits.factor),
        }
    }
}
