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
use crate::facts::{SessionFacts, SessionProof, UserFacts};
use crate::ids::SessionId;
use crate::session::SessionCookie;

/// A user who has proved their factors. Made by a proof alone, and no session exists yet: here is where a policy can ask for
/// one more factor.
#[derive(Debug)]
pub struct Proved {
    user: UserFacts,
    account: Account,
    factors: Factors,
}

/// A session that begins, with what the browser gets. It exists once the commit beside it is durable, and not before.
#[derive(Debug)]
pub struct SessionBegun {
    /// The session cookie.
    pub cookie: SessionCookie,
    /// The device cookie, by which this browser is known to the account from now on.
    pub device: Secret,
    /// The user, for the log.
    pub user: UserFacts,
}

impl Started {
    /// Proves the password. A right one proves nothing of an account that is locked, disabled or unknown.
    pub(super) fn prove_password(self, verdict: HashVerdict, cx: &Cx<'_>) -> Result<Proved, SignInRefused> {
        let rehashed = match verdict {
            HashVerdict::TooLong => return Err(SignInRefused::TooLong),
            HashVerdict::Differs => return Err(SignInRefused::Wrong),
            HashVerdict::Matches { rehashed } => rehashed,
        };
        let (account, user, stored) = self.into_open().ok_or(SignInRefused::Wrong)?;
        let proof = PasswordProof {
            stored,
            rehashed,
            account: account.counted_as(cx),
            failures_max: account.limit(cx).failures_max,
        };
        Ok(Proved { user, account, factors: Proof::Password(proof).into() })
    }
}

impl Proved {
    /// Begins the session. Every authentication has a new id, and the session that this browser had before is deleted in the
    /// same transaction (OWASP ASVS 7.2.4).
    pub fn begin(self, replaces: Option<SessionProof>, cx: &mut Cx<'_>) -> Verdict<SessionBegun> {
        let Self { user, account, factors } = self;
        let cookie = SessionCookie {
            id: SessionId(cx.random()),
            secret: Secret::new(URL_SAFE_NO_PAD.encode(cx.random::<32>())),
        };
        let authentication = Authentication {
            at: cx.now,
            methods: factors.iter().map(Proof::method).collect(),
            context: None,
        };
        let session = SessionFacts {
            id: cookie.id,
            secret: cookie.secret.hash(),
            user_id: user.id.clone(),
            authentication,
            seen_at: cx.now,
            expires_at: cx.now + cx.policy.session_absolute_seconds,
        };
        let commit = Commit::SignIn { session: Box::new(session), replaces, factors };
        Verdict::after(commit, SessionBegun { cookie, device: account.device(cx), user })
    }
}
