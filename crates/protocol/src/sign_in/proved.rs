//! A user who has proved who they are, and the session that begins.
//!
//! The proof stands here, beside the state that it makes: no other file can make one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_oauth::Secret;

use super::account::Account;
use super::factor::{Factors, HashVerdict, PasswordProof, Proof};
use super::refused::SignInRefused;
use super::started::Started;
use crate::authentication::Authentication;
use crate::commit::{Commit, Verdict};
use crate::cx::Cx;
use crate::facts::{SessionFacts, UserFacts};
use crate::ids::SessionId;
use crate::session::{HeldSession, SessionCookie};

/// A user who has proved their factors. Made by a proof alone, and no session exists yet: here is where a policy can ask for
/// one more factor.
#[derive(Debug)]
pub struct Proved {
    user: UserFacts,
    account: Account,
    factors: Factors,
}

/// What a browser brings to a sign-in, beside what is proved.
#[derive(Clone, Debug, Default)]
pub struct SignInBrowser {
    /// The session that it has.
    pub held: Option<HeldSession>,
    /// Whether the person asks to stay signed in. A session that goes on keeps what was chosen when it began.
    pub remember: bool,
}

/// A session that begins or goes on, with what the browser gets. It exists once the commit beside it is durable, and not before.
#[derive(Debug)]
pub struct SessionBegun {
    /// The session cookie.
    pub cookie: SessionCookie,
    /// How long the browser keeps the cookie; `None` if it ends with the browser.
    pub keep_seconds: Option<i64>,
    /// The device cookie, by which this browser is known to the account from now on.
    pub device: Secret,
    /// The user, for the log.
    pub user: UserFacts,
}

impl Started {
    /// Proves the password. A right one proves nothing of an account that is locked, disabled or unknown.
    pub(super) fn prove_password(self, verdict: HashVerdict, cx: &Cx<'_>) -> Result<Proved, SignInRefused> {
        let rehashed = match verdict {
            HashVerdict::Differs => return Err(SignInRefused::Wrong),
            HashVerdict::Matches { rehashed } => rehashed,
        };
        let (account, user, stored) = self.into_open().ok_or(SignInRefused::Wrong)?;
        let proof = PasswordProof { stored, rehashed, counted_as: account.counted_as(cx) };
        Ok(Proved { user, account, factors: Proof::Password(proof).into() })
    }
}

impl Proved {
    /// Begins the session, or goes on with the one that this browser has when it is this user's. Every authentication has a new
    /// secret, and the one before is worth nothing once the transaction is through (OWASP ASVS 7.2.4). Another user gets another
    /// id, and the session before ends.
    pub fn begin(self, browser: SignInBrowser, cx: &mut Cx<'_>) -> Verdict<SessionBegun> {
        let Self { user, account, factors } = self;
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(cx.random::<32>()));
        let authentication = Authentication {
            at: cx.now,
            methods: factors.iter().map(Proof::method).collect(),
            context: None,
        };
        let goes_on = browser.held.as_ref().is_some_and(|held| held.goes_on_for(&user, cx.now));
        let device = account.remember(&user, cx);
        let (session, commit) = match browser.held {
            Some(held) if goes_on => reauthenticated(held, &secret, authentication, factors, cx),
            held => {
                let life = cx.policy.session_life(browser.remember);
                let session = SessionFacts {
                    id: SessionId(cx.random()),
                    secret: secret.hash(),
                    user_id: user.id.clone(),
                    authentication,
                    seen_at: cx.now,
                    expires_at: cx.now + life.absolute_seconds,
                    remembered: browser.remember,
                    valid_from: Some(user.valid_from),
                };
                let commit = Commit::SignIn {
                    session: Box::new(session.clone()),
                    replaces: held.as_ref().map(HeldSession::proof),
                    factors,
                    sessions_max: cx.policy.sessions_per_user_max,
                };
                (session, commit)
            }
        };
        let keep_seconds = session.remembered.then(|| session.expires_at - cx.now);
        let cookie = SessionCookie { id: session.id, secret };
        Verdict::after(commit, SessionBegun { cookie, keep_seconds, device, user })
    }
}

/// The session that goes on: its id, its end and what the person chose when it began stay as they are.
fn reauthenticated(
    held: HeldSession,
    secret: &Secret,
    authentication: Authentication,
    factors: Factors,
    cx: &Cx<'_>,
) -> (SessionFacts, Commit) {
    let before = held.into_facts();
    let old_secret = before.secret;
    let session = SessionFacts { secret: secret.hash(), authentication, seen_at: cx.now, ..before };
    let commit = Commit::Reauthenticate { session: Box::new(session.clone()), secret: old_secret, factors };
    (session, commit)
}
