//! The sections that are plain values: written and resolved alike, once [`super::ranges`] has held them to their limits.
//!
//! `template.toml` beside this file says the same to operators; a test keeps the two equal.

use serde::Deserialize;

/// `[tokens]`: lifetimes of codes and tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Authorization code (RFC 6749 §4.1.2 recommends 10 minutes at most).
    pub code_seconds: i64,
    /// Access token, unless the API says otherwise.
    pub access_seconds: i64,
    /// ID token; it proves a sign-in once and need not live long.
    pub id_seconds: i64,
    /// Refresh token that is not used meanwhile.
    pub refresh_idle_days: i64,
    /// Refresh token, however often it is used.
    pub refresh_absolute_days: i64,
}

/// `[sessions]`: lifetimes of browser sessions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// A session that is not used meanwhile.
    pub idle_seconds: i64,
    /// A session, however busy.
    pub absolute_seconds: i64,
    /// The same of a person who asked to stay signed in.
    pub remembered_idle_seconds: i64,
    /// The same of a person who asked to stay signed in.
    pub remembered_absolute_seconds: i64,
    /// Whether the sign-in page comes with *Keep me signed in* ticked.
    pub remember_default: bool,
}

/// `[passwords]`: the cost of a hash, how many run at once, and the policy for new ones.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory of one argon2id hash (m).
    pub memory_kib: u32,
    /// Passes over that memory (t).
    pub iterations: u32,
    /// Lanes of that memory (p).
    pub parallelism: u32,
    /// Hashes at once; 0 takes one for each core.
    pub hashes_max: u32,
    /// Sign-ins that may wait for a hash; 0 takes as many as are hashed in `queue_seconds`, 1,024 at most.
    pub queue_max: u32,
    /// How long a sign-in may wait for a hash, and how much hashing those that wait may stand for.
    pub queue_seconds: u32,
    /// Fewest code points of a new password.
    pub length_min: u32,
}

/// `[limits]`: how often something may fail before it has to wait, and how much one user may hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Multiplies every other limit; for tests.
    pub factor: f64,
    /// Failed sign-ins from one address (IPv6: one /64) at once.
    pub login_address_burst: u32,
    /// After that, one in so many seconds.
    pub login_address_interval_seconds: u32,
    /// Failed sign-ins from one /48 of IPv6 at once; never fewer than from one address.
    pub login_network_burst: u32,
    /// After that, one in so many seconds.
    pub login_network_interval_seconds: u32,
    /// Failed sign-ins of all addresses in a minute. Beyond, none is refused: those that wait for a hash wait in another order.
    pub login_all_failures_per_minute: u32,
    /// Turns a second of all addresses whose requests are refused again and again.
    pub paced_turns_per_second: u32,
    /// Failed sign-ins to one account at once.
    pub login_account_burst: u32,
    /// After that, a pause of so many seconds, longer by as much with each further failure …
    pub login_account_interval_seconds: u32,
    /// … up to so many seconds.
    pub login_account_interval_max_seconds: u32,
    /// Consecutive failures after which an account takes no password until it is reset (NIST SP 800-63B-4 §3.2.2).
    pub login_account_failures_max: u32,
    /// Failed sign-ins at once to one account from a browser that has signed in to it before: a bucket for each, so that
    /// an attacker cannot lock the owner out.
    pub login_device_burst: u32,
    /// After that, one in so many seconds.
    pub login_device_interval_seconds: u32,
    /// Failed client authentications for one client from one address.
    pub client_failures_per_minute: u32,
    /// Wrong verifiers after which an authorization code is locked.
    pub code_verifier_failures_max: u32,
    /// Sessions of one user at once; beyond, the longest unused ends.
    pub sessions_per_user_max: u32,
    /// New grants of one user for one client.
    pub grants_per_minute: u32,
    /// Addresses and accounts that are remembered at once, per limit.
    pub entries_max: u32,
}

/// `[pages]`: what pages say about the operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// Who runs this server, in words; pages show the issuer's host where it is absent.
    pub operator_name: Option<String>,
    /// Where docs/errors.md of this version is published; nothing links to the rules where it is absent.
    pub errors_url: Option<String>,
}

/// `[log]`: the form and amount of the log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// A level, or directives such as `info,proofkey_server=debug`.
    pub level: String,
    /// Most lines a second about requests that were refused.
    pub refusals_per_second: u32,
    /// Whether refusals are recorded for `proofkey explain`.
    pub record_refusals: bool,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of words.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            code_seconds: 60,
            access_seconds: 600,
            id_seconds: 3_600,
            refresh_idle_days: 30,
            refresh_absolute_days: 180,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle_seconds: 43_200,
            absolute_seconds: 86_400,
            remembered_idle_seconds: 2_592_000,
            remembered_absolute_seconds: 7_776_000,
            remember_default: false,
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            hashes_max: 0,
            queue_max: 0,
            queue_seconds: 2,
            length_min: 15,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            factor: 1.0,
            login_address_burst: 10,
            login_address_interval_seconds: 6,
            login_network_burst: 50,
            login_network_interval_seconds: 2,
            login_all_failures_per_minute: 120,
            paced_turns_per_second: 200,
            login_account_burst: 10,
            login_account_interval_seconds: 60,
            login_account_interval_max_seconds: 900,
            login_account_failures_max: 100,
            login_device_burst: 10,
            login_device_interval_seconds: 60,
            client_failures_per_minute: 20,
            code_verifier_failures_max: 5,
            sessions_per_user_max: 100,
            grants_per_minute: 60,
            entries_max: 100_000,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".into(),
            refusals_per_second: 100,
            record_refusals: true,
        }
    }
}

impl Limits {
    /// A count with the factor applied, never below one: for limits that are plain counters.
    pub fn scaled(&self, count: u32) -> u32 {
        // The cast saturates, so a huge factor means "no limit", never a small one.
        ((f64::from(count) * self.factor).round() as u32).max(1)
    }
}
