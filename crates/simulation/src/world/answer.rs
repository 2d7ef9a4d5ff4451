//! What requests are answered.

use std::fmt;

use proofkey_protocol::sign_in::Reserved;
use proofkey_protocol::token::Issue;
use proofkey_protocol::{AuthorizationCode, Refusal};

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// No answer yet: a try at a password is counted.
    Reserved(Reserved),
    /// The account takes no try now.
    Wait,
    SignedIn {
        cookie: String,
        device: String,
    },
    NotSignedIn,
    SignInPage,
    ConsentPage(String),
    Code {
        code: Box<AuthorizationCode>,
        text: String,
        /// Whether the person was not asked.
        by_memory: bool,
    },
    Tokens(Box<Issue>),
    Done,
    Active(bool),
    Refused(Refusal),
    /// Every decision met a conflict.
    Unsettled,
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(_) => out.write_str("counted in advance"),
            Self::Wait => out.write_str("wait"),
            Self::SignedIn { .. } => out.write_str("signed in"),
            Self::NotSignedIn => out.write_str("not signed in"),
            Self::SignInPage => out.write_str("the sign-in page"),
            Self::ConsentPage(_) => out.write_str("the consent page"),
            Self::Code { code, .. } => write!(out, "code {}", code.id),
            Self::Tokens(issue) => {
                let grant = issue.access.grant_id.as_deref().unwrap_or("none");
                let generation = issue.refresh.as_ref().map_or(0, |refresh| refresh.generation);
                write!(out, "tokens of grant {grant}, refresh token {generation}")
            }
            Self::Done => out.write_str("done"),
            Self::Active(active) => write!(out, "active: {active}"),
            Self::Refused(refusal) => write!(out, "refused, {refusal:?}"),
            Self::Unsettled => out.write_str("unsettled"),
        }
    }
}
