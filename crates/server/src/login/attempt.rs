//! One attempt at signing in with a password.
//!
//! Every outcome but success looks and costs the same: an unknown name, a wrong password, a disabled or locked account all
//! run one hash and write one failure (LG-08).

use proofkey_oauth::{Secret, Sha256, TokenKind};
use proofkey_protocol::session::{self, NewSession, SessionProof, Throttle, VerifiedPassword};
use proofkey_protocol::{ArtefactKeys, Commit, Committed, CredentialFacts, Cx, SignInLimit, UserFacts};
use proofkey_store::Fault;

use super::username::username_key;
use crate::app::App;
use crate::http::Arrival;
use crate::limit::AddressKey;
use crate::metrics::SecurityEvent;
use crate::password::Password;

/// How often a password is checked against an account that changes meanwhile.
const CHECKS_MAX: usize = 3;
const ACCOUNT: &[u8] = b"sign-in account v1";
const DEVICE: &[u8] = b"sign-in account on a known device v1";

/// What a person typed.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The username as typed.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// An attempt, with the browser that makes it.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    /// What was typed.
    pub credentials: &'a Credentials,
    /// The browser's device cookie.
    pub device: Option<&'a str>,
    /// The session that this browser had.
    pub replaces: Option<SessionProof>,
    /// Where it comes from.
    pub arrival: Arrival,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Attempted {
    /// The session has begun and is durable.
    SignedIn {
        /// It.
        session: Box<NewSession>,
        /// The new device cookie.
        device: Secret,
    },
    /// Not this name with this password.
    Wrong,
    /// Too many failures; seconds to wait.
    Wait(u64),
    /// Too many hashes are running; seconds to wait.
    Busy(u64),
}

/// The account that an attempt is about, and how its failures are counted.
struct Account<'a> {
    name: Option<String>,
    base: Sha256,
    counted_as: Sha256,
    limit: &'a SignInLimit,
}

impl Attempt<'_> {
    /// Runs the attempt.
    pub(crate) async fn run(&self, app: &App) -> Result<Attempted, Fault> {
        let millis = app.clock.now_millis();
        let address = AddressKey::of(self.arrival.client.0);
        if let Err(wait) = app.limits.sign_in.check(address, millis) {
            tracing::warn!(address = %self.arrival.client.0, "sign-in limited: too many failures from one address");
            return Ok(Attempted::Wait(wait.seconds));
        }
        let attempted = self.settle(app).await;
        if !matches!(attempted, Ok(Attempted::Wrong)) {
            // Only failures count.
            app.limits.sign_in.refund(&address, millis);
        }
        attempted
    }

    /// Checks the account as often as it changes meanwhile, within a bound. It does not take an operator: of two sign-ins at
    /// once the first may store the same password under stronger parameters.
    async fn settle(&self, app: &App) -> Result<Attempted, Fault> {
        let name = username_key(&self.credentials.username);
        // A name that nobody can have is counted under its own bytes, like one that nobody has.
        let counted = name.as_deref().unwrap_or(&self.credentials.username);
        let base = account_key(&app.keys, counted);
        let (account, limit) = if self.is_known_device(app, &base) {
            (device_key(&app.keys, &base), &app.policy.sign_in_known_device)
        } else {
            (base, &app.policy.sign_in)
        };
        let account = Account { name, base, counted_as: account, limit };
        for _ in 0..CHECKS_MAX {
            if let Some(attempted) = self.check(app, &account).await? {
                return Ok(attempted);
            }
        }
        self.refuse(app, account.counted_as, "the account changed during every check").await
    }

    /// One check; nothing when the account changed while the password was being compared.
    async fn check(&self, app: &App, account: &Account<'_>) -> Result<Option<Attempted>, Fault> {
        let Account { name, base, counted_as, limit } = account;
        let (account, now) = (*counted_as, app.now());
        let throttle = session::throttle(app.store.sign_in_failures(&account).await?, now, limit);
        if let Throttle::Wait(seconds) = throttle {
            tracing::warn!(address = %self.arrival.client.0, "sign-in limited: too many failures of one account");
            app.metrics.count(SecurityEvent::AccountLocked);
            return Ok(Some(Attempted::Wait(u64::try_from(seconds).unwrap_or(1))));
        }
        let known = match name {
            Some(name) => app.store.credentials(name).await?,
            None => None,
        };
        // Only where a session may come of it: for a locked or disabled account the right password must cost what a wrong one does.
        let is_open = throttle == Throttle::Open && known.as_ref().is_some_and(|known| !known.user.disabled);
        let stored = known.as_ref().and_then(|known| known.password.as_deref());
        let verdict = match Password::parse(self.credentials.password.expose()) {
            // Too long to be anybody's: refused before hashing, and nobody's name is told by it.
            Err(_) => return self.refuse(app, account, "password too long").await.map(Some),
            Ok(password) => match app.passwords.verify(stored, &password, is_open).await {
                Err(busy) => return Ok(Some(Attempted::Busy(busy.retry_after_seconds))),
                Ok(verdict) if verdict.needs_rehash => {
                    let rehashed = app.passwords.hash(&password).await.ok();
                    (true, rehashed.map(|phc| phc.as_str().to_owned()))
                }
                Ok(verdict) => (verdict.matches, None),
            },
        };
        match (verdict, known) {
            ((true, rehashed), Some(CredentialFacts { user, password: Some(stored) })) if is_open => {
                let failures_max = limit.failures_max;
                self.begin(app, user, VerifiedPassword { stored, rehashed, account, failures_max }, base)
                    .await
            }
            _ => self.refuse(app, account, "wrong name or password, disabled or locked").await.map(Some),
        }
    }

    async fn begin(
        &self,
        app: &App,
        user: UserFacts,
        verified: VerifiedPassword,
        base: &Sha256,
    ) -> Result<Option<Attempted>, Fault> {
        let user_id = user.id.clone();
        let (mut session, device) = {
            let mut random = app.randomness.clone();
            let directory = app.directory.now();
            let (policy, apis, keys) = (&app.policy, directory.apis(), &app.keys);
            let mut cx = Cx { now: app.now(), random: &mut random, policy, apis, keys };
            let session = session::begin(user, verified, self.replaces, &mut cx);
            (session, cx.seal(TokenKind::Device, base))
        };
        // The session exists once it is durable, and not before.
        let commit =
            std::mem::replace(&mut session.commit, Commit::EndSession { session: session.cookie.id });
        if app.store.commit(commit).await? == Committed::Conflict {
            // Disabled, given another password or another hash of it, or locked, while this one was being checked.
            return Ok(None);
        }
        tracing::info!(user = %user_id, address = %self.arrival.client.0, request_id = %self.arrival.id, "signed in");
        app.metrics.count(SecurityEvent::SignedIn);
        Ok(Some(Attempted::SignedIn { session: Box::new(session), device }))
    }

    async fn refuse(&self, app: &App, account: Sha256, reason: &'static str) -> Result<Attempted, Fault> {
        let _ = app.store.commit(Commit::CountSignInFailure { account, at: app.now() }).await?;
        tracing::warn!(address = %self.arrival.client.0, request_id = %self.arrival.id, reason, "sign-in failed");
        app.metrics.count(SecurityEvent::SignInFailed);
        Ok(Attempted::Wrong)
    }

    /// A browser in which this account signed in before has its own count, so that a stranger cannot lock the owner out.
    fn is_known_device(&self, app: &App, base: &Sha256) -> bool {
        let opened = self.device.and_then(|text| app.keys.open(TokenKind::Device, text));
        opened.is_some_and(|content| proofkey_oauth::constant_time_eq(&content, base))
    }
}

/// Every key under which an account's failures are counted.
pub(crate) fn account_keys(seal: &ArtefactKeys, username_key: &str) -> [Sha256; 2] {
    let base = account_key(seal, username_key);
    [base, device_key(seal, &base)]
}

/// The key of an account in unknown browsers: not the name itself, so that the table tells no names.
fn account_key(seal: &ArtefactKeys, username_key: &str) -> Sha256 {
    seal.authenticate(ACCOUNT, username_key.as_bytes())
}

/// The key of the same account in browsers in which it has signed in before.
fn device_key(seal: &ArtefactKeys, base: &Sha256) -> Sha256 {
    seal.authenticate(DEVICE, base)
}
