//! What a client's own access token rests on. No row says that it was given, so the token says it itself.

use std::fmt;

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::Timestamp;

use crate::api::Apis;
use crate::client::Client;
use crate::ids::ApiId;

/// A client's own access to one API. It ends as a grant does: with the API, whatever is added under its name later; and with all
/// that the client was given, of which `client_valid_from` speaks: that instant moves with every end, so another one than the
/// client has says that the token came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnAccess {
    /// The API that it is for.
    pub(crate) api: ApiId,
    /// What the client had when the access was given.
    pub(crate) client_valid_from: Timestamp,
}

impl OwnAccess {
    /// What the claims of a client's own token say. A token of an earlier release says nothing: there the API is the one of
    /// its audience, and what was issued up to the end has ended.
    pub(crate) fn of(claims: &AccessTokenClaims, client_valid_from: Timestamp, apis: &Apis) -> Option<Self> {
        if let Some(basis) = &claims.basis {
            return Self::parse(basis);
        }
        let api = claims.aud.as_slice().iter().find_map(|resource| apis.by_resource(resource))?.id;
        (claims.iat.seconds() > client_valid_from.seconds()).then_some(Self { api, client_valid_from })
    }

    /// Whether it stands: nothing has ended since, the API exists, and the client is still registered for it and the scope.
    pub(crate) fn stands(
        self,
        scope: Option<&str>,
        client: &Client,
        client_valid_from: Timestamp,
        apis: &Apis,
    ) -> bool {
        let registered = |token: &str| client.scope.contains(token);
        self.client_valid_from == client_valid_from
            && apis.by_id(self.api).is_some_and(|api| client.is_registered_for(api, apis))
            && scope.is_none_or(|scope| scope.split(' ').all(registered))
    }

    fn parse(text: &str) -> Option<Self> {
        let (api, since) = text.split_once('.')?;
        Some(Self { api: ApiId::parse(api)?, client_valid_from: Timestamp(since.parse().ok()?) })
    }
}

impl fmt::Display for OwnAccess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.api, self.client_valid_from.seconds())
    }
}
