//! Browser sessions: who is signed in, and for how long. How a session begins is decided in [`crate::sign_in`].

use proofkey_oauth::{Secret, Timestamp};

use crate::authentication::Authentication;
use crate::clock::is_ahead;
use crate::commit::Commit;
use crate::facts::{SessionFacts, SessionProof, UserFacts, has_ended};
use crate::ids::SessionId;
use crate::policy::Policy;

/// How far `seen_at` may lag behind the last use, and so by how much a session may end too early: one part in so many of its idle life …
const PARTS_OF_IDLE_LIFE: i64 = 48;
/// … but no more than this,
const SEEN_SECONDS_MAX: i64 = 15 * 60;
/// … and no less than this, or than a quarter of a life of less than four minutes.
const SEEN_SECONDS_MIN: i64 = 60;

/// A session cookie's two halves: the id finds the row, the secret proves the cookie.
#[derive(Debug)]
pub struct SessionCookie {
    /// The public half, which finds the row.
    pub id: SessionId,
    /// The secret half, of which the row has the hash.
    pub secret: Secret,
}

impl SessionCookie {
    /// Reads a cookie's value.
    pub fn parse(value: &str) -> Option<Self> {
        let (id, secret) = value.split_once('.')?;
        (secret.len() == 43).then_some(())?;
        Some(Self { id: SessionId::parse(id)?, secret: Secret::new(secret.to_owned()) })
    }

    /// The value to set.
    pub fn value(&self) -> Secret {
        Secret::new(format!("{}.{}", self.id, self.secret.expose()))
    }
}

/// Proof that a user is signed in in this browser. Made by [`login`] alone.
#[derive(Clone, Debug)]
pub struct Login {
    user: UserFacts,
    session: SessionId,
    session_ends_at: Timestamp,
    authentication: Authentication,
    remembered: bool,
    stale: bool,
    is_pressing: bool,
}

impl Login {
    /// Who is signed in.
    pub const fn user(&self) -> &UserFacts {
        &self.user
    }

    /// The session by which the user is signed in; the claim `sid`.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// When the session ends however often it is used.
    pub const fn session_ends_at(&self) -> Timestamp {
        self.session_ends_at
    }

    /// When and how the user authenticated.
    pub const fn authentication(&self) -> &Authentication {
        &self.authentication
    }

    /// Whether the user asked to stay signed in: a session of weeks is worth no more than the lowest class.
    pub const fn is_remembered(&self) -> bool {
        self.remembered
    }

    /// What a client is told of the authentication of a user who was not asked for it now.
    pub fn authentication_unasked(&self) -> Authentication {
        let context = if self.remembered {
            Some(Authentication::LOWEST_CLASS.to_owned())
        } else {
            self.authentication.context.clone()
        };
        Authentication { context, ..self.authentication.clone() }
    }

    /// The use of the session, to be noted when the last note is old enough.
    pub fn touch(&self, now: Timestamp) -> Option<SessionUse> {
        let Self { session, is_pressing, .. } = *self;
        self.stale.then_some(SessionUse { session, at: now, is_pressing })
    }
}

/// A session was used. No decision depends on whether that is written: it is the one thing that is sent to the store without
/// waiting for what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionUse {
    /// What was used.
    pub session: SessionId,
    /// The instant of the request.
    pub at: Timestamp,
    /// Whether a quarter of the time has passed after which it would have ended unused: that much of it may be lost with a note,
    /// and no more.
    pub is_pressing: bool,
}

impl From<SessionUse> for Commit {
    fn from(SessionUse { session, at, .. }: SessionUse) -> Self {
        Self::TouchSession { session, at }
    }
}

/// After how many seconds the use of a session is noted again.
fn noted_every(idle_seconds: i64) -> i64 {
    let shortest = SEEN_SECONDS_MIN.min(idle_seconds / 4);
    (idle_seconds / PARTS_OF_IDLE_LIFE).clamp(shortest, SEEN_SECONDS_MAX)
}

/// Whether a session still stands for its user: begun, not expired, not idle, user enabled, password not changed since.
pub fn is_live(session: &SessionFacts, user: &UserFacts, now: Timestamp, policy: &Policy) -> bool {
    let idle_seconds = policy.session_life(session.remembered).idle_seconds;
    now - session.seen_at < idle_seconds && !user.disabled && is_current(session, user, now)
}

/// Whether a session is this user's, has begun and has not ended, be it idle or not.
fn is_current(session: &SessionFacts, user: &UserFacts, now: Timestamp) -> bool {
    let in_time = now < session.expires_at && !is_ahead(session.authentication.at, now);
    // Without a mark, one of the same second came after.
    let ended = has_ended(session.valid_from, session.authentication.at + 1, user.valid_from);
    in_time && session.user_id == user.id && !ended
}

/// A session that a browser has, by the secret in its cookie. It may be idle or at its end, and its user another than the one
/// who signs in now.
#[derive(Clone, Debug)]
pub struct HeldSession(SessionFacts);

impl HeldSession {
    /// `None` if the cookie does not prove that the browser has the session that it names.
    pub fn of(cookie: &SessionCookie, session: SessionFacts) -> Option<Self> {
        (session.id == cookie.id && session.secret.matches(&cookie.secret)).then_some(Self(session))
    }

    /// Whether it goes on when `user` authenticates now. What hangs on its id, such as the tokens of a browser app, is theirs
    /// before and after. An idle session goes on too: it asks for no more than that.
    pub fn goes_on_for(&self, user: &UserFacts, now: Timestamp) -> bool {
        is_current(&self.0, user, now)
    }

    /// What shows the store that the browser has it.
    pub(crate) fn proof(&self) -> SessionProof {
        SessionProof { id: self.0.id, secret: self.0.secret }
    }

    pub(crate) fn into_facts(self) -> SessionFacts {
        self.0
    }
}

/// Judges a session cookie against the row that it names, and the user whose row that is.
pub fn login(
    cookie: &SessionCookie,
    session: &SessionFacts,
    user: &UserFacts,
    now: Timestamp,
    policy: &Policy,
) -> Option<Login> {
    if session.id != cookie.id
        || !session.secret.matches(&cookie.secret)
        || !is_live(session, user, now, policy)
    {
        return None;
    }
    let idle_seconds = policy.session_life(session.remembered).idle_seconds;
    Some(Login {
        user: user.clone(),
        session: session.id,
        session_ends_at: session.expires_at,
        authentication: session.authentication.clone(),
        remembered: session.remembered,
        stale: now - session.seen_at >= noted_every(idle_seconds),
        is_pressing: now - session.seen_at >= idle_seconds / 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, World, bob, user};
    use crate::policy::SessionLife;

    fn begun(world: &mut World) -> (SessionCookie, SessionFacts) {
        let (begun, session) = world.sign_in(user());
        (begun.cookie, session)
    }

    #[test]
    fn lg_13_k_15_a_session_ends_by_idleness_by_age_by_disabling_and_by_a_new_password() {
        let mut world = World::new();
        let (cookie, session) = begun(&mut world);
        let policy = world.policy.clone();
        let check = |session: &SessionFacts, user: &UserFacts, after: i64| {
            login(&cookie, session, user, NOW + after, &policy).is_some()
        };
        for remembered in [false, true] {
            let life = policy.session_life(remembered);
            let session =
                SessionFacts { remembered, expires_at: NOW + life.absolute_seconds, ..session.clone() };
            assert!(check(&session, &user(), 0) && check(&session, &user(), life.idle_seconds - 1));
            assert!(!check(&session, &user(), life.idle_seconds), "idle");
            let used = SessionFacts { seen_at: NOW + life.absolute_seconds, ..session };
            assert!(check(&used, &user(), life.absolute_seconds - 1));
            assert!(!check(&used, &user(), life.absolute_seconds), "absolute");
        }
        let disabled = UserFacts { disabled: true, ..user() };
        assert!(!check(&session, &disabled, 0), "disabled");
        let renewed = UserFacts { valid_from: NOW + 1, ..user() };
        assert!(!check(&session, &renewed, 1), "password changed");
        assert!(!check(&session, &bob(), 0), "of another user");
        assert!(check(&session, &user(), -180) && !check(&session, &user(), -181), "k_15: begun ahead");
    }

    #[test]
    fn lg_13_use_is_noted_often_enough_for_any_idle_life() {
        let mut world = World::new();
        let (cookie, session) = begun(&mut world);
        for (idle_seconds, noted_after) in
            [(60, 15), (240, 60), (2_880, 60), (4_800, 100), (43_200, 900), (86_400, 900)]
        {
            let life = SessionLife { idle_seconds, ..world.policy.session };
            let policy = Policy { session: life, ..world.policy.clone() };
            let noted = |after| {
                let now = NOW + after;
                login(&cookie, &session, &user(), now, &policy).unwrap().touch(now).is_some()
            };
            assert!(!noted(noted_after - 1) && noted(noted_after), "{idle_seconds}");
            let quarter = idle_seconds / 4;
            for (after, expected) in [(quarter - 1, false), (quarter, true)] {
                let used =
                    login(&cookie, &session, &user(), NOW + after, &policy).unwrap().touch(NOW + after);
                assert_eq!(used.is_some_and(|used| used.is_pressing), expected, "{idle_seconds} {after}");
            }
        }
    }

    #[test]
    fn v_59_lg_12_any_altered_cookie_is_nobody_and_every_session_has_new_ids() {
        let mut world = World::new();
        let (cookie, session) = begun(&mut world);
        let value = cookie.value();
        for index in 0..value.expose().len() {
            let mut altered = value.expose().to_owned();
            let other = if altered.as_bytes()[index] == b'A' { "B" } else { "A" };
            altered.replace_range(index..=index, other);
            let found = SessionCookie::parse(&altered)
                .and_then(|cookie| login(&cookie, &session, &user(), NOW, &world.policy));
            assert!(found.is_none(), "byte {index}");
        }
        let (next, _) = begun(&mut world);
        assert_ne!(next.value().expose(), value.expose());
        assert_ne!(next.id, cookie.id);
    }
}
