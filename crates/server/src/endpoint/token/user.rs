//! The user of whom an ID token says something.

use proofkey_oauth::Scope;
use proofkey_protocol::{AuthenticatedClient, UserId, UserRecord};

use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;

/// The record of the user, where the client's ID tokens say something of it: no other request reads one.
pub(super) async fn user_of(
    context: &RequestContext<'_>,
    client: &AuthenticatedClient,
    user: &UserId,
    scope: &Scope,
) -> Result<Option<UserRecord>, Failure> {
    if client.client().needs_user(scope) { Ok(context.app.store.user(user).await?) } else { Ok(None) }
}
