//! The keys that a verifier trusts.

use crate::{Algorithm, JwkSet, VerifyingKey};

/// Public keys by id. Small (at most [`crate::KEYS_MAX`] from a JWK Set), so a scan is the look-up.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    /// A set of the given keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    /// The usable keys of a JWK Set. Others are left out (RFC 7517 §5), for a new kind of key must not make a
    /// verifier blind to the old ones.
    pub fn from_jwks(jwks: &JwkSet) -> Self {
        Self::new(jwks.keys.iter().filter_map(|jwk| VerifyingKey::from_jwk(jwk).ok()))
    }

    /// The key with this id.
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The keys, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    pub(crate) fn of_algorithm(&self, algorithm: Algorithm) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter().filter(move |key| key.algorithm() == algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::key;

    #[test]
    fn keys_of_unknown_type_are_skipped() {
        let mut jwks = JwkSet { keys: vec![key(Algorithm::Es256).public_jwk().clone()] };
        let mut strange = jwks.keys[0].clone();
        strange.kty = "AKP".to_owned();
        jwks.keys.insert(0, strange);
        let set = KeySet::from_jwks(&jwks);
        assert_eq!(set.len(), 1);
        assert!(set.get(key(Algorithm::Es256).kid()).is_some());
        assert!(set.get("another").is_none());
        assert!(KeySet::default().is_empty());
    }
}
