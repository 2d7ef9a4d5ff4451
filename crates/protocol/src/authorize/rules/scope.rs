//! The scope, and the APIs that it is for: well-formed, registered for the client, and known here (OAuth 2.1 §1.4.1, RFC 8707
//! §2).

use proofkey_oauth::{GrantType, Scope, standard_scope};

use super::{EnabledClient, Unambiguous};
use crate::api::{Apis, GrantedApis, is_standard};
use crate::cx::Cx;
use crate::ids::ApiId;
use crate::refusal::{Named, Refusal};

/// What a request asks for.
#[derive(Debug)]
pub(in crate::authorize) struct AskedAccess {
    pub(in crate::authorize) scope: Scope,
    pub(in crate::authorize) apis: GrantedApis,
    /// Scopes that are not known here: an OpenID request is answered without them (OpenID Connect Core §3.1.2.1).
    pub(in crate::authorize) ignored: Scope,
}

/// The APIs that the `resource` parameters name: each exists, and the client is registered for it. The issuer is open to all.
pub(in crate::authorize) fn resources(
    request: Unambiguous<'_>,
    client: &EnabledClient,
    cx: &Cx<'_>,
) -> Result<Vec<ApiId>, Refusal> {
    let registered = |sent: &String| {
        let id = cx.apis.named(sent, &cx.policy.issuer)?;
        match cx.apis.by_id(id) {
            Some(api) if !client.is_registered_for(api, cx.apis) => {
                Err(Refusal::ResourceUnregistered(Named::of(api.resource())))
            }
            _ => Ok(id),
        }
    };
    request.resource.iter().map(registered).collect()
}

/// The scope of a request and the APIs of its grant: those that `named` has or, if it has none, those of the scope. Without a
/// `scope` it is what the client may have at the APIs that it names: at none, nothing.
pub(in crate::authorize) fn access(
    request: Unambiguous<'_>,
    client: &EnabledClient,
    named: &[ApiId],
    apis: &Apis,
) -> Result<AskedAccess, Refusal> {
    let Some(sent) = request.scope.as_deref() else {
        let of_named = |token: &str| !is_standard(token) && named.iter().any(|api| apis.owns(*api, token));
        return Ok(asked(client.scope.filter(of_named), Scope::default(), named, vec![]));
    };
    // A client that cannot refresh gets nothing out of offline_access: it is left out, as OpenID Connect Core §11 has it.
    let refreshes = client.allows_grant(GrantType::RefreshToken);
    let sent = Scope::parse(sent).map_err(|_| Refusal::ScopeMalformed)?;
    let sent = sent.filter(|token| refreshes || token != standard_scope::OFFLINE_ACCESS);
    if sent.is_empty() && named.is_empty() {
        return Err(Refusal::ScopeMissing);
    }
    let known = |token: &str| is_standard(token) || !apis.owners(token).is_empty();
    let (scope, unknown) = (sent.filter(known), sent.filter(|token| !known(token)));
    if let Some(token) = unknown.iter().next()
        && !scope.contains(standard_scope::OPENID)
    {
        return Err(Refusal::ScopeUnowned(Named::of(token)));
    }
    let own: Vec<ApiId> = client.apis(apis).map(|api| api.id).collect();
    let mut implied = Vec::new();
    for token in scope.iter() {
        if !client.scope.contains(token) {
            return Err(Refusal::ScopeUnregistered(Named::of(token)));
        }
        if !is_standard(token) {
            implied.extend(owner(token, &own, named, apis)?);
        }
    }
    Ok(asked(scope, unknown, named, implied))
}

/// The API that a scope means where the request names none. `None` where it names some: then each of those that owns the scope is
/// meant.
fn owner(token: &str, own: &[ApiId], named: &[ApiId], apis: &Apis) -> Result<Option<ApiId>, Refusal> {
    let owners = || apis.owners(token).iter().copied().filter(|api| own.contains(api));
    let mut several = owners();
    match (several.next(), several.next()) {
        (None, _) => Err(Refusal::ScopeUnregistered(Named::of(token))),
        (Some(_), _) if !named.is_empty() => {
            let at_named = owners().any(|api| named.contains(&api));
            if at_named { Ok(None) } else { Err(Refusal::ScopeOfOtherApi(Named::of(token))) }
        }
        (Some(only), None) => Ok(Some(only)),
        // Before consent: no user is asked about an access of which no token could be had.
        (Some(_), Some(_)) => Err(apis.ambiguous(owners())),
    }
}

fn asked(scope: Scope, ignored: Scope, named: &[ApiId], implied: Vec<ApiId>) -> AskedAccess {
    if !named.is_empty() {
        return AskedAccess { scope, apis: GrantedApis::named(named.iter().copied()), ignored };
    }
    let issuer = scope.contains(standard_scope::OPENID) || implied.is_empty();
    let apis = GrantedApis::implied(implied.into_iter().chain(issuer.then_some(ApiId::ISSUER)));
    AskedAccess { scope, apis, ignored }
}
