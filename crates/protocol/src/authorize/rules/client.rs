//! Who asks: a registered client that no operator has disabled (OAuth 2.1 §4.1.2.1).

use std::sync::Arc;

use super::super::facts::AuthorizeFacts;
use crate::client::Client;
use crate::facts::ClientStatus;
use crate::refusal::Refusal;

/// The client of a request.
pub(in crate::authorize) fn client(facts: &AuthorizeFacts) -> Result<&Arc<Client>, Refusal> {
    let client = facts.client.as_ref().ok_or(Refusal::ClientUnknown)?;
    if client.disabled {
        return Err(Refusal::ClientDisabled);
    }
    facts.client_status.map_or(Ok(()), ClientStatus::check)?;
    Ok(client)
}
