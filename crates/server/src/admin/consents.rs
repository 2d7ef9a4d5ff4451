//! Remembered consents: list, revoke. Only users give consent, on a page of their own.

use std::collections::BTreeMap;

use proofkey_oauth::{ResourceUri, Timestamp};
use proofkey_protocol::{ApiId, Apis, ClientId, ConsentRecord, UserId, UserRecord};
use proofkey_store::AdminFault;

use super::limits::ATTEMPTS_MAX;
use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::remembered::seen_by_servers;

/// What a user allows a client at one API.
#[derive(Debug)]
pub struct ListedConsent {
    /// Who allows it.
    pub user_id: UserId,
    /// The name that the user signs in with; empty if the user is gone.
    pub username: String,
    /// The client that is allowed it.
    pub client_id: ClientId,
    /// The resource of the API; none for what is the user's at this server.
    pub resource: Option<ResourceUri>,
    /// The scope that is allowed there.
    pub scope: String,
    /// Since when without a break.
    pub since: Timestamp,
}

impl Admin {
    /// Remembered consents of one user, for one client, or all, each with what it allows at each API; of at most 10,000 pairs of
    /// user and client. What was allowed at an API that has been removed is not among them.
    pub async fn consents(
        &self,
        username: Option<&str>,
        client: Option<&ClientId>,
    ) -> Result<Vec<ListedConsent>, AdminRefused> {
        let user = match username {
            Some(username) => Some(self.find_user(username).await?.id),
            None => None,
        };
        let records = self.store.consents(user.as_ref(), client).await?;
        let names = self.usernames(&records).await?;
        self.record_list(Noun::Consent);
        let apis = Apis::new(self.store.apis().await?);
        let resource = |id: ApiId| match id {
            ApiId::ISSUER => Some(None),
            id => apis.by_id(id).map(|api| Some(api.record.resource.clone())),
        };
        let mut listed = Vec::new();
        for record in &records {
            let username = names.get(record.user_id.as_str()).cloned().unwrap_or_default();
            let of_each = record.consent.iter().filter_map(|entry| Some((entry, resource(entry.api)?)));
            listed.extend(of_each.map(|(entry, resource)| ListedConsent {
                user_id: record.user_id.clone(),
                username: username.clone(),
                client_id: record.client_id.clone(),
                resource,
                scope: entry.scope().to_owned(),
                since: entry.since,
            }));
        }
        Ok(listed)
    }

    /// Withdraws what a user allows a client, at one API or at all, and ends the tokens that rest on it. Returns the user.
    pub async fn revoke_consent(
        &self,
        username: &str,
        client: &ClientId,
        api: Option<&ResourceUri>,
    ) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let revoked = match api {
            None => self.store.revoke_consent(&user.id, client).await,
            Some(resource) => {
                let api = self.api_id(resource).await?;
                self.revoke_consent_at(&user.id, client, api).await
            }
        };
        let name = || format!("of {username} for client {client}");
        revoked.map_err(|fault| AdminRefused::about(fault, Noun::Consent, name()))?;
        self.record_change(Verb::Revoke, Noun::Consent, format_args!("{} {client}", user.id));
        seen_by_servers().await;
        Ok(user)
    }

    /// Withdraws what a user allows a client at one API, of what stands: looked at again where it has changed before it was
    /// written, a few times.
    async fn revoke_consent_at(
        &self,
        user: &UserId,
        client: &ClientId,
        api: ApiId,
    ) -> Result<(), AdminFault> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.store.consents(Some(user), Some(client)).await?.pop();
            let before = before.ok_or(AdminFault::Missing)?.consent;
            let after = before.without(api).ok_or(AdminFault::Missing)?;
            match self.store.narrow_consent(user, client, before, after).await {
                Err(AdminFault::Conflict) => {}
                settled => return settled,
            }
        }
        Err(AdminFault::Conflict)
    }

    /// The id of an API; the issuer's for the issuer.
    async fn api_id(&self, resource: &ResourceUri) -> Result<ApiId, AdminRefused> {
        if resource.as_str() == self.issuer.as_str() {
            return Ok(ApiId::ISSUER);
        }
        let apis = Apis::new(self.store.apis().await?);
        let missing = || AdminRefused::Missing { noun: Noun::Api, name: resource.to_string() };
        apis.find(resource).map(|api| api.id).ok_or_else(missing)
    }

    async fn usernames(&self, records: &[ConsentRecord]) -> Result<BTreeMap<String, String>, AdminRefused> {
        let mut names = BTreeMap::new();
        for record in records {
            let id = record.user_id.as_str();
            if !names.contains_key(id)
                && let Some(user) = self.store.user(&record.user_id).await?
            {
                names.insert(id.to_owned(), user.username);
            }
        }
        Ok(names)
    }
}
