//! Whether every client and API can have its tokens signed: an algorithm that is taken off the list may be one that somewhere an
//! app or an API insists on.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::{Algorithm, Client, ClientId, ClientRecord, SigningAlgorithms};
use proofkey_store::{Fault, Store};
use thiserror::Error;

/// The most clients and APIs that a message names.
const NAMED_MAX: usize = 20;

/// Why a server does not start with this list of algorithms.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AlgorithmsRefused {
    /// Some are registered for an algorithm that is off.
    #[error("keys.algorithms leaves out what tokens are to be signed by: {0}")]
    Registered(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Fault),
}

/// Checks that every client's ID tokens and every API's access tokens can be signed. A list that leaves nothing out reads nothing.
pub async fn check_registered(store: &Store, on: &SigningAlgorithms) -> Result<(), AlgorithmsRefused> {
    if on.off().next().is_none() {
        return Ok(());
    }
    let mut unsigned: Vec<String> = Vec::new();
    for record in store.clients().await? {
        let algorithm = id_token_algorithm(&record).filter(|one| !on.contains(*one));
        unsigned.extend(algorithm.map(|one| of_client(&record.id, one)));
    }
    for api in store.apis().await? {
        let algorithm = api.record.algorithm.filter(|one| !on.contains(*one));
        unsigned.extend(algorithm.map(|one| of_api(&api.record.resource, one)));
    }
    if unsigned.is_empty() { Ok(()) } else { Err(AlgorithmsRefused::Registered(message(&unsigned, on))) }
}

/// What a client's ID tokens are signed by; `None` if it gets none, or if its registration could not be made today.
fn id_token_algorithm(record: &ClientRecord) -> Option<Algorithm> {
    let client = Client::try_from(record).ok()?;
    client.signs_in().then_some(client.id_token_algorithm)
}

fn of_client(id: &ClientId, algorithm: Algorithm) -> String {
    format!("client {id} ({algorithm})")
}

fn of_api(resource: &ResourceUri, algorithm: Algorithm) -> String {
    format!("API {resource} ({algorithm})")
}

fn message(unsigned: &[String], on: &SigningAlgorithms) -> String {
    let named = unsigned.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    let more = match unsigned.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{named}{more}. Put it back on the list, or register them for one of {}: id_token_signed_response_alg of a client \
         (RS256 where it names none) by `proofkey client update`, the algorithm of an API by `proofkey api edit --algorithm`",
        on.names()
    )
}
