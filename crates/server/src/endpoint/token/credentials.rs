//! The client credentials grant. It depends on the client alone, and on how that stands.

use proofkey_oauth::CredentialsRequest;
use proofkey_protocol::token::{self, CredentialsGrant, GrantRequest, Issue};
use proofkey_protocol::{AuthenticatedClient, Refusal};

use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;

/// Issues a client's own token.
pub(super) async fn issue(
    context: &RequestContext<'_>,
    request: &CredentialsRequest,
    client: &AuthenticatedClient,
) -> Result<Result<Box<Issue>, Refusal>, Failure> {
    let (app, id) = (context.app, &client.client().id);
    let load = || async { Ok(app.store.client_facts(id).await?) };
    let decided = context.settle(load, |facts, cx| {
        let grant = CredentialsGrant { request, client: facts.status, client_valid_from: facts.valid_from };
        token::decide(&GrantRequest::ClientCredentials(grant), client, cx)
    });
    decided.await
}
