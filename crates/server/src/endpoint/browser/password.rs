//! One sign-in with a password: it waits for its turn, is counted, runs one hash and is judged. What counts and what is
//! refused is decided in `protocol`; who is next, in `password`.

use std::panic::resume_unwind;

use proofkey_oauth::Secret;
use proofkey_protocol::session::{HeldSession, SessionCookie};
use proofkey_protocol::sign_in::{
    Account, HashVerdict, Reserved, SessionBegun, SignInBrowser, SignInFacts, SignInOutcome, SignInRefused,
    Started, decide_password, reserve,
};
use proofkey_protocol::{CredentialFacts, UserFacts};

use super::request::BrowserRequest;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::{Cause, Failure};
use crate::limit::{AddressKey, Record};
use crate::login::{self, username_key};
use crate::metrics::SecurityEvent;
use crate::page::SignInError;
use crate::password::{Candidate, Password, Rank, Turn};

/// A sign-in form as it was filled in.
pub(super) struct PasswordSignIn<'a> {
    /// As typed: neither trimmed nor folded.
    pub(super) username: &'a str,
    pub(super) password: &'a Secret,
    /// Whether the person asks to stay signed in.
    pub(super) remember: bool,
}

/// A sign-in that has its turn: from here on it goes to its end, whether the browser waits for it or not. So no try is
/// counted without the hash that it costs.
struct Attempt {
    /// The name to look up; `None` for what no account can be called.
    username_key: Option<String>,
    account: Account,
    password: Password,
    /// The session that this browser claims to have.
    session: Option<SessionCookie>,
    remember: bool,
    _turn: Turn,
}

/// A password that was compared, in the browser that sent it.
struct Compared {
    started: Started,
    verdict: HashVerdict,
    browser: SignInBrowser,
}

impl PasswordSignIn<'_> {
    /// Runs it under the limits on failures.
    pub(super) async fn run(
        &self,
        browser: &BrowserRequest<'_>,
    ) -> Result<Result<SessionBegun, SignInError>, Failure> {
        let context = browser.context;
        let username_key = username_key(self.username);
        let account = self.account(browser, username_key.as_deref()).await?;
        if let Some(limited) = limited_by_address(context, &account) {
            return Ok(Err(limited));
        }
        // No stored password is that long, so nothing is compared and the time tells of no account.
        let Ok(password) = Password::parse(self.password.expose()) else {
            return Ok(Err(too_long(context, &account)));
        };
        let candidate = Candidate {
            rank: rank(browser, &account, username_key.as_deref()).await?,
            account: account.key(),
            counted_as: context.decide(|cx| account.counted_as(cx)),
            address: AddressKey::of(context.arrival.client.0),
        };
        let turn = match context.app.passwords.turn(candidate).await {
            Ok(turn) => turn,
            Err(busy) => {
                if context.may_log_refusal() {
                    tracing::warn!(address = %context.arrival.client.0, "sign-in limited: too many passwords are hashed");
                }
                return Ok(Err(SignInError::Busy { retry_after_seconds: busy.retry_after_seconds }));
            }
        };
        let session = browser.cookies.session().map(|cookie| SessionCookie {
            id: cookie.id,
            secret: Secret::new(cookie.secret.expose().to_owned()),
        });
        let remember = self.remember;
        let attempt = Attempt { username_key, account, password, session, remember, _turn: turn };
        let detached = context.detached();
        let judged = tokio::spawn(async move { attempt.run(&detached.context()).await }).await;
        judged.unwrap_or_else(|lost| match lost.try_into_panic() {
            // The edge counts and answers it, as it does any other.
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Failure::Temporary(Cause::Stopping)),
        })
    }

    /// The account, and whether it knows this browser. What cannot be a name is counted under its own bytes, like a name that
    /// is not registered.
    async fn account(&self, browser: &BrowserRequest<'_>, key: Option<&str>) -> Result<Account, Failure> {
        let name = key.unwrap_or(self.username);
        let account = browser.context.decide(|cx| Account::of(name, browser.cookies.device(), cx));
        if !account.is_on_known_device() {
            return Ok(account);
        }
        let user = credentials(browser.context, key).await?;
        Ok(account.confirmed(user.as_ref().map(|known| &known.user)))
    }
}

impl Attempt {
    async fn run(self, context: &RequestContext<'_>) -> Result<Result<SessionBegun, SignInError>, Failure> {
        let (limits, address) = (&context.app.limits.sign_in, context.arrival.client.0);
        if self.account.is_on_known_device() {
            return self.settle(context).await;
        }
        if let Err(wait) = limits.reserve(address, context.app.clock.passed_millis()) {
            return Ok(Err(address_limited(context, wait.seconds)));
        }
        let settled = self.settle(context).await;
        let millis = context.app.clock.passed_millis();
        match &settled {
            Ok(Err(SignInError::Wrong)) => limits.failed(address, millis),
            Ok(Ok(_)) => limits.succeeded(address, millis),
            Ok(Err(_)) | Err(_) => limits.take_back(address, millis),
        }
        settled
    }

    /// Counts the try, compares, decides. The account is read again when it changed while the password was being compared.
    /// That takes no operator: on another node the same password may have been stored under stronger parameters.
    async fn settle(
        &self,
        context: &RequestContext<'_>,
    ) -> Result<Result<SessionBegun, SignInError>, Failure> {
        let reserved = context
            .settle(|| self.facts(context), |facts, cx| reserve(self.account.clone(), &facts, cx))
            .await?;
        let reserved = match reserved {
            Ok(reserved) => reserved,
            Err(pause) => return Ok(Err(account_limited(context, pause.seconds))),
        };
        let compare = || self.compare(context, &reserved);
        let settled = context.settle(compare, |compared, cx| {
            let Compared { started, verdict, browser } = *compared;
            decide_password(started, verdict, browser, cx)
        });
        Ok(match settled.await {
            Ok(SignInOutcome::Begun(session)) => Ok(begun(context, session)),
            Ok(SignInOutcome::Refused(refused)) => Err(wrong(context, refused)),
            // Any other answer would tell that the password was right (LG-08). It is counted as the others are.
            Err(Failure::Temporary(Cause::Unsettled)) => Err(wrong(context, SignInRefused::Unsettled)),
            Err(failure) => return Err(failure),
        })
    }

    async fn facts(&self, context: &RequestContext<'_>) -> Result<SignInFacts, Failure> {
        let counted_as = context.decide(|cx| self.account.counted_as(cx));
        let failures = context.app.store.sign_in_failures(&counted_as).await?;
        let credentials = credentials(context, self.username_key.as_deref()).await?;
        Ok(SignInFacts { failures, credentials })
    }

    async fn compare(
        &self,
        context: &RequestContext<'_>,
        reserved: &Reserved,
    ) -> Result<Box<Compared>, Failure> {
        let started = reserved.start(credentials(context, self.username_key.as_deref()).await?);
        let verdict = login::compare(&context.app.passwords, &started, &self.password).await;
        let verdict = verdict.ok_or(Failure::Temporary(Cause::Hashing))?;
        // What the browser brings is read whatever came of the hash, so that it tells nothing of the account.
        let held = held_session(context, self.session.as_ref()).await?.map(|(held, _)| held);
        let browser = SignInBrowser { held, remember: self.remember };
        Ok(Box::new(Compared { started, verdict, browser }))
    }
}

/// The account of a name, as it is compared; what no account can be called has none.
async fn credentials(
    context: &RequestContext<'_>,
    key: Option<&str>,
) -> Result<Option<CredentialFacts>, Failure> {
    match key {
        Some(key) => Ok(context.app.store.credentials(key).await?),
        None => Ok(None),
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

/// When the sign-in is hashed: see [`Rank`].
async fn rank(browser: &BrowserRequest<'_>, account: &Account, key: Option<&str>) -> Result<Rank, Failure> {
    let app = browser.context.app;
    let (limits, millis) = (&app.limits.sign_in, app.clock.passed_millis());
    let is_ranked = limits.many_fail(millis) || app.passwords.is_crowded();
    if !is_ranked || account.is_on_known_device() || is_signed_in_as(browser, key).await? {
        return Ok(Rank::First);
    }
    Ok(match limits.record(browser.context.arrival.client.0, millis) {
        Record::Good => Rank::Second,
        Record::Open => Rank::Third,
        Record::Bad => Rank::Fourth,
    })
}

/// Whether the browser is signed in as the user of that name: a session says nothing of other names that are tried with it.
async fn is_signed_in_as(browser: &BrowserRequest<'_>, key: Option<&str>) -> Result<bool, Failure> {
    let login = browser.login().await?;
    Ok(login.is_some_and(|login| key.is_some() && username_key(&login.user().username).as_deref() == key))
}

/// Whether too many sign-ins from the address have failed for one from there that the account does not know.
fn limited_by_address(context: &RequestContext<'_>, account: &Account) -> Option<SignInError> {
    if account.is_on_known_device() {
        return None;
    }
    let looked = context.app.limits.sign_in.look(context.arrival.client.0, context.app.clock.passed_millis());
    looked.err().map(|wait| address_limited(context, wait.seconds))
}

fn address_limited(context: &RequestContext<'_>, retry_after_seconds: u64) -> SignInError {
    if context.may_log_refusal() {
        tracing::warn!(address = %context.arrival.client.0, "sign-in limited: too many failures from one address");
    }
    SignInError::TooMany { retry_after_seconds }
}

fn account_limited(context: &RequestContext<'_>, seconds: i64) -> SignInError {
    if context.may_log_refusal() {
        tracing::warn!(address = %context.arrival.client.0, "sign-in limited: too many failures of one account");
    }
    context.app.metrics.count(SecurityEvent::AccountLocked);
    SignInError::TooMany { retry_after_seconds: u64::try_from(seconds).unwrap_or(1) }
}

/// Nothing was hashed, so nothing is written either: the address alone is counted.
fn too_long(context: &RequestContext<'_>, account: &Account) -> SignInError {
    let (limits, address) = (&context.app.limits.sign_in, context.arrival.client.0);
    let millis = context.app.clock.passed_millis();
    if !account.is_on_known_device() {
        if let Err(wait) = limits.reserve(address, millis) {
            return address_limited(context, wait.seconds);
        }
        limits.failed(address, millis);
    }
    wrong(context, SignInRefused::TooLong)
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
