//! What an authorization request is judged by, beside its own text.

use std::sync::Arc;

use proofkey_oauth::Timestamp;

use super::ConsentGiven;
use crate::client::Client;
use crate::consent::ConsentFacts;
use crate::facts::ClientStatus;
use crate::ids::{SessionId, UserId};
use crate::refusal::Refusal;
use crate::session::Login;

/// What the shell loaded for a request.
#[derive(Debug)]
pub struct AuthorizeFacts {
    /// The client that the request names, if it is registered.
    pub client: Option<Arc<Client>>,
    /// How that client stands, where a session was read: nothing is given without one.
    pub client_status: Option<ClientStatus>,
    /// When all that this client had been given was ended; zero where no session was read.
    pub client_valid_from: Timestamp,
    /// What became of the `id_token_hint`.
    pub hint: Hint,
    /// The user who is signed in in this browser.
    pub login: Option<Login>,
    /// What that user allows the client.
    pub consent: Option<ConsentFacts>,
}

/// A verified, false or absent `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The request has no hint.
    Absent,
    /// It is not an ID token of ours.
    Invalid,
    /// It names this user.
    User(UserId),
}

impl Hint {
    /// The user whom the request names, if it names one (OpenID Connect Core §3.1.2.1).
    pub(super) fn verified(&self) -> Result<Option<UserId>, Refusal> {
        match self {
            Self::Absent => Ok(None),
            Self::Invalid => Err(Refusal::IdTokenHintInvalid),
            Self::User(user) => Ok(Some(user.clone())),
        }
    }
}

/// How far the person has come since the request arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// The session that began with a password during this interaction. That one is fresh, and no other: a session cookie
    /// that turned up meanwhile proves no password.
    pub authenticated_as: Option<SessionId>,
    /// What the person answered on the consent page.
    pub consent: Option<ConsentGiven>,
}
