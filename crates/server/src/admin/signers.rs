//! By which algorithms tokens can be signed, before a client or an API is registered for one.

use proofkey_protocol::Algorithm;

use super::{Admin, AdminRefused};
use crate::keys::rotation;

/// Why no token can be signed by an algorithm.
#[derive(Debug)]
pub(super) enum Unsigned {
    /// It is off the list, which has these.
    Off(String),
    /// It is new on the list. From when on its first key signs, in words.
    Ahead(String),
}

impl Admin {
    /// Why no token can be signed by an algorithm; `None` if one can, or will be from the first start of a server on.
    pub(super) async fn unsigned(&self, algorithm: Algorithm) -> Result<Option<Unsigned>, AdminRefused> {
        let keys = self.keyring.now();
        if !keys.algorithms().contains(algorithm) {
            return Ok(Some(Unsigned::Off(keys.algorithms().names())));
        }
        let (records, now) = (self.store.keys().await?, self.now());
        if records.is_empty() || rotation::signing(&records, algorithm, now).is_some() {
            return Ok(None);
        }
        let first = records.iter().filter(|key| key.algorithm == algorithm).map(|key| key.active_from).min();
        Ok(Some(Unsigned::Ahead(match first {
            Some(at) => format!("it signs in {} minutes", (at - now) / 60 + 1),
            None => "a server makes it when it starts with this list".to_owned(),
        })))
    }

    /// What signs the access tokens of an API that names nothing else.
    pub async fn access_token_algorithm(&self) -> Result<Algorithm, AdminRefused> {
        let (keys, records, now) = (self.keyring.now(), self.store.keys().await?, self.now());
        let on = keys.algorithms();
        let signs = on.iter().find(|algorithm| rotation::signing(&records, *algorithm, now).is_some());
        Ok(signs.unwrap_or_else(|| on.of_access_tokens()))
    }
}
