//! Who asks: a registered client that no operator has disabled (OAuth 2.1 §4.1.2.1).

use std::ops::Deref;
use std::sync::Arc;

use proofkey_oauth::RequiredParameter;

use super::super::facts::AuthorizeFacts;
use super::UnambiguousTarget;
use crate::client::Client;
use crate::facts::ClientStatus;
use crate::refusal::Refusal;

/// Proof that a request names a registered client that is not disabled. Made by the rule in this file alone.
#[derive(Clone, Debug)]
pub(in crate::authorize) struct EnabledClient(Arc<Client>);

impl EnabledClient {
    pub(in crate::authorize) fn into_inner(self) -> Arc<Client> {
        self.0
    }
}

impl Deref for EnabledClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

/// The client of a request.
pub(in crate::authorize) fn client(
    request: UnambiguousTarget<'_>,
    facts: &AuthorizeFacts,
) -> Result<EnabledClient, Refusal> {
    if request.request().client_id.is_none() {
        return Err(RequiredParameter::ClientId.into());
    }
    let client = facts.client.as_ref().ok_or(Refusal::ClientUnknown)?;
    if client.disabled {
        return Err(Refusal::ClientDisabled);
    }
    facts.client_status.map(ClientStatus::check).transpose()?;
    Ok(EnabledClient(Arc::clone(client)))
}
