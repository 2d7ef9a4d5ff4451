//! The kinds of apps that a client is registered for, and which addresses each can have.

use std::fmt;

use proofkey_oauth::{ApplicationType, GrantType, RedirectUri, standard_scope};
use proofkey_protocol::Client;

use super::app_refused::AppRefused;

/// What kind of app a client is: where it runs decides whether it can keep a secret, and how a browser comes back to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// It runs in the browser (a single-page app), and keeps no secret.
    Spa,
    /// It is installed on a person's device, or is a command line; it keeps no secret.
    Native,
    /// It runs on a web server, and keeps a secret there.
    Web,
    /// It acts by itself, for no person.
    Service,
}

impl AppKind {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Spa, Self::Native, Self::Web, Self::Service];

    /// Its name, as metadata of ours and flags spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spa => "spa",
            Self::Native => "native",
            Self::Web => "web",
            Self::Service => "service",
        }
    }

    /// Whether it signs people in, and so has a redirect URI.
    pub const fn signs_in(self) -> bool {
        !matches!(self, Self::Service)
    }

    /// Whether it can keep a secret.
    pub const fn keeps_secret(self) -> bool {
        matches!(self, Self::Web | Self::Service)
    }

    /// The kind that a registration says it is; `None` where it does not say it, or is two at once.
    pub fn registered(client: &Client, says_application: bool) -> Option<Self> {
        let signs_in = client.allows_grant(GrantType::AuthorizationCode);
        match (signs_in, client.is_public(), client.application) {
            (false, _, _) => Some(Self::Service),
            (true, _, _) if !says_application => None,
            (true, true, ApplicationType::Web) => Some(Self::Spa),
            (true, true, ApplicationType::Native) => Some(Self::Native),
            (true, false, ApplicationType::Web) => Some(Self::Web),
            (true, false, ApplicationType::Native) => None,
        }
    }

    /// Where it runs, in the terms of a registration.
    pub(super) const fn application(self) -> ApplicationType {
        match self {
            Self::Native => ApplicationType::Native,
            Self::Spa | Self::Web | Self::Service => ApplicationType::Web,
        }
    }

    /// Refuses an address to which no browser can bring a code or a person back for such an app. `member` is the list that it is in.
    pub fn check_address(self, member: &'static str, at: usize, uri: &str) -> Result<(), AppRefused> {
        if !self.signs_in() {
            return Err(AppRefused::AddressOfService { member, at });
        }
        let refused = |cause| AppRefused::Address { member, at, uri: uri.to_owned(), cause };
        RedirectUri::register(uri, self.application()).map_err(refused)?;
        let is_of_web = uri.starts_with("https:") || uri.starts_with("http:");
        if self != Self::Native && !is_of_web {
            return Err(AppRefused::Scheme { kind: self, member, at, uri: uri.to_owned() });
        }
        Ok(())
    }

    /// Refuses a scope that is a person's for an app that acts for no person.
    pub fn check_scope(self, at: usize, scope: &str) -> Result<(), AppRefused> {
        if !self.signs_in() && standard_scope::ALL.contains(&scope) {
            return Err(AppRefused::ScopeOfService { at, scope: scope.to_owned() });
        }
        Ok(())
    }
}

impl fmt::Display for AppKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Spa => "a browser app",
            Self::Native => "an installed app",
            Self::Web => "a web app",
            Self::Service => "a service",
        })
    }
}
