//! What a grant entitles a client to, or why to nothing.

use std::borrow::Cow;

use proofkey_oauth::{ResourceUri, Scope};

use crate::code::AuthorizationCode;
use crate::commit::Commit;
use crate::facts::GrantFacts;
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// What a client may have by its grant. The resources of the token request choose among it.
#[derive(Debug)]
pub(super) struct Entitlement<'a> {
    /// The scope of the access token, before it is cut to the one API that the token is for.
    pub(super) scope: Cow<'a, Scope>,
    /// The APIs named when the grant was given.
    pub(super) resources: &'a [ResourceUri],
    /// What it rests on.
    pub(super) basis: Basis<'a>,
}

/// What an entitlement rests on.
#[derive(Debug)]
pub(super) enum Basis<'a> {
    /// A code that nothing speaks against.
    Code(&'a AuthorizationCode),
    /// A refresh token that is not retired, and its active grant.
    RefreshToken(&'a RefreshToken, &'a GrantFacts),
    /// The client's own registration.
    Client,
}

/// A refusal, with what it must leave behind.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// Boxed, for it is rare and large.
    pub(super) commit: Option<Box<Commit>>,
}

impl Refused {
    /// A refusal that may be told once `commit` is durable.
    pub(super) fn after(commit: Commit, refusal: Refusal) -> Self {
        Self { refusal, commit: Some(Box::new(commit)) }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, commit: None }
    }
}
