//! Registering APIs (resource servers).

use proofkey_oauth::{ResourceUri, Scope, Secret, standard_scope};
use proofkey_protocol::{ApiRecord, ApiScope};
use proofkey_store::Store;

use super::{AdminRefused, named, new_secret};
use crate::app::ACCESS_TOKEN_SECONDS_MAX;

/// Most scopes of one API.
const SCOPES_MAX: usize = 200;

/// An API as `api add` takes it.
#[derive(Debug, Default)]
pub struct NewApi {
    /// Its resource indicator.
    pub resource: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Its scopes, each a name, or a name, `=` and what it allows.
    pub scopes: Vec<String>,
    /// Life of its access tokens.
    pub access_token_seconds: Option<i64>,
    /// Algorithm of its access tokens.
    pub algorithm: Option<String>,
    /// Whether it gets a credential to introspect with.
    pub introspection: bool,
}

/// A registered API, with the credential that is shown this once.
#[derive(Debug)]
pub struct AddedApi {
    /// Its record.
    pub record: ApiRecord,
    /// What it introspects with: its resource is the username, this the password.
    pub introspection: Option<Secret>,
}

/// Checks and registers an API.
pub async fn add_api(store: &Store, new: NewApi) -> Result<AddedApi, AdminRefused> {
    let refuse = |message: String| AdminRefused::Api(message);
    let resource =
        ResourceUri::parse(&new.resource).map_err(|malformed| refuse(format!("--resource: {malformed}")))?;
    if new.scopes.is_empty() || new.scopes.len() > SCOPES_MAX {
        return Err(refuse(format!("--scope: name 1 to {SCOPES_MAX} scopes")));
    }
    let scopes = new.scopes.iter().map(|text| scope(text)).collect::<Result<Vec<_>, _>>().map_err(refuse)?;
    if new.access_token_seconds.is_some_and(|seconds| !(1..=ACCESS_TOKEN_SECONDS_MAX).contains(&seconds)) {
        return Err(refuse(format!("--token-seconds: 1 to {ACCESS_TOKEN_SECONDS_MAX}")));
    }
    if new.algorithm.as_deref().is_some_and(|name| !["ES256", "EdDSA", "RS256"].contains(&name)) {
        return Err(refuse("--algorithm: one of ES256, EdDSA, RS256".to_owned()));
    }
    // A scope belongs to one API: that is how a request without a resource finds its audience.
    for other in store.apis().await? {
        if let Some(taken) =
            scopes.iter().find(|scope| other.scopes.iter().any(|known| known.name == scope.name))
        {
            return Err(refuse(format!("--scope: `{}` belongs to {} already", taken.name, other.resource)));
        }
    }
    let introspection = new.introspection.then(new_secret);
    let record = ApiRecord {
        resource,
        name: new.name,
        scopes,
        access_token_seconds: new.access_token_seconds,
        algorithm: new.algorithm,
        introspection: introspection.as_ref().map(Secret::hash),
    };
    let name = format!("API {}", record.resource);
    store.add_api(record.clone()).await.map_err(|fault| named(fault, name))?;
    tracing::info!(resource = %record.resource, "API registered");
    Ok(AddedApi { record, introspection })
}

fn scope(text: &str) -> Result<ApiScope, String> {
    let (name, description) = match text.split_once('=') {
        Some((name, description)) => (name, Some(description.trim().to_owned())),
        None => (text, None),
    };
    let parsed = Scope::parse(name).map_err(|malformed| format!("--scope `{name}`: {malformed}"))?;
    if parsed.iter().count() != 1 {
        return Err(format!("--scope `{name}`: give each scope its own --scope"));
    }
    if standard_scope::ALL.contains(&name) {
        return Err(format!("--scope `{name}`: this scope belongs to OpenID Connect"));
    }
    Ok(ApiScope { name: name.to_owned(), description: description.filter(|text| !text.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_single_tokens_outside_the_standard_ones() {
        assert_eq!(scope("read=Read your notes").unwrap().description.as_deref(), Some("Read your notes"));
        assert_eq!(scope("read").unwrap().description, None);
        for bad in ["openid", "a b", "", "a\"b"] {
            assert!(scope(bad).is_err(), "{bad}");
        }
    }
}
