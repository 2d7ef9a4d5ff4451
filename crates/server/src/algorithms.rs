//! Whether every client and API can have its tokens signed: an algorithm that is taken off the list may be one that somewhere an
//! app or an API insists on. And which APIs follow the list.

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
    #[error("{what}; {cure}")]
    Registered {
        /// Names them.
        what: String,
        /// What to change.
        cure: String,
    },
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
    if unsigned.is_empty() { Ok(()) } else { Err(registered(&unsigned, on)) }
}

/// The same for a server that starts, which warns of the APIs that follow the list.
pub(crate) async fn check_to_serve(store: &Store, on: &SigningAlgorithms) -> Result<(), AlgorithmsRefused> {
    check_registered(store, on).await?;
    if let Some(warning) = followers(store, on).await? {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Whether a list can be one with which something that is registered does not work: it leaves an algorithm out, or its first is
/// another one than before there was a list.
pub fn is_to_be_checked(on: &SigningAlgorithms) -> bool {
    on.off().next().is_some() || changes_the_first(on)
}

/// A warning that names the APIs whose access tokens are signed by the first of the list that signs, for they name nothing; `None`
/// where there is no such API, or where the first is what signed before there was a list.
pub async fn followers(store: &Store, on: &SigningAlgorithms) -> Result<Option<String>, Fault> {
    if !changes_the_first(on) {
        return Ok(None);
    }
    let apis = store.apis().await?.into_iter().map(|api| api.record);
    let follows: Vec<String> =
        apis.filter(|api| api.algorithm.is_none()).map(|api| api.resource.to_string()).collect();
    Ok((!follows.is_empty()).then(|| {
        format!(
            "{} is the first of keys.algorithms. Once it has a key that signs, it signs the access tokens of the APIs that name no \
             algorithm: {}. One that takes {} alone refuses them: `proofkey api edit --algorithm` names one for it",
            on.of_access_tokens(),
            named(&follows),
            Algorithm::Es256
        )
    }))
}

/// Before there was a list ES256 signed where an API named nothing.
fn changes_the_first(on: &SigningAlgorithms) -> bool {
    on.of_access_tokens() != Algorithm::Es256
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

/// The first of them, and how many more there are.
fn named(all: &[String]) -> String {
    let named = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn registered(unsigned: &[String], on: &SigningAlgorithms) -> AlgorithmsRefused {
    AlgorithmsRefused::Registered {
        what: format!("keys.algorithms leaves out what tokens are to be signed by: {}", named(unsigned)),
        cure: format!(
            "put it back on the list, or register them for one of {}: id_token_signed_response_alg of a client (RS256 where it \
             names none) by `proofkey client update`, the algorithm of an API by `proofkey api edit --algorithm`",
            on.names()
        ),
    }
}
