//! Client secrets from before the least length: they are taken, and each client is named once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use proofkey_protocol::ClientId;

/// Clients that are remembered as named. The log of a server with more of them says enough.
const CLIENTS_MAX: usize = 1_000;

/// The clients that were named since the start.
#[derive(Debug, Default)]
pub(crate) struct ShortSecrets(Mutex<HashSet<ClientId>>);

impl ShortSecrets {
    /// Warns of a client that has just proved itself by a short secret, the first time.
    pub(crate) fn note(&self, client: &ClientId) {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() < CLIENTS_MAX && named.insert(client.clone()) {
            tracing::warn!(
                client_id = %client,
                "the secret of this client is short enough to be guessed: `proofkey client rotate-secret` makes a new one"
            );
        }
    }
}
