//! What a consent page shows, as values: whatever a person allows is in here, and its digest says whether a page showed it.

use proofkey_oauth::{RedirectUri, Sha256, Timestamp, sha256, standard_scope};

use super::authenticated::Authenticated;
use crate::api::{Apis, concerning};
use crate::client::Client;
use crate::envelope::Writer;
use crate::ids::ApiId;
use crate::policy::Policy;
use crate::records::RegisteredApi;
use crate::token::access_token_seconds;

/// What a consent page shows of a request (OAuth 2.1 §7.9).
#[derive(Debug)]
pub struct ConsentTerms<'a> {
    request: &'a Authenticated,
    /// The APIs that the app could reach, but for this server itself.
    pub apis: Vec<ApiShown<'a>>,
    /// What it may do there: a line for each scope at each of them.
    pub scopes: Vec<ScopeShown<'a>>,
    /// How long it may.
    pub lifetime: Lifetime,
}

/// An API that the app could reach.
#[derive(Clone, Copy, Debug)]
pub struct ApiShown<'a> {
    /// What is registered of it.
    pub api: &'a RegisteredApi,
    /// Whether it comes to those of which the user allows the client something already.
    pub is_new: bool,
}

/// A scope at one API.
#[derive(Clone, Copy, Debug)]
pub struct ScopeShown<'a> {
    /// The scope token.
    pub token: &'a str,
    /// The API that it is a scope of; none for what is the user's at this server.
    pub api: Option<&'a RegisteredApi>,
    /// Whether it comes to what the user allows the client already. Nothing does where nothing is allowed yet.
    pub is_new: bool,
}

/// How long what is allowed lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the longest access token, in seconds.
    AccessToken {
        /// Seconds from the moment at which it is issued.
        seconds: i64,
    },
    /// As long as it can be refreshed.
    Refreshed {
        /// Seconds from the moment at which the code is redeemed.
        seconds: i64,
    },
    /// As long as it can be refreshed, but not beyond the session.
    Session {
        /// Seconds from the moment at which the code is redeemed.
        seconds: i64,
        /// When the session ends in any case.
        ends_at: Timestamp,
    },
}

impl Authenticated {
    /// What a consent page shows of the request.
    pub fn consent_terms<'a>(&'a self, all: &'a Apis, policy: &Policy) -> ConsentTerms<'a> {
        let apis: Vec<&'a RegisteredApi> = self.apis().iter().filter_map(|id| all.by_id(id)).collect();
        let is_new = |api: ApiId, token: &str| {
            self.remembered().is_some_and(|consent| !consent.at(api).is_some_and(|entry| entry.allows(token)))
        };
        let mut scopes = Vec::new();
        for token in self.scope().iter() {
            if all.owns(ApiId::ISSUER, token) {
                let is_new = self.apis().needed(self.scope()).any(|api| {
                    concerning(self.scope(), api, all).any(|other| other == token) && is_new(api, token)
                });
                scopes.push(ScopeShown { token, api: None, is_new });
                continue;
            }
            let owners = apis.iter().copied().filter(|api| all.owns(api.id, token));
            scopes.extend(owners.map(|api| ScopeShown {
                token,
                api: Some(api),
                is_new: is_new(api.id, token),
            }));
        }
        let lifetime = self.lifetime(&apis, policy);
        let is_new = |api: ApiId| self.remembered().is_some_and(|consent| consent.at(api).is_none());
        let apis = apis.into_iter().map(|api| ApiShown { api, is_new: is_new(api.id) }).collect();
        ConsentTerms { request: self, apis, scopes, lifetime }
    }

    fn lifetime(&self, apis: &[&RegisteredApi], policy: &Policy) -> Lifetime {
        let client = self.client();
        if !self.scope().contains(standard_scope::OFFLINE_ACCESS) {
            let of_each = apis.iter().map(|api| access_token_seconds(client, Some(&api.record), policy));
            let seconds = of_each.max().unwrap_or_else(|| access_token_seconds(client, None, policy));
            return Lifetime::AccessToken { seconds };
        }
        let seconds = policy.refresh_absolute_seconds;
        if client.is_browser_app() {
            return Lifetime::Session { seconds, ends_at: self.login().session_ends_at() };
        }
        Lifetime::Refreshed { seconds }
    }
}

impl ConsentTerms<'_> {
    /// A digest of everything that the person decides on.
    pub fn digest(&self) -> Sha256 {
        let mut out = Writer::default();
        let client = self.request.client();
        out.field(client.id.as_str().as_bytes()).optional(client.name.as_ref().map(String::as_bytes));
        out.field(app_host(client).as_bytes()).field(place(self.request.target().uri()).as_bytes());
        out.byte(u8::from(client.is_public()));
        out.field(self.request.scope().to_string().as_bytes());
        out.field(self.request.apis().to_string().as_bytes());
        for scope in &self.scopes {
            out.byte(1)
                .field(scope.token.as_bytes())
                .integer(scope.api.map_or(ApiId::ISSUER, |api| api.id).0);
        }
        match self.lifetime {
            Lifetime::AccessToken { seconds } => out.byte(2).integer(seconds),
            Lifetime::Refreshed { seconds } => out.byte(3).integer(seconds),
            Lifetime::Session { seconds, ends_at } => out.byte(4).integer(seconds).integer(ends_at.seconds()),
        };
        sha256(&out.finish())
    }
}

/// The host that an app is shown with: its home page's, else that of its first redirect URI. Empty where it has none.
pub fn app_host(client: &Client) -> &str {
    let first = || client.redirect_uris.first().map(RedirectUri::as_str);
    client.uri.as_deref().or_else(first).map(host).unwrap_or_default()
}

/// The host of an address; the scheme where there is none.
pub fn host(uri: &str) -> &str {
    match uri.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?']).next().unwrap_or(rest),
        None => uri.split(':').next().unwrap_or(uri),
    }
}

/// Where an address leads, as a page names it: the scheme decides how, the host is named.
fn place(uri: &str) -> String {
    let scheme = uri.split(':').next().unwrap_or(uri);
    format!("{scheme}://{}", host(uri))
}
