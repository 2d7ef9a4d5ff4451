//! The kinds of apps that a client is registered for.

use std::fmt;

use proofkey_oauth::{ApplicationType, GrantType};
use proofkey_protocol::Client;

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
