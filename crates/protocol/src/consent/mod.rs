//! What a user allows a client, API by API, and what a grant rests on.
//!
//! The issuer counts as one API, and `offline_access` is allowed at each API by itself. A user and a client have one row, with
//! an entry for each API: all facts of a decision stay one row, and an answer on a consent page is one compare-and-set.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use proofkey_oauth::{Scope, Timestamp, standard_scope};

use crate::api::{Apis, GrantedApis, concerning};
use crate::client::Client;
use crate::ids::{ApiId, ClientId, UserId};
use crate::refusal::{Named, Refusal};

/// The most that one user can allow one client, in bytes as it is stored.
pub const CONSENT_BYTES_MAX: usize = 32 * 1024;

/// What a user has allowed a client: one line for each API in the order of their ids, with the id, the instant since when it
/// stands, and the scope. It is kept as the text that it is stored as, which is what a change is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentFacts(String);

/// A remembered consent, as an operator sees it.
#[derive(Clone, Debug)]
pub struct ConsentRecord {
    /// The user who allows.
    pub user_id: UserId,
    /// The client that is allowed.
    pub client_id: ClientId,
    /// What it is allowed, API by API.
    pub consent: ConsentFacts,
}

/// What a user has allowed a client at one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiConsent<'a> {
    /// The API.
    pub api: ApiId,
    /// Since when without a break: a grant from before belongs to a consent that was withdrawn.
    pub since: Timestamp,
    scope: &'a str,
}

impl ConsentFacts {
    /// Reads a stored text. `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut before = None;
        for line in text.split('\n').filter(|_| !text.is_empty()) {
            let entry = ApiConsent::parse(line)?;
            if before >= Some(entry.api) {
                return None;
            }
            before = Some(entry.api);
        }
        Some(Self(text.to_owned()))
    }

    /// All that a scope opens where no API is named, and what a user allows who has just allowed that to a client and nothing
    /// before.
    pub fn of_scope(scope: &Scope, apis: &Apis, now: Timestamp) -> Result<(GrantedApis, Self), Refusal> {
        let owners = scope.iter().flat_map(|token| apis.owners(token)).copied().collect::<Vec<_>>();
        let issuer = scope.contains(standard_scope::OPENID) || owners.is_empty();
        let granted = GrantedApis::implied(owners.into_iter().chain(issuer.then_some(ApiId::ISSUER)));
        let consent = Access { scope, apis: &granted }.allowed_beside(None, apis, now)?;
        Ok((granted, consent))
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The entry of each API.
    pub fn iter(&self) -> impl Iterator<Item = ApiConsent<'_>> {
        self.0.split('\n').filter_map(ApiConsent::parse)
    }

    /// The same without the entry of one API; `None` if it has none.
    pub fn without(&self, api: ApiId) -> Option<Self> {
        self.at(api)?;
        let kept =
            self.0.split('\n').filter(|line| ApiConsent::parse(line).is_none_or(|entry| entry.api != api));
        Some(Self(kept.collect::<Vec<_>>().join("\n")))
    }

    /// What is allowed at one API.
    pub(crate) fn at(&self, api: ApiId) -> Option<ApiConsent<'_>> {
        self.iter().find(|entry| entry.api == api)
    }
}

impl<'a> ApiConsent<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (api, rest) = line.split_once(' ')?;
        let (since, scope) = rest.split_once(' ').unwrap_or((rest, ""));
        let api = ApiId::parse(api)?;
        let since = since.parse().ok().map(Timestamp)?;
        // A scope holds neither of the two that an entry is separated by.
        let well_formed = |token: &str| !token.is_empty() && Scope::is_token(token);
        (scope.is_empty() || scope.split(' ').all(well_formed)).then_some(Self { api, since, scope })
    }

    /// Whether a scope is allowed there.
    pub fn allows(&self, token: &str) -> bool {
        self.scope.split(' ').any(|allowed| allowed == token)
    }

    /// All that is allowed there, as text.
    pub const fn scope(&self) -> &'a str {
        self.scope
    }
}

/// What is asked for, or was granted: a scope at some APIs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) apis: &'a GrantedApis,
}

impl Access<'_> {
    /// Whether all of it is allowed; where `since` is given, without a break since then.
    pub(crate) fn is_allowed(self, consent: &ConsentFacts, since: Option<Timestamp>, apis: &Apis) -> bool {
        self.apis.needed(self.scope).all(|api| {
            consent.at(api).is_some_and(|entry| {
                since.is_none_or(|since| entry.since <= since)
                    && concerning(self.scope, api, apis).all(|token| entry.allows(token))
            })
        })
    }

    /// What a user allows a client once this is allowed too. What was allowed at an API that has been removed is left out. What
    /// was allowed by a clock that ran ahead stands since now.
    pub(crate) fn allowed_beside(
        self,
        before: Option<&ConsentFacts>,
        apis: &Apis,
        now: Timestamp,
    ) -> Result<ConsentFacts, Refusal> {
        let kept = before.into_iter().flat_map(ConsentFacts::iter).filter(|entry| !apis.is_gone(entry.api));
        let mut entries: BTreeMap<ApiId, (Timestamp, Vec<&str>)> =
            kept.map(|entry| (entry.api, (entry.since.min(now), entry.scope.split(' ').collect()))).collect();
        for api in self.apis.needed(self.scope) {
            let (_, tokens) = entries.entry(api).or_insert((now, Vec::new()));
            for token in concerning(self.scope, api, apis) {
                if !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
        }
        let line = |(api, (since, tokens)): (&ApiId, &(Timestamp, Vec<&str>))| {
            let tokens = tokens.iter().filter(|token| !token.is_empty());
            tokens.fold(format!("{api} {}", since.seconds()), |line, token| line + " " + token)
        };
        let text = entries.iter().map(line).collect::<Vec<_>>().join("\n");
        if text.len() > CONSENT_BYTES_MAX { Err(Refusal::ConsentTooLarge) } else { Ok(ConsentFacts(text)) }
    }

    /// Refuses what no longer stands: all that a grant rests on is asked here, of a code that is redeemed and of a grant that is
    /// used. Every API exists, every consent stands, and the client is still registered for both.
    pub(crate) fn check_stands(
        self,
        consent: Option<&ConsentFacts>,
        since: Option<Timestamp>,
        client: &Client,
        apis: &Apis,
    ) -> Result<(), Refusal> {
        if !self.apis.iter().all(|api| apis.resolves(api)) {
            return Err(Refusal::ApiRemoved);
        }
        if !consent.is_some_and(|consent| self.is_allowed(consent, since, apis)) {
            return Err(Refusal::ConsentWithdrawn);
        }
        // The registration may have been narrowed since.
        if let Some(token) = self.scope.iter().find(|token| !client.scope.contains(token)) {
            return Err(Refusal::ScopeUnregistered(Named::of(token)));
        }
        match self
            .apis
            .iter()
            .filter_map(|api| apis.by_id(api))
            .find(|api| !client.is_registered_for(api, apis))
        {
            Some(api) => Err(Refusal::ResourceUnregistered(Named::of(api.record.resource.as_str()))),
            None => Ok(()),
        }
    }
}
