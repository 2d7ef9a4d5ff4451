//! Why an app of a kind cannot be so, and the kind that could.

use proofkey_oauth::RedirectUriRefused;
use thiserror::Error;

use super::app_kind::AppKind;
use super::member::Member;

/// Why an app of a kind cannot be so. The text says what is wrong, [`AppRefused::member`] where, and [`AppRefused::instead`] which kind
/// of app can be so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each variant says itself what is wrong")]
#[non_exhaustive]
pub enum AppRefused {
    #[error("{member}[{at}]: a service has no browser that could come back to it")]
    AddressOfService { member: &'static str, at: usize },
    #[error("{member}[{at}]: `{uri}`: {cause}")]
    Address { member: &'static str, at: usize, uri: String, cause: RedirectUriRefused },
    #[error(
        "{member}[{at}]: `{uri}`: {kind} is reached by https; a scheme of its own opens an installed app"
    )]
    Scheme { kind: AppKind, member: &'static str, at: usize, uri: String },
    #[error(
        "client_secret: {kind} cannot keep a secret, for all who run it can read it; PKCE protects its codes"
    )]
    Secret { kind: AppKind },
    #[error("scope: `{scope}` is about a person who signs in, and a service acts for no person")]
    ScopeOfService { at: usize, scope: String },
    #[error("an app of this kind needs: {}", .0.join(", "))]
    Missing(Vec<&'static str>),
}

impl AppRefused {
    /// The member that is wrong.
    pub fn member(&self) -> Member {
        match self {
            Self::AddressOfService { member, at }
            | Self::Address { member, at, .. }
            | Self::Scheme { member, at, .. } => Member::item(member, *at),
            Self::Secret { .. } => Member::whole("client_secret"),
            Self::ScopeOfService { .. } => Member::whole("scope"),
            Self::Missing(members) => Member::whole(members.first().copied().unwrap_or("client_name")),
        }
    }

    /// The kind of app that can be so; `None` where no kind can.
    pub const fn instead(&self) -> Option<AppKind> {
        match self {
            Self::AddressOfService { .. } | Self::Secret { .. } | Self::ScopeOfService { .. } => {
                Some(AppKind::Web)
            }
            Self::Scheme { .. } => Some(AppKind::Native),
            Self::Address { .. } | Self::Missing(_) => None,
        }
    }
}
