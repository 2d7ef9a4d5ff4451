//! APIs (resource servers): add, list, remove.

use proofkey_oauth::{ResourceUri, Scope, Secret, standard_scope};
use proofkey_protocol::{Algorithm, ApiRecord, ApiScope, Apis, ClientId};

use super::api_refused::ApiRefused;
use super::limits::SCOPES_MAX;
use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused, new_secret};
use crate::config::ACCESS_TOKEN_SECONDS_MAX;
use crate::remembered::seen_by_servers;

/// An API to be added.
#[derive(Debug, Default)]
pub struct NewApi {
    /// Its resource indicator (RFC 8707), which is the audience of its tokens.
    pub resource: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Its scopes, each with what it allows in words.
    pub scopes: Vec<ApiScope>,
    /// Life of its access tokens in seconds; the server's where it is absent.
    pub access_token_seconds: Option<i64>,
    /// Algorithm of its access tokens; ES256 where it is absent.
    pub algorithm: Option<String>,
    /// Whether it gets a credential to introspect with.
    pub introspection: bool,
}

/// A registered API, with the credential that is shown this once.
#[derive(Debug)]
pub struct AddedApi {
    /// What is stored of it.
    pub record: ApiRecord,
    /// What it introspects with: its resource is the username, this the password.
    pub introspection: Option<Secret>,
    /// Clients that wait for one of its scopes: they are registered for it, and for no API that has it. Why they could not be read
    /// is no failure of the registration.
    pub waiting: Result<Vec<ClientId>, AdminRefused>,
}

impl Admin {
    /// Checks and registers an API.
    pub async fn add_api(&self, new: NewApi) -> Result<AddedApi, AdminRefused> {
        let resource = ResourceUri::parse(&new.resource).map_err(ApiRefused::Resource)?;
        check_scopes(&new.scopes)?;
        check_seconds(new.access_token_seconds)?;
        let algorithm = new.algorithm.as_deref().map(algorithm).transpose()?;
        let others = self.store.apis().await?;
        if let Some(same) = others.iter().find(|other| other.record.resource.names(resource.as_str())) {
            let name = same.resource().to_owned();
            return Err(AdminRefused::Exists { noun: Noun::Api, name });
        }
        let introspection = new.introspection.then(new_secret);
        let record = ApiRecord {
            resource,
            name: new.name,
            scopes: new.scopes,
            access_token_seconds: new.access_token_seconds,
            algorithm,
            introspection: introspection.as_ref().map(Secret::hash),
        };
        let added = self.store.add_api(record.clone()).await;
        added.map_err(|fault| AdminRefused::about(fault, Noun::Api, &record.resource))?;
        self.record_change(Verb::Add, Noun::Api, &record.resource);
        seen_by_servers().await;
        let waiting = self.clients_waiting_for(&record).await;
        Ok(AddedApi { record, introspection, waiting })
    }

    /// Every API, in the order of their resources.
    pub async fn apis(&self) -> Result<Vec<ApiRecord>, AdminRefused> {
        let mut records: Vec<_> = self.store.apis().await?.into_iter().map(|api| api.record).collect();
        records.sort_by(|a, b| a.resource.cmp(&b.resource));
        self.record_list(Noun::Api);
        Ok(records)
    }

    /// Removes an API: once it returns no server of this machine issues a token for it, and what people allowed there has ended
    /// with it. An API that is added under the same resource is another one.
    pub async fn remove_api(&self, resource: &ResourceUri) -> Result<(), AdminRefused> {
        let apis = Apis::new(self.store.apis().await?);
        // The spelling that is registered, where another one of the same name was given.
        let resource = apis.find(resource).map_or(resource, |api| &api.record.resource);
        let removed = self.store.remove_api(resource).await;
        removed.map_err(|fault| AdminRefused::about(fault, Noun::Api, resource))?;
        self.record_change(Verb::Remove, Noun::Api, resource);
        seen_by_servers().await;
        Ok(())
    }
}

pub(super) fn check_seconds(seconds: Option<i64>) -> Result<(), ApiRefused> {
    if seconds.is_some_and(|seconds| !(1..=ACCESS_TOKEN_SECONDS_MAX).contains(&seconds)) {
        return Err(ApiRefused::AccessTokenSeconds);
    }
    Ok(())
}

pub(super) fn algorithm(name: &str) -> Result<Algorithm, ApiRefused> {
    let known = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
    known.ok_or(ApiRefused::Algorithm)
}

pub(super) fn check_scopes(scopes: &[ApiScope]) -> Result<(), ApiRefused> {
    if scopes.is_empty() || scopes.len() > SCOPES_MAX {
        return Err(ApiRefused::ScopeCount);
    }
    scopes.iter().enumerate().try_for_each(|(at, scope)| check_scope(at, &scope.name))
}

fn check_scope(at: usize, name: &str) -> Result<(), ApiRefused> {
    let named = || name.to_owned();
    let parsed =
        Scope::parse(name).map_err(|cause| ApiRefused::ScopeMalformed { at, name: named(), cause })?;
    if parsed.iter().count() != 1 {
        return Err(ApiRefused::ScopeNotSingle { at, name: named() });
    }
    if standard_scope::ALL.contains(&name) {
        return Err(ApiRefused::ScopeStandard { at, name: named() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::member::Member;

    #[test]
    fn scopes_are_single_tokens_outside_the_standard_ones() {
        assert_eq!(check_scope(0, "read"), Ok(()));
        for bad in ["openid", "a b", "", "a\"b"] {
            assert_eq!(check_scope(3, bad).unwrap_err().member(), Member::item("scopes", 3), "{bad}");
        }
    }
}
