//! One sign-in with a password: the facts of the account are loaded, one hash runs between two decisions, and the session
//! begins once it is durable. What counts and what is refused is decided in `protocol`.

use std::future::ready;

use proofkey_oauth::Secret;
use proofkey_protocol::session::{HeldSession, SessionCookie};
use proofkey_protocol::sign_in::{
    Account, HashVerdict, SessionBegun, SignInBrowser, SignInFacts, SignInOutcome, SignInRefused, Started,
    decide_password, give_up, start,
};
use proofkey_protocol::{UserFacts, Verdict};

use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::{Cause, Failure};
use crate::limit::AddressKey;
use crate::login::{self, username_key};
use crate::metrics::SecurityEvent;
use crate::page::SignInError;

/// A sign-in form as it was filled in, with the browser that sends it.
pub(super) struct PasswordSignIn<'a> {
    /// As typed: neither trimmed nor folded.
    pub(super) username: &'a str,
    pub(super) password: &'a Secret,
    /// The device cookie: whether this account signed in from this browser before.
    pub(super) device: Option<&'a str>,
    /// The session that this browser claims to have.
    pub(super) session: Option<&'a SessionCookie>,
    /// Whether the person asks to stay signed in.
    pub(super) remember: bool,
}

/// What was found out about an account before the password counts.
enum Checked {
    /// Nothing was compared: too soon, or too many hashes are running.
    NotNow(SignInError),
    /// The password was compared.
    Compared(Box<Compared>),
}

/// A password that was compared, in the browser that sent it.
struct Compared {
    started: Started,
    verdict: HashVerdict,
    browser: SignInBrowser,
}

impl PasswordSignIn<'_> {
    /// Runs it under the limit of the address. Only failures count there.
    pub(super) async fn run(
        &self,
        context: &RequestContext<'_>,
    ) -> Result<Result<SessionBegun, SignInError>, Failure> {
        let (limit, millis) = (&context.app.limits.sign_in, context.app.clock.now_millis());
        let address = AddressKey::of(context.arrival.client.0);
        if let Err(wait) = limit.check(address, millis) {
            tracing::warn!(address = %context.arrival.client.0, "sign-in limited: too many failures from one address");
            return Ok(Err(SignInError::TooMany { retry_after_seconds: wait.seconds }));
        }
        let settled = self.settle(context).await;
        if !matches!(settled, Ok(Err(SignInError::Wrong))) {
            limit.refund(&address, millis);
        }
        settled
    }

    /// Checks the account again when it changed while the password was being compared. That takes no operator: of two
    /// sign-ins at once the first may store the same password under stronger parameters.
    async fn settle(
        &self,
        context: &RequestContext<'_>,
    ) -> Result<Result<SessionBegun, SignInError>, Failure> {
        let key = username_key(self.username);
        // What cannot be a name is counted under its own bytes, like a name that is not registered.
        let name = key.as_deref().unwrap_or(self.username);
        let account = context.decide(|cx| Account::of(name, self.device, cx));
        let check = || self.check(context, key.as_deref(), &account);
        let settled = context.settle(check, |checked, cx| match checked {
            Checked::NotNow(error) => Verdict::unchanged(Err(error)),
            Checked::Compared(compared) => {
                let Compared { started, verdict, browser } = *compared;
                decide_password(started, verdict, browser, cx).map(Ok)
            }
        });
        let settled = match settled.await {
            Err(Failure::Temporary(Cause::Unsettled)) => {
                context.settle(|| ready(Ok(())), |(), cx| give_up(&account, cx).map(Ok)).await
            }
            other => other,
        };
        Ok(match settled? {
            Err(error) => Err(error),
            Ok(SignInOutcome::Begun(session)) => Ok(begun(context, session)),
            Ok(SignInOutcome::Refused(refused)) => Err(wrong(context, refused)),
        })
    }

    async fn check(
        &self,
        context: &RequestContext<'_>,
        key: Option<&str>,
        account: &Account,
    ) -> Result<Checked, Failure> {
        let app = context.app;
        let counted_as = context.decide(|cx| account.counted_as(cx));
        let failures = app.store.sign_in_failures(&counted_as).await?;
        let credentials = match key {
            Some(key) => app.store.credentials(key).await?,
            None => None,
        };
        let facts = SignInFacts { failures, credentials };
        let started = match context.decide(|cx| start(account.clone(), facts, cx)) {
            Ok(started) => started,
            Err(pause) => {
                tracing::warn!(address = %context.arrival.client.0, "sign-in limited: too many failures of one account");
                app.metrics.count(SecurityEvent::AccountLocked);
                let retry_after_seconds = u64::try_from(pause.seconds).unwrap_or(1);
                return Ok(Checked::NotNow(SignInError::TooMany { retry_after_seconds }));
            }
        };
        Ok(match login::compare(&app.passwords, &started, self.password).await {
            Ok(verdict) => {
                let browser = self.browser(context).await?;
                Checked::Compared(Box::new(Compared { started, verdict, browser }))
            }
            Err(busy) => Checked::NotNow(SignInError::Busy { retry_after_seconds: busy.retry_after_seconds }),
        })
    }

    /// What the browser brings: read after the hash and whatever came of it, so that it tells nothing of the account.
    async fn browser(&self, context: &RequestContext<'_>) -> Result<SignInBrowser, Failure> {
        let held = held_session(context, self.session).await?.map(|(held, _)| held);
        Ok(SignInBrowser { held, remember: self.remember })
    }
}

/// The session that a cookie proves, be it idle or at its end, with its user.
pub(super) async fn held_session(
    context: &RequestContext<'_>,
    cookie: Option<&SessionCookie>,
) -> Result<Option<(HeldSession, UserFacts)>, Failure> {
    let Some(cookie) = cookie else { return Ok(None) };
    let found = context.app.store.session(cookie.id).await?;
    Ok(found.and_then(|(session, user)| Some((HeldSession::of(cookie, session)?, user))))
}

fn begun(context: &RequestContext<'_>, session: SessionBegun) -> SessionBegun {
    tracing::info!(user = %session.user.id, address = %context.arrival.client.0, request_id = %context.arrival.id, "signed in");
    context.app.metrics.count(SecurityEvent::SignedIn);
    session
}

fn wrong(context: &RequestContext<'_>, refused: SignInRefused) -> SignInError {
    let reason = refused.reason();
    tracing::warn!(address = %context.arrival.client.0, request_id = %context.arrival.id, reason, "sign-in failed");
    context.app.metrics.count(SecurityEvent::SignInFailed);
    SignInError::Wrong
}
