//! Whether a client may use a grant type at all.

use std::ops::Deref;

use proofkey_oauth::GrantType;

use crate::client::Client;
use crate::refusal::Refusal;

/// Proof that a client may use the grant type of its request. Made by [`AllowedClient::check`] alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct AllowedClient<'a>(&'a Client);

impl<'a> AllowedClient<'a> {
    pub(super) fn check(client: &'a Client, grant: GrantType) -> Result<Self, Refusal> {
        // What a client gets for itself alone, it gets by proving who it is.
        if grant == GrantType::ClientCredentials && client.is_public() {
            return Err(Refusal::ClientPublic);
        }
        if client.allows_grant(grant) { Ok(Self(client)) } else { Err(Refusal::GrantTypeUnregistered) }
    }
}

impl Deref for AllowedClient<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.0
    }
}
