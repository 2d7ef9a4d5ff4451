//! What is sent: a request begins by what its sender holds.

use std::fmt;

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_protocol::GrantId;
use proofkey_protocol::sign_in::Reserved;

use super::cast::Ask;

/// Whether the sender may do what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Honest,
    Thief,
}

/// A sign-in form.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) browser: usize,
    pub(crate) user: &'static str,
    pub(crate) password: String,
    pub(crate) remember: bool,
    pub(crate) cookie: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) reserved: Option<Reserved>,
}

/// An authorization request, or the answer to its consent page.
#[derive(Debug)]
pub(crate) struct Authorize {
    pub(crate) browser: usize,
    pub(crate) cookie: Option<String>,
    pub(crate) ask: Ask,
    /// The step of the page that is answered.
    pub(crate) page: Option<String>,
}

/// What was sent.
#[derive(Debug)]
pub(crate) enum Sent {
    SignIn(SignIn),
    Authorize(Box<Authorize>),
    /// By a browser, with its cookie.
    Logout(usize, Option<String>),
    Redeem {
        client: &'static str,
        id: GrantId,
        code: String,
        verifier: String,
        who: Who,
    },
    Refresh {
        client: &'static str,
        id: Option<GrantId>,
        token: String,
        who: Who,
    },
    RevokeRefresh {
        client: &'static str,
        id: GrantId,
        token: String,
    },
    RevokeAccess {
        client: &'static str,
        claims: Box<AccessTokenClaims>,
    },
    /// An access token at an endpoint of ours.
    Use(Box<AccessTokenClaims>),
    /// A question of a client about its refresh token.
    Introspect {
        client: &'static str,
        id: GrantId,
        token: String,
    },
    /// A client asks for itself.
    OwnToken(&'static str),
}

impl Sent {
    /// A try at a password is counted.
    pub(crate) fn reserve(&mut self, reserved: Reserved) {
        if let Self::SignIn(sign_in) = self {
            sign_in.reserved = Some(reserved);
        }
    }

    /// The grant whose holder waits for the answer.
    pub(crate) const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Redeem { id, who: Who::Honest, .. } | Self::RevokeRefresh { id, .. } => Some(*id),
            Self::Refresh { id, .. } => *id,
            _ => None,
        }
    }

    /// The client that asks for tokens of a grant.
    pub(crate) const fn client(&self) -> Option<(&'static str, Who)> {
        match self {
            Self::Redeem { client, who, .. } | Self::Refresh { client, who, .. } => Some((client, *who)),
            _ => None,
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&match self {
            Self::SignIn(sign_in) => format!("browser {} signs {} in", sign_in.browser, sign_in.user),
            Self::Authorize(asked) => {
                let page = if asked.page.is_some() { " allows what a page shows" } else { "" };
                format!("browser {}{page}: {} for `{}`", asked.browser, asked.ask.client, asked.ask.scope)
            }
            Self::Logout(browser, _) => format!("browser {browser} signs out"),
            Self::Redeem { client, id, who, .. } => format!("{who:?} {client} redeems {id}"),
            Self::Refresh { client, id, who, .. } => {
                let id = id.map(|id| id.to_string()).unwrap_or_default();
                format!("{who:?} {client} refreshes {id}")
            }
            Self::RevokeRefresh { client, id, .. } => format!("{client} revokes {id}"),
            Self::RevokeAccess { client, claims } => format!("{client} revokes token {}", claims.jti),
            Self::Use(claims) => format!("token {} is used", claims.jti),
            Self::Introspect { client, id, .. } => format!("{client} asks about {id}"),
            Self::OwnToken(client) => format!("{client} asks for itself"),
        })
    }
}
