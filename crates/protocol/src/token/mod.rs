//! The token endpoint: one file per grant, and around them what all grants share.
//!
//! [`decide`] is the one way to tokens. Whether the client may use the grant type, and for which audience and how long the
//! access token is, is decided there once: a grant's own file says what the client is entitled to by it, and what is made of
//! that. It cannot leave a shared step out: nothing is issued without an `AccessPlan`, which takes an `AllowedClient` and
//! the grant's `Entitlement`, which takes the `RequestedApi` and, as its `Basis`, what the grant's own checks yield.
//! So without the line of a step this crate does not compile. That no other crate can make a plan, and issue by it, is what
//! this shows:
//!
//! ```compile_fail,E0603
//! use proofkey_protocol::token::AccessPlan;
//! ```

mod allowed;
mod client_credentials;
mod code;
mod current_token;
mod entitlement;
mod entitling_code;
mod issue;
mod refresh;
mod refused;
mod requested;

#[cfg(test)]
mod tests;

pub use client_credentials::CredentialsGrant;
pub use entitling_code::CodeGrant;
pub use issue::{Issue, IssuedRefresh, access_token_seconds};
pub use refresh::RefreshGrant;

use proofkey_oauth::GrantType;

use self::allowed::AllowedClient;
use self::entitlement::Basis;
use self::issue::AccessPlan;
use self::refused::Refused;
use crate::client::{AuthenticatedClient, Client};
use crate::commit::Verdict;
use crate::cx::Cx;
use crate::refusal::Refusal;

/// A token request, with what is known of the code or refresh token in it.
#[derive(Debug)]
pub enum GrantRequest<'a> {
    /// `authorization_code`
    Code(CodeGrant<'a>),
    /// `refresh_token`
    Refresh(RefreshGrant<'a>),
    /// `client_credentials`
    ClientCredentials(CredentialsGrant<'a>),
}

impl GrantRequest<'_> {
    const fn grant_type(&self) -> GrantType {
        match self {
            Self::Code(_) => GrantType::AuthorizationCode,
            Self::Refresh(_) => GrantType::RefreshToken,
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
        }
    }
}

/// Decides a token request.
pub fn decide(
    request: &GrantRequest<'_>,
    client: &AuthenticatedClient,
    cx: &mut Cx<'_>,
) -> Verdict<Result<Box<Issue>, Refusal>> {
    match issue(request, client.client(), cx) {
        Ok(Verdict { outcome, commit }) => Verdict { outcome: Ok(outcome), commit },
        Err(Refused { refusal, commit }) => {
            Verdict { outcome: Err(refusal), commit: commit.map(|commit| *commit) }
        }
    }
}

fn issue(
    request: &GrantRequest<'_>,
    client: &Client,
    cx: &mut Cx<'_>,
) -> Result<Verdict<Box<Issue>>, Refused> {
    let client = AllowedClient::check(client, request.grant_type())?;
    let entitlement = match request {
        GrantRequest::Code(grant) => grant.entitlement(client, cx)?,
        GrantRequest::Refresh(grant) => grant.entitlement(client, cx)?,
        GrantRequest::ClientCredentials(grant) => grant.entitlement(client, cx)?,
    };
    let plan = AccessPlan::new(client, &entitlement, cx)?;
    Ok(match entitlement.basis {
        Basis::Code(code) => code::issue(code, plan, cx),
        Basis::RefreshToken(token, grant) => refresh::issue(token, grant, plan, cx),
        Basis::Client(_, own) => Verdict::unchanged(plan.for_client(own, cx)),
    })
}
