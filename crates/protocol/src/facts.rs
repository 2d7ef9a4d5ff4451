//! What the store tells a rule: plain rows, not yet judged.

use proofkey_oauth::{Scope, SecretHash, Timestamp};

use crate::api::GrantedApis;
use crate::authentication::Authentication;
use crate::consent::ConsentFacts;
use crate::ids::{ClientId, GrantId, SessionId, UserId};
use crate::refresh_chain::RefreshChain;
use crate::refusal::Refusal;

/// A user, as far as rules need one.
#[derive(Clone, Debug)]
pub struct UserFacts {
    /// The `sub`.
    pub id: UserId,
    /// The name to sign in with.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Whether an operator has disabled the account.
    pub disabled: bool,
    /// When all that had begun was ended: the password was set then, the account was disabled, or an operator ended what it
    /// had given. It is always another than before, and what begins keeps it as its mark: see [`has_ended`].
    pub valid_from: Timestamp,
}

/// What signing in needs of a user, and nothing more: each further read for a registered name would take time that an
/// unregistered one does not, and so tell them apart.
#[derive(Clone, Debug)]
pub struct CredentialFacts {
    /// The user who signs in by that name.
    pub user: UserFacts,
    /// The stored password hash, a PHC string; without one no password signs in.
    pub password: Option<String>,
}

/// A browser session.
#[derive(Clone, Debug)]
pub struct SessionFacts {
    /// Its public id, which is the claim `sid`.
    pub id: SessionId,
    /// Hash of the cookie's secret half.
    pub secret: SecretHash,
    /// Whose it is.
    pub user_id: UserId,
    /// When and how the user authenticated.
    pub authentication: Authentication,
    /// When it was last used, to within a 48th of its idle life, but a quarter of an hour at most; of short lives, to within a minute or a
    /// quarter of the life.
    pub seen_at: Timestamp,
    /// When it ends however often it is used, counted from the first sign-in under its id.
    pub expires_at: Timestamp,
    /// Whether the person asked to stay signed in: it outlives the browser, and is idle and old later.
    pub remembered: bool,
    /// The `valid_from` of its user when it began; `None` in one of an earlier release.
    pub valid_from: Option<Timestamp>,
}

/// A session as a browser presents it: its id is no secret, so the hash of the cookie's other half goes with it.
#[derive(Clone, Copy, Debug)]
pub struct SessionProof {
    /// The row that it names.
    pub id: SessionId,
    /// The hash that its row must have.
    pub secret: SecretHash,
}

/// Whether what began at that instant, under that mark, has ended with all that was ended at `valid_from`.
///
/// A mark is the `valid_from` that was read when it began. The two are the same or they are not, so no clock decides: a second
/// holds what was before and what came after, and the clock of a command may have run ahead or been set back. What an
/// earlier release made has no mark, and goes by the instant.
pub(crate) fn has_ended(mark: Option<Timestamp>, began_at: Timestamp, valid_from: Timestamp) -> bool {
    mark.map_or(began_at <= valid_from, |mark| mark != valid_from)
}

/// How a client stands in the store at the moment of the read. A server remembers clients for a while, and may rely on that
/// for what a registration gives; this is what takes it away, and no memory of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientStatus {
    /// Registered, and not disabled.
    Active,
    /// Registered, and disabled by an operator.
    Disabled,
    /// Never registered, or removed.
    Unregistered,
}

/// What is read of a client that asks for a token of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFacts {
    /// How it stands.
    pub status: ClientStatus,
    /// When all that it had been given was ended.
    pub valid_from: Timestamp,
}

/// Proof that a client was active at the moment of the read. Made by [`ClientStatus::check`] alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActiveClient(());

impl ClientStatus {
    /// Refuses a client that is not active.
    pub(crate) const fn check(self) -> Result<ActiveClient, Refusal> {
        match self {
            Self::Active => Ok(ActiveClient(())),
            Self::Disabled => Err(Refusal::ClientDisabled),
            Self::Unregistered => Err(Refusal::ClientUnknown),
        }
    }
}

/// A user with the session and consent that a request concerns.
#[derive(Clone, Debug)]
pub struct SubjectFacts {
    /// The user whose session, code or grant it is.
    pub user: UserFacts,
    /// The session, while its row exists.
    pub session: Option<SessionFacts>,
    /// What the user allows the client in question, if anything.
    pub consent: Option<ConsentFacts>,
    /// How that client stands.
    pub client: ClientStatus,
    /// When all that the client had been given was ended by an operator: see [`has_ended`].
    pub client_valid_from: Timestamp,
}

/// A grant: what one redeemed code gave.
#[derive(Clone, Debug)]
pub struct GrantFacts {
    /// Its id, and the code's.
    pub id: GrantId,
    /// The client it was given to.
    pub client_id: ClientId,
    /// The user who gave it.
    pub user_id: UserId,
    /// The browser session in which it was given.
    pub session_id: SessionId,
    /// The scope granted.
    pub scope: Scope,
    /// The APIs that it is for.
    pub apis: GrantedApis,
    /// When and how the user authenticated.
    pub authentication: Authentication,
    /// When the code was redeemed.
    pub created_at: Timestamp,
    /// The `valid_from` of its user when its code was issued; `None` in one of an earlier release.
    pub user_valid_from: Option<Timestamp>,
    /// That of its client.
    pub client_valid_from: Option<Timestamp>,
    /// When the grant ends unless it is refreshed; never after `ends_at`.
    pub expires_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    /// Whether it ends with the browser session (RFC 10017 §6.3.2.3).
    pub session_bound: bool,
    /// Its refresh tokens.
    pub refresh: RefreshChain,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What the store knows of a code: all that redeeming it depends on, at one moment.
#[derive(Clone, Debug, Default)]
pub struct CodeFacts {
    /// The user, session and consent that the code names.
    pub subject: Option<SubjectFacts>,
    /// The redemption that spent the code, if one did.
    pub redemption: Option<RedemptionFacts>,
    /// Wrong verifiers counted against it.
    pub failures: i64,
    /// Whether a grant of this user to this client is suspect; see [`RefreshChain::suspect`].
    pub suspect: bool,
}

/// What the store knows of an access token by itself.
#[derive(Clone, Copy, Debug)]
pub struct AccessTokenFacts {
    /// How the client stands that it was issued to.
    pub client: ClientStatus,
    /// When all that client had been given was ended.
    pub client_valid_from: Timestamp,
    /// Whether the token was revoked by itself; whether its grant was is a fact of the grant.
    pub revoked: bool,
}

/// The redemption of a code: the grant under the code's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedemptionFacts {
    /// When that grant was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Failed sign-ins of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureFacts {
    /// How many since the last success.
    pub failures: i64,
    /// When the last one was, in seconds since the epoch; 0 when there was none.
    pub last_at: i64,
}
