//! Browser sessions: who is signed in, and how one begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_oauth::{Secret, SecretHash, Sha256, Timestamp};

use crate::commit::Commit;
use crate::cx::Cx;
use crate::facts::{FailureFacts, SessionFacts, SubjectFacts, UserFacts};
use crate::ids::SessionId;
use crate::policy::{Policy, SignInLimit};

/// How far `seen_at` may lag behind: the use of a session is written at most this often, and four times in an idle life.
const SEEN_SECONDS_MAX: i64 = 60;

/// A session cookie's two halves: the id finds the row, the secret proves the cookie.
#[derive(Debug)]
pub struct SessionCookie {
    /// The public half.
    pub id: SessionId,
    /// The secret half.
    pub secret: Secret,
}

impl SessionCookie {
    /// Reads a cookie's value.
    pub fn parse(value: &str) -> Option<Self> {
        let (id, secret) = value.split_once('.')?;
        (secret.len() == 43).then_some(())?;
        Some(Self { id: SessionId::parse(id)?, secret: Secret::new(secret.to_owned()) })
    }

    /// What shows the store that a browser really has this session.
    pub fn proof(&self) -> SessionProof {
        SessionProof { id: self.id, secret: self.secret.hash() }
    }

    /// The value to set.
    pub fn value(&self) -> Secret {
        Secret::new(format!("{}.{}", self.id, self.secret.expose()))
    }
}

/// A session as a browser claims it: its id is no secret, so the hash of the cookie's other half goes with it.
#[derive(Clone, Copy, Debug)]
pub struct SessionProof {
    /// Which session.
    pub id: SessionId,
    /// The hash that its row must have.
    pub secret: SecretHash,
}

/// A password that was right, and what must still hold when the session begins.
#[derive(Clone, Debug)]
pub struct VerifiedPassword {
    /// The stored hash that it was compared with: an account that has another one by now has another password.
    pub stored: String,
    /// The same password hashed with stronger parameters, where the stored hash was weaker.
    pub rehashed: Option<String>,
    /// The limiter's key of the account.
    pub account: Sha256,
    /// Failures at which the account takes no password any more.
    pub failures_max: i64,
}

/// Proof that a user is signed in in this browser. Made by [`login`] alone.
#[derive(Clone, Debug)]
pub struct Login {
    user: UserFacts,
    session: SessionId,
    session_ends_at: Timestamp,
    auth_time: Timestamp,
    stale: bool,
}

impl Login {
    /// The user.
    pub const fn user(&self) -> &UserFacts {
        &self.user
    }

    /// The session.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// When the session ends however often it is used.
    pub const fn session_ends_at(&self) -> Timestamp {
        self.session_ends_at
    }

    /// When the user authenticated.
    pub const fn auth_time(&self) -> Timestamp {
        self.auth_time
    }

    /// The note that the session was used, when the last one is old enough.
    pub fn touch(&self, now: Timestamp) -> Option<Commit> {
        self.stale.then_some(Commit::TouchSession { session: self.session, at: now })
    }
}

/// Whether a session still stands for its user: not expired, not idle, user enabled, password not changed since.
pub fn is_live(session: &SessionFacts, user: &UserFacts, now: Timestamp, policy: &Policy) -> bool {
    let in_time = now < session.expires_at && now - session.seen_at < policy.session_idle_seconds;
    in_time && session.user_id == user.id && !user.disabled && session.auth_time >= user.valid_from
}

/// Judges a session cookie against the row that it names.
pub fn login(
    cookie: &SessionCookie,
    subject: &SubjectFacts,
    now: Timestamp,
    policy: &Policy,
) -> Option<Login> {
    let session = subject.session.as_ref()?;
    if session.id != cookie.id
        || !session.secret.matches(&cookie.secret)
        || !is_live(session, &subject.user, now, policy)
    {
        return None;
    }
    Some(Login {
        user: subject.user.clone(),
        session: session.id,
        session_ends_at: session.expires_at,
        auth_time: session.auth_time,
        stale: now - session.seen_at >= SEEN_SECONDS_MAX.min(policy.session_idle_seconds / 4),
    })
}

/// A session about to begin, with the cookie that will prove it.
#[derive(Debug)]
pub struct NewSession {
    /// What the browser gets.
    pub cookie: SessionCookie,
    /// The proof, good once the commit is durable.
    pub login: Login,
    /// What must be durable first.
    pub commit: Commit,
}

/// Begins a session for a user whose password was right. Every authentication has a new id, and the session that this
/// browser had before is deleted in the same transaction (OWASP ASVS 7.2.4).
pub fn begin(
    user: UserFacts,
    verified: VerifiedPassword,
    replaces: Option<SessionProof>,
    cx: &mut Cx<'_>,
) -> NewSession {
    let id = SessionId(cx.random());
    let secret = Secret::new(URL_SAFE_NO_PAD.encode(cx.random::<32>()));
    let session = SessionFacts {
        id,
        secret: secret.hash(),
        user_id: user.id.clone(),
        auth_time: cx.now,
        seen_at: cx.now,
        expires_at: cx.now + cx.policy.session_absolute_seconds,
    };
    let session_ends_at = session.expires_at;
    let commit = Commit::SignIn { session: Box::new(session), replaces, verified };
    let login = Login { user, session: id, session_ends_at, auth_time: cx.now, stale: false };
    NewSession { cookie: SessionCookie { id, secret }, login, commit }
}

/// How an account stands with the limit on wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttle {
    /// Try the password.
    Open,
    /// Answer 429 before any work: so many seconds are left.
    Wait(i64),
    /// Run the hash and refuse whatever comes: the account takes no password any more.
    Locked,
}

/// Judges an account's failures: a burst is free, then the pause grows up to its maximum, and at the hard stop no
/// password counts (NIST SP 800-63B-4 §3.2.2). Unknown names are counted alike, so the answer tells nothing.
pub fn throttle(facts: FailureFacts, now: Timestamp, limit: &SignInLimit) -> Throttle {
    if facts.failures >= limit.failures_max {
        return Throttle::Locked;
    }
    let beyond = facts.failures.saturating_sub(limit.burst);
    if beyond < 0 {
        return Throttle::Open;
    }
    let pause = limit.pause_seconds.saturating_mul(beyond + 1).min(limit.pause_seconds_max);
    let left = facts.last_at.saturating_add(pause).saturating_sub(now.seconds());
    // A clock that was set back must not lock anybody out for longer than the pause itself.
    if left > 0 { Throttle::Wait(left.min(pause)) } else { Throttle::Open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, World, user, verified};

    fn begun(world: &mut World) -> (SessionCookie, SubjectFacts) {
        let new = begin(user(), verified(), None, &mut world.cx());
        let Commit::SignIn { session, .. } = new.commit else { panic!("no session") };
        (new.cookie, SubjectFacts { user: user(), session: Some(*session), consent: None })
    }

    #[test]
    fn lg_13_a_session_ends_by_idleness_by_age_by_disabling_and_by_a_new_password() {
        let mut world = World::new();
        let (cookie, subject) = begun(&mut world);
        let policy = world.policy.clone();
        let check =
            |subject: &SubjectFacts, after: i64| login(&cookie, subject, NOW + after, &policy).is_some();
        assert!(check(&subject, 0) && check(&subject, policy.session_idle_seconds - 1));
        assert!(!check(&subject, policy.session_idle_seconds), "idle");
        let mut used = subject.clone();
        used.session.as_mut().unwrap().seen_at = NOW + policy.session_absolute_seconds;
        assert!(!check(&used, policy.session_absolute_seconds), "absolute");
        let mut disabled = subject.clone();
        disabled.user.disabled = true;
        assert!(!check(&disabled, 0), "disabled");
        let mut renewed = subject.clone();
        renewed.user.valid_from = NOW + 1;
        assert!(!check(&renewed, 1), "password changed");
    }

    #[test]
    fn lg_13_use_is_noted_often_enough_for_any_idle_life() {
        let mut world = World::new();
        let (cookie, subject) = begun(&mut world);
        for (idle_seconds, noted_after) in [(60, 15), (240, 60), (86_400, 60)] {
            let policy = Policy { session_idle_seconds: idle_seconds, ..world.policy.clone() };
            let noted =
                |after| login(&cookie, &subject, NOW + after, &policy).unwrap().touch(NOW + after).is_some();
            assert!(!noted(noted_after - 1) && noted(noted_after), "{idle_seconds}");
        }
    }

    #[test]
    fn v_59_lg_12_any_altered_cookie_is_nobody_and_every_session_has_new_ids() {
        let mut world = World::new();
        let (cookie, subject) = begun(&mut world);
        let value = cookie.value();
        for index in 0..value.expose().len() {
            let mut altered = value.expose().to_owned();
            let other = if altered.as_bytes()[index] == b'A' { "B" } else { "A" };
            altered.replace_range(index..=index, other);
            let found = SessionCookie::parse(&altered)
                .and_then(|cookie| login(&cookie, &subject, NOW, &world.policy));
            assert!(found.is_none(), "byte {index}");
        }
        let (next, _) = begun(&mut world);
        assert_ne!(next.value().expose(), value.expose());
        assert_ne!(next.id, cookie.id);
    }

    #[test]
    fn lg_07_failures_cost_nothing_then_time_then_the_password() {
        let policy = World::new().policy;
        let check = |failures, ago| {
            throttle(FailureFacts { failures, last_at: NOW.seconds() - ago }, NOW, &policy.sign_in)
        };
        assert_eq!(check(9, 0), Throttle::Open);
        assert_eq!(check(10, 0), Throttle::Wait(60));
        assert_eq!(check(10, 60), Throttle::Open);
        assert_eq!(check(12, 100), Throttle::Wait(80));
        assert_eq!(check(99, 0), Throttle::Wait(900));
        assert_eq!(check(100, 1_000_000), Throttle::Locked);
        assert_eq!(check(10, -5000), Throttle::Wait(60), "a clock set back");
    }
}
