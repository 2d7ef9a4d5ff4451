//! The APIs of a grant.

use std::fmt;

use proofkey_oauth::{Scope, standard_scope};

use super::{Apis, is_standard};
use crate::ids::ApiId;

/// The first word of the text where the request named the APIs.
const NAMED: &str = "named";
/// The first word where they follow from the scope.
const IMPLIED: &str = "implied";

/// The APIs of a grant, in the order of their ids. It is the default audience of the grant's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedApis {
    named: bool,
    ids: Vec<ApiId>,
}

impl GrantedApis {
    /// What `resource` named at the authorization endpoint: these and no others.
    pub fn named(ids: impl IntoIterator<Item = ApiId>) -> Self {
        Self { named: true, ids: ordered(ids) }
    }

    /// What follows from the scope where nothing was named: the APIs that own it, and the issuer with `openid`.
    pub fn implied(ids: impl IntoIterator<Item = ApiId>) -> Self {
        Self { named: false, ids: ordered(ids) }
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let named = match words.next()? {
            NAMED => true,
            IMPLIED => false,
            _ => return None,
        };
        let ids = words.map(ApiId::parse).collect::<Option<Vec<_>>>()?;
        let ascending = ids.is_sorted_by(|a, b| a < b);
        (ascending && !ids.is_empty()).then_some(Self { named, ids })
    }

    /// Whether the request named them.
    pub const fn is_named(&self) -> bool {
        self.named
    }

    /// The ids, the issuer's among them.
    pub fn iter(&self) -> impl Iterator<Item = ApiId> {
        self.ids.iter().copied()
    }

    /// Whether this one is among them.
    pub fn contains(&self, id: ApiId) -> bool {
        self.ids.contains(&id)
    }

    /// All that a grant of `scope` at these rests on: these, and the issuer where the scope holds what is the user's there.
    /// (`offline_access` belongs to each of them.)
    pub(crate) fn needed(&self, scope: &Scope) -> impl Iterator<Item = ApiId> {
        let of_user = |token: &str| is_standard(token) && token != standard_scope::OFFLINE_ACCESS;
        let issuer = (!self.contains(ApiId::ISSUER) && scope.iter().any(of_user)).then_some(ApiId::ISSUER);
        issuer.into_iter().chain(self.iter())
    }
}

/// The part of a scope that concerns one API: what the API owns, and that the access outlives the person's presence.
pub(crate) fn concerning<'a>(
    scope: &'a Scope,
    api: ApiId,
    apis: &'a Apis,
) -> impl Iterator<Item = &'a str> + Clone {
    scope.iter().filter(move |token| *token == standard_scope::OFFLINE_ACCESS || apis.owns(api, token))
}

impl fmt::Display for GrantedApis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.named { NAMED } else { IMPLIED })?;
        self.ids.iter().try_for_each(|id| write!(out, " {id}"))
    }
}

fn ordered(ids: impl IntoIterator<Item = ApiId>) -> Vec<ApiId> {
    let mut ids: Vec<ApiId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
