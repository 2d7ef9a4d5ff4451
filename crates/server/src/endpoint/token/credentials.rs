//! The client credentials grant. It depends on nothing that the store knows.

use proofkey_oauth::CredentialsRequest;
use proofkey_protocol::token::{self, GrantRequest, Issue};
use proofkey_protocol::{AuthenticatedClient, Refusal};

use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;

/// Issues a client's own token.
pub(super) async fn issue(
    context: &RequestContext<'_>,
    request: &CredentialsRequest,
    client: &AuthenticatedClient,
) -> Result<Result<Issue, Refusal>, Failure> {
    let request = GrantRequest::ClientCredentials(request);
    context.settle(|| async { Ok(()) }, |(), cx| token::decide(&request, client, cx)).await
}
