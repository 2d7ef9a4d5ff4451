//! Made-up rows, table by table. The values of a row are in the order of the columns of [`crate::sql::tables`].

use proofkey_oauth::Timestamp;
use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::{
    AuthenticationMethod, AuthenticationMethods, ClientId, GrantId, GrantedApis, SessionId, TokenId, UserId,
};

use super::draw::{Draw, in_two_passes};
use crate::moving::source::Row;
use crate::value::Value;

const DAY: i64 = 24 * 3600;
/// How long ago made-up users and sessions began at most.
const BEGAN_AGO: i64 = DAY;
/// Of a hundred expired rows so many are sessions, counts of wrong verifiers, revoked tokens and failed sign-ins; the rest are
/// grants.
const SESSIONS: u64 = 10;
const CODE_FAILURES: u64 = 4;
const REVOKED_TOKENS: u64 = 10;
const SIGN_IN_FAILURES: u64 = 6;
/// Failed sign-ins are kept for 30 days; these are older.
const FAILED_AGO: i64 = 40 * DAY;

/// How many rows a database has, and what they are about.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) draw: Draw,
    pub(super) now: Timestamp,
    pub(super) users: u64,
    pub(super) grants: u64,
    pub(super) expired: u64,
    pub(super) clients: u64,
    /// The client that every user allows something.
    pub(super) client: ClientId,
    /// Its registration, which the made-up clients have too.
    pub(super) metadata: String,
    /// What it may ask for, at which APIs, and the consent to all of it.
    pub(super) scope: String,
    pub(super) apis: GrantedApis,
    pub(super) allowed: String,
    /// How long a session lives, and a grant that is not used.
    pub(super) session_seconds: i64,
    pub(super) grant_seconds: i64,
}

impl Rows {
    pub(super) fn users(&self) -> impl Iterator<Item = Row> {
        in_two_passes(self.users).map(|number| {
            let (name, began) = (format!("grown{number:09}"), self.now + -BEGAN_AGO);
            let claims = format!("{{\"name\":\"Grown {number}\",\"updated_at\":{}}}", began.seconds());
            vec![
                self.user_id(number).into(),
                name.clone().into(),
                name.into(),
                format!("Grown {number}").into(),
                false.into(),
                0.into(),
                Value::Null,
                began.into(),
                began.into(),
                claims.into(),
            ]
        })
    }

    pub(super) fn clients(&self) -> impl Iterator<Item = Row> {
        (1..=self.clients).map(|number| {
            let began = self.now + -BEGAN_AGO;
            vec![
                self.client_id(number).into(),
                self.metadata.clone().into(),
                false.into(),
                began.into(),
                0.into(),
            ]
        })
    }

    pub(super) fn client_origins(&self) -> impl Iterator<Item = Row> {
        (1..=self.clients).map(|number| {
            let id = self.client_id(number);
            vec![format!("https://{id}.example").into(), false.into(), id.into()]
        })
    }

    /// One of each user, for the client.
    pub(super) fn consents(&self) -> impl Iterator<Item = Row> {
        in_two_passes(self.users).map(|number| {
            vec![self.user_id(number).into(), self.client.clone().into(), self.allowed.clone().into()]
        })
    }

    /// One of each user that lives, and those that have ended between them; with the cookie of one that lives.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (Row, Option<SessionCookie>)> {
        in_two_passes(self.sessions_count()).map(|number| {
            let secret = self.draw.secret("secret", number);
            let (user, user_after) = (self.user_of_session(number), self.user_of_session(number + 1));
            let lives = user_after > user;
            let age = BEGAN_AGO / 2 + i64::try_from(number % 3600).unwrap_or_default();
            let began = if lives { self.now + -age } else { self.now + -age + -2 * self.session_seconds };
            let id = self.session_id(number);
            let row = vec![
                id.into(),
                secret.hash().into(),
                self.user_id(if lives { user } else { number % self.users.max(1) }).into(),
                began.into(),
                began.into(),
                (began + self.session_seconds).into(),
                by_password(),
                Value::Null,
                true.into(),
                0.into(),
            ];
            (row, lives.then_some(SessionCookie { id, secret }))
        })
    }

    /// Those that have ended, then those that live: their ids grow with time.
    pub(super) fn grants(&self) -> impl Iterator<Item = Row> {
        let (life, ended, living) = (self.grant_seconds, self.expired_grants(), self.grants);
        let ended = (0..ended).map(move |number| (number, at(-4 * life, 2 * life, (number, ended))));
        let living = (0..living).map(move |number| (number, at(-life / 2, life / 3, (number, living))));
        let purposes = ended.map(|row| ("ended", row)).chain(living.map(|row| ("living", row)));
        purposes.map(|(purpose, (number, began))| self.grant(purpose, number, self.now + began))
    }

    fn grant(&self, purpose: &str, number: u64, began: Timestamp) -> Row {
        // A prime: users in no order, each as often as any other.
        let user = number.wrapping_mul(0x9E37_79B1) % self.users.max(1);
        let client = match number % (self.clients + 1) {
            0 => self.client.clone(),
            of => self.client_id(of),
        };
        let hash = self.draw.bytes(purpose, number);
        let used = number % 2 == 1;
        let if_used = |value: Value<'static>| if used { value } else { Value::Null };
        let generation = if used { 3_i64 } else { 0 };
        vec![
            GrantId(self.draw.timed_id(purpose, number, began.seconds())).into(),
            client.into(),
            self.user_id(user).into(),
            self.session_id(self.session_of_user(user)).into(),
            self.scope.clone().into(),
            began.into(),
            began.into(),
            (began + self.grant_seconds).into(),
            (began + 6 * self.grant_seconds).into(),
            false.into(),
            generation.into(),
            if_used(Value::Hash(hash)),
            Value::Null,
            by_password(),
            Value::Null,
            self.apis.clone().into(),
            if_used(began.into()),
            if_used(Value::Id([7; 16])),
            false.into(),
            false.into(),
            Value::Null,
            generation.into(),
            0.into(),
            0.into(),
        ]
    }

    pub(super) fn code_failures(&self) -> impl Iterator<Item = Row> {
        let count = self.share(CODE_FAILURES);
        (0..count).map(move |number| {
            let ended = self.now + at(-10 * DAY, 9 * DAY, (number, count));
            let id = self.draw.timed_id("code", number, ended.seconds());
            vec![GrantId(id).into(), 1.into(), ended.into()]
        })
    }

    pub(super) fn revoked_tokens(&self) -> impl Iterator<Item = Row> {
        let count = self.share(REVOKED_TOKENS);
        in_two_passes(count).map(move |number| {
            let ended = self.now + at(-10 * DAY, 9 * DAY, (number, count));
            vec![TokenId(self.draw.ordered_id("token", number, count)).into(), ended.into()]
        })
    }

    /// Half of them of names that no account has.
    pub(super) fn sign_in_failures(&self) -> impl Iterator<Item = Row> {
        let count = self.share(SIGN_IN_FAILURES);
        in_two_passes(count).map(move |number| {
            let mut account = self.draw.bytes("account", number);
            let front = self.draw.ordered_id("account", number, count);
            account.iter_mut().zip(front).for_each(|(to, from)| *to = from);
            let last = self.now + -FAILED_AGO + at(-FAILED_AGO, FAILED_AGO / 2, (number, count));
            vec![Value::Hash(account), 3.into(), last.into(), (number % 2 == 0).into(), Value::Null]
        })
    }

    /// Every row that will be made.
    pub(super) const fn count(&self) -> u64 {
        2 * self.users
            + self.sessions_count()
            + self.grants
            + self.expired_grants()
            + 2 * self.clients
            + self.share(CODE_FAILURES)
            + self.share(REVOKED_TOKENS)
            + self.share(SIGN_IN_FAILURES)
    }

    const fn share(&self, hundredths: u64) -> u64 {
        self.expired * hundredths / 100
    }

    const fn sessions_count(&self) -> u64 {
        self.users + self.share(SESSIONS)
    }

    const fn expired_grants(&self) -> u64 {
        let others = self.share(SESSIONS)
            + self.share(CODE_FAILURES)
            + self.share(REVOKED_TOKENS)
            + self.share(SIGN_IN_FAILURES);
        self.expired - others
    }

    fn user_id(&self, number: u64) -> UserId {
        let mut random = [0; 10];
        random
            .iter_mut()
            .zip(self.draw.ordered_id("user", number, self.users))
            .for_each(|(to, from)| *to = from);
        UserId::from_random(random)
    }

    fn client_id(&self, number: u64) -> ClientId {
        ClientId::new(format!("grown-{number:06}"))
    }

    fn session_id(&self, number: u64) -> SessionId {
        SessionId(self.draw.ordered_id("session", number, self.sessions_count()))
    }

    /// The user of a session where sessions are parted evenly among users: it lives if the next one is the next user's.
    fn user_of_session(&self, number: u64) -> u64 {
        scaled(number, self.users, self.sessions_count())
    }

    /// The session of a user that lives.
    fn session_of_user(&self, user: u64) -> u64 {
        let (user, count) = (u128::from(user) + 1, u128::from(self.sessions_count()));
        let next = (user * count).div_ceil(u128::from(self.users.max(1)));
        u64::try_from(next).unwrap_or(u64::MAX).saturating_sub(1)
    }
}

/// How a made-up user signed in.
fn by_password() -> Value<'static> {
    [AuthenticationMethod::Password].into_iter().collect::<AuthenticationMethods>().into()
}

/// Seconds from now for the row `number` of so many that are spread over `span` from `from` on.
fn at(from: i64, span: i64, (number, of): (u64, u64)) -> i64 {
    from + i64::try_from(scaled(number, span.unsigned_abs(), of)).unwrap_or_default()
}

/// `number × of ÷ count`, rounded down.
fn scaled(number: u64, of: u64, count: u64) -> u64 {
    u64::try_from(u128::from(number) * u128::from(of) / u128::from(count.max(1))).unwrap_or(u64::MAX)
}
