//! The settings that rules depend on. Units stand last in the names; defaults are the configuration's.

use proofkey_oauth::Issuer;

/// The server's settings, as far as a rule needs them.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The issuer identifier (RFC 8414 §2).
    pub issuer: Issuer,
    /// Life of an authorization code (OAuth 2.1 §4.1.2).
    pub code_seconds: i64,
    /// Life of an access token whose API says nothing else.
    pub access_token_seconds: i64,
    /// Life of an ID token.
    pub id_token_seconds: i64,
    /// How long a grant outlives its last refresh.
    pub refresh_idle_seconds: i64,
    /// How long a grant lives however often it is refreshed.
    pub refresh_absolute_seconds: i64,
    /// How far the clocks of the servers that share a database may differ; 0 where one server alone has it. An overlap of
    /// refresh tokens is longer by as much.
    pub refresh_skew_seconds: i64,
    /// How long a browser session lives that ends with its browser.
    pub session: SessionLife,
    /// How long one lives whose person asked to stay signed in.
    pub session_remembered: SessionLife,
    /// Sessions of one user at once; beyond, the longest unused ends.
    pub sessions_per_user_max: i64,
    /// How long a person may take to sign in and consent.
    pub interaction_seconds: i64,
    /// Wrong verifiers after which a code is locked.
    pub code_failures_max: i64,
    /// The limit on wrong passwords of an account, from browsers that it does not know.
    pub sign_in: SignInLimit,
    /// The same from a browser in which the account signed in before: a count of its own, so that a stranger cannot lock
    /// the owner out.
    pub sign_in_known_device: SignInLimit,
}

/// How long a browser session lives.
#[derive(Clone, Copy, Debug)]
pub struct SessionLife {
    /// After its last use.
    pub idle_seconds: i64,
    /// However often it is used, from the first sign-in under its id.
    pub absolute_seconds: i64,
}

impl Policy {
    /// How long a session lives, by what the person chose when it began.
    pub const fn session_life(&self, remembered: bool) -> SessionLife {
        if remembered { self.session_remembered } else { self.session }
    }
}

/// How many wrong passwords an account may see.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimit {
    /// Failures that cost nothing but the time to type them.
    pub burst: i64,
    /// Pause after the next failure; it grows by as much with each further one.
    pub pause_seconds: i64,
    /// The longest pause.
    pub pause_seconds_max: i64,
    /// Consecutive failures after which the account takes no password any more (NIST SP 800-63B-4 §3.2.2).
    pub failures_max: i64,
}
