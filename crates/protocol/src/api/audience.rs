//! Which API a token is for (RFC 8707 §2.2, RFC 9068 §3).

use proofkey_oauth::{Issuer, Scope, standard_scope};

use super::{Apis, GrantedApis};
use crate::ids::ApiId;
use crate::records::ApiRecord;
use crate::refusal::{Named, Refusal};

/// The audience of an access token, and the scope that it has there.
#[derive(Clone, Debug)]
pub struct Audience<'a> {
    /// The API; none when the token serves this server alone.
    pub api: Option<&'a ApiRecord>,
    /// The `aud` claim.
    pub audience: Vec<String>,
    /// The scope that means something there.
    pub scope: Scope,
}

/// Where a token goes: to one API, to the issuer, or, where none was named, to both.
#[derive(Clone, Copy)]
struct Destination {
    api: Option<ApiId>,
    issuer: bool,
}

impl Apis {
    /// The audience of a token with `scope`. `requested` is the resource of the token request, `granted` what the grant is
    /// for: a token request cannot reach an API of which the person never heard (RFC 8707 §2.2).
    pub fn audience(
        &self,
        requested: Option<ApiId>,
        granted: &GrantedApis,
        scope: &Scope,
        issuer: &Issuer,
    ) -> Result<Audience<'_>, Refusal> {
        let openid = scope.contains(standard_scope::OPENID);
        let to = match requested {
            None => self.default_destination(granted, scope)?,
            Some(ApiId::ISSUER) if openid || granted.contains(ApiId::ISSUER) => {
                Destination { api: None, issuer: true }
            }
            Some(id) if granted.contains(id) => Destination { api: Some(id), issuer: false },
            Some(_) => return Err(Refusal::ResourceBeyondGrant),
        };
        let api = match to.api {
            Some(id) => Some(&self.by_id(id).ok_or(Refusal::ApiRemoved)?.record),
            None => None,
        };
        let audience = api.map(|api| api.resource.as_str()).into_iter();
        let audience = audience.chain(to.issuer.then_some(issuer.as_str())).map(str::to_owned).collect();
        let belongs = |token: &str| {
            (to.issuer && self.owns(ApiId::ISSUER, token)) || to.api.is_some_and(|id| self.owns(id, token))
        };
        Ok(Audience { api, audience, scope: scope.filter(belongs) })
    }

    /// Where a token goes that no token request directs: to the one API of the grant, if there is one, else to the issuer. To
    /// both only where nothing was named: an API that was named gets no token that opens userinfo.
    fn default_destination(&self, granted: &GrantedApis, scope: &Scope) -> Result<Destination, Refusal> {
        // A narrower scope narrows what follows from the scope.
        let follows = |id: &ApiId| granted.is_named() || scope.iter().any(|token| self.owns(*id, token));
        let mut apis = granted.iter().filter(|id| *id != ApiId::ISSUER).filter(follows);
        match (apis.next(), apis.next()) {
            (None, _) => Ok(Destination { api: None, issuer: true }),
            (Some(api), None) => {
                let issuer = !granted.is_named() && scope.contains(standard_scope::OPENID);
                Ok(Destination { api: Some(api), issuer })
            }
            (Some(_), Some(_)) => Err(self.ambiguous(granted.iter())),
        }
    }

    /// The refusal to choose among APIs, which lists them.
    pub(crate) fn ambiguous(&self, among: impl Iterator<Item = ApiId>) -> Refusal {
        let resources = among.filter_map(|id| self.by_id(id)).map(|api| api.record.resource.as_str());
        Refusal::ResourceAmbiguous(Named::list(resources))
    }
}
