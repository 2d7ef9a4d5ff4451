//! The APIs under this issuer, and which of them a token is for (RFC 8707, RFC 9068 §3).

use std::collections::HashMap;

use proofkey_oauth::{Issuer, ResourceUri, Scope, standard_scope};

use crate::records::{ApiRecord, ApiScope};
use crate::refusal::Refusal;

/// Every registered API, with the way from a scope to its API.
#[derive(Debug, Default)]
pub struct Apis {
    apis: HashMap<ResourceUri, ApiRecord>,
    owners: HashMap<String, ResourceUri>,
}

/// The audience of an access token, and the scope that it has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The API; none when the token serves this server alone.
    pub api: Option<ResourceUri>,
    /// The `aud` claim.
    pub audience: Vec<String>,
    /// The scope that means something there.
    pub scope: Scope,
}

impl Apis {
    /// Takes over the registered APIs. Of two that claim one scope the first in order of resource owns it; `api add`
    /// refuses the second.
    pub fn new(mut records: Vec<ApiRecord>) -> Self {
        records.sort_by(|a, b| a.resource.cmp(&b.resource));
        let mut apis = Self::default();
        for record in records {
            // What a standard scope opens is the user's, at this server; no API can claim it.
            let own = |scope: &&ApiScope| !standard_scope::ALL.contains(&scope.name.as_str());
            for scope in record.scopes.iter().filter(own) {
                apis.owners.entry(scope.name.clone()).or_insert_with(|| record.resource.clone());
            }
            apis.apis.insert(record.resource.clone(), record);
        }
        apis
    }

    /// The API of a resource indicator, if it is registered; by its own spelling first, then by one that names the same (RFC
    /// 3986 §6.2.2, §6.2.3). What is issued carries the registered text.
    pub fn find(&self, resource: &ResourceUri) -> Option<&ApiRecord> {
        let same = || self.apis.values().filter(|api| api.resource.names(resource.as_str()));
        self.apis.get(resource).or_else(|| same().min_by(|a, b| a.resource.cmp(&b.resource)))
    }

    /// The API that owns a scope.
    pub fn owner(&self, scope: &str) -> Option<&ResourceUri> {
        self.owners.get(scope)
    }

    /// Every scope that an API owns, in no order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.owners.keys().map(String::as_str)
    }

    /// Checks the `resource` parameters of a request: each is absolute and names an API or the issuer (RFC 8707 §2).
    pub fn resources(&self, sent: &[String], issuer: &Issuer) -> Result<Vec<ResourceUri>, Refusal> {
        let mut found: Vec<ResourceUri> = Vec::new();
        for text in sent {
            let resource = ResourceUri::parse(text).map_err(|_| Refusal::ResourceMalformed)?;
            let resource = match self.find(&resource) {
                Some(api) => api.resource.clone(),
                None if resource.names(issuer.as_str()) => {
                    ResourceUri::parse(issuer.as_str()).map_err(|_| Refusal::ResourceMalformed)?
                }
                None => return Err(Refusal::ResourceUnknown),
            };
            if !found.contains(&resource) {
                found.push(resource);
            }
        }
        Ok(found)
    }

    /// The audience of a token with `scope`.
    ///
    /// `requested` are the resources of the token request, `granted` those of the authorization request; where that named
    /// none, the APIs that own the scopes are what was granted, so that a token request cannot reach an API of which the
    /// person never heard (RFC 8707 §2.2). With `openid` and no explicit resource the issuer is an audience too, so that
    /// one token serves userinfo.
    pub fn audience(
        &self,
        requested: &[ResourceUri],
        granted: &[ResourceUri],
        scope: &Scope,
        issuer: &Issuer,
    ) -> Result<Audience, Refusal> {
        let is_issuer = |resource: &ResourceUri| resource.as_str() == issuer.as_str();
        let openid = scope.contains(standard_scope::OPENID);
        let mut owners: Vec<&ResourceUri> = scope.iter().filter_map(|token| self.owner(token)).collect();
        owners.sort();
        owners.dedup();
        let allowed = |resource: &ResourceUri| {
            let implied = granted.is_empty() && owners.contains(&resource);
            implied || granted.contains(resource) || (is_issuer(resource) && openid)
        };
        if !requested.iter().all(allowed) {
            return Err(Refusal::ResourceBeyondGrant);
        }
        let named = if requested.is_empty() { granted } else { requested };
        let of_named: Vec<&ResourceUri> = named.iter().filter(|resource| !is_issuer(resource)).collect();
        let api = match if named.is_empty() { &owners } else { &of_named }.as_slice() {
            [] => None,
            // Named when the grant was given, and removed since.
            [api] if self.find(api).is_none() => return Err(Refusal::ResourceUnknown),
            [api] => Some((*api).clone()),
            _ => return Err(Refusal::ResourceAmbiguous),
        };
        let with_issuer = api.is_none() || named.iter().any(is_issuer) || (openid && requested.is_empty());
        let mut audience: Vec<String> = api.iter().map(|api| api.as_str().to_owned()).collect();
        if with_issuer {
            audience.push(issuer.as_str().to_owned());
        }
        let belongs = |token: &str| match self.owner(token) {
            Some(owner) => Some(owner) == api.as_ref(),
            None => with_issuer && standard_scope::ALL.contains(&token),
        };
        let scope = scope.filter(belongs);
        Ok(Audience { api, audience, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ISSUER, api};

    fn check(requested: &[&str], granted: &[&str], scope: &str) -> Result<(Vec<String>, String), Refusal> {
        let apis = Apis::new(vec![
            api("https://notes.example", &["read", "write"]),
            api("https://mail.example", &["send"]),
        ]);
        let issuer = Issuer::parse(ISSUER).unwrap();
        let uris =
            |list: &[&str]| list.iter().map(|text| ResourceUri::parse(text).unwrap()).collect::<Vec<_>>();
        let scope = Scope::parse(scope).unwrap();
        let audience = apis.audience(&uris(requested), &uris(granted), &scope, &issuer)?;
        Ok((audience.audience, audience.scope.to_string()))
    }

    #[test]
    fn tk_14_v_36_the_audience_is_what_was_named_granted_or_owned() {
        let notes = "https://notes.example".to_owned();
        let mail = "https://mail.example";
        let ok =
            |aud: &[&str], scope: &str| Ok((aud.iter().map(|a| (*a).to_owned()).collect(), scope.to_owned()));
        assert_eq!(check(&[], &[], "openid read"), ok(&[&notes, ISSUER], "openid read"));
        assert_eq!(check(&[&notes], &[&notes], "openid read"), ok(&[&notes], "read"));
        assert_eq!(check(&[], &[&notes], "openid read"), ok(&[&notes, ISSUER], "openid read"));
        assert_eq!(check(&[ISSUER], &[&notes], "openid read"), ok(&[ISSUER], "openid"));
        assert_eq!(check(&[], &[], "openid profile"), ok(&[ISSUER], "openid profile"));
        assert_eq!(check(&[], &[], "read send"), Err(Refusal::ResourceAmbiguous));
        assert_eq!(check(&[mail], &[], "read send"), ok(&[mail], "send"));
        assert_eq!(check(&[mail], &[&notes], "read"), Err(Refusal::ResourceBeyondGrant));
        assert_eq!(check(&[ISSUER], &[&notes], "read"), Err(Refusal::ResourceBeyondGrant));
        assert_eq!(check(&[], &[&notes, mail], "read send"), Err(Refusal::ResourceAmbiguous));
    }

    #[test]
    fn tk_15_no_api_owns_a_standard_scope() {
        let apis =
            Apis::new(vec![api("https://notes.example", &["openid", "profile", "offline_access", "read"])]);
        assert_eq!(apis.scopes().collect::<Vec<_>>(), ["read"]);
        assert!(apis.owner("openid").is_none() && apis.owner("read").is_some());
    }

    #[test]
    fn az_28_resources_are_absolute_and_known() {
        let apis = Apis::new(vec![api("https://notes.example", &["read"])]);
        let issuer = Issuer::parse(ISSUER).unwrap();
        let check = |text: &str| apis.resources(&[text.to_owned()], &issuer);
        assert_eq!(check("/notes"), Err(Refusal::ResourceMalformed));
        assert_eq!(check("https://notes.example#x"), Err(Refusal::ResourceMalformed));
        assert_eq!(check("https://other.example"), Err(Refusal::ResourceUnknown));
        assert!(check("https://notes.example").is_ok() && check(ISSUER).is_ok());
    }

    #[test]
    fn k_34_an_api_is_found_by_every_spelling_of_its_name_and_named_by_the_registered_one() {
        let apis = Apis::new(vec![
            api("https://notes.example", &["read"]),
            api("https://mail.example/api", &["send"]),
            // Of release 0.1, which took these for two.
            api("https://old.example", &["a"]),
            api("https://old.example/", &["b"]),
        ]);
        let issuer = Issuer::parse(ISSUER).unwrap();
        let found = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            let found = apis.resources(&texts, &issuer)?;
            Ok::<_, Refusal>(found.iter().map(|found| found.as_str().to_owned()).collect::<Vec<_>>())
        };
        for spelling in ["https://notes.example/", "https://NOTES.example:443", "https://notes.example/./"] {
            assert_eq!(found(&[spelling, "https://notes.example"]), Ok(vec!["https://notes.example".into()]));
        }
        assert_eq!(found(&["https://mail.example/x/../api"]), Ok(vec!["https://mail.example/api".into()]));
        assert_eq!(found(&[&format!("{ISSUER}/")]), Ok(vec![ISSUER.into()]));
        assert_eq!(found(&["https://old.example/"]), Ok(vec!["https://old.example/".into()]));
        assert_eq!(found(&["https://OLD.example/"]), Ok(vec!["https://old.example".into()]));
        for other in ["https://mail.example/api/", "https://mail.example/API", "http://notes.example"] {
            assert_eq!(found(&[other]), Err(Refusal::ResourceUnknown), "{other}");
        }
    }
}
