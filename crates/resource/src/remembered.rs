//! Tokens that passed every check: the next request with one costs a digest instead of a signature.
//!
//! What is remembered is that these bytes passed under these keys and this policy, which no caller can change. Time goes
//! on, so it is judged at every request; keys come and go, so a token is known under the set that verified it only.

use std::sync::Arc;

use moka::sync::Cache;
use proofkey_jose::KeySet;
use proofkey_oauth::Sha256;

use crate::AccessToken;

/// The most memory that remembered tokens take, about.
const REMEMBERED_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What a token takes beside its claims.
const ENTRY_BYTES: usize = 1024;
/// How many times the bytes of its text a token takes once it is read.
const READ_BYTES_PER_BYTE: usize = 4;

/// The tokens that one layer has accepted. The issuer alone can fill it, for what it holds was signed.
pub(crate) struct Remembered(Cache<Sha256, Entry>);

#[derive(Clone)]
struct Entry {
    keys: Arc<KeySet>,
    token: AccessToken,
    text_bytes: usize,
}

impl Remembered {
    pub(crate) fn new() -> Self {
        let bytes = |_: &Sha256, entry: &Entry| {
            u32::try_from(ENTRY_BYTES + READ_BYTES_PER_BYTE * entry.text_bytes).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().weigher(bytes).max_capacity(REMEMBERED_BYTES_MAX).build())
    }

    /// The token with this digest, if one of these keys has verified it.
    pub(crate) fn get(&self, digest: &Sha256, keys: &Arc<KeySet>) -> Option<AccessToken> {
        let entry = self.0.get(digest)?;
        Arc::ptr_eq(&entry.keys, keys).then_some(entry.token)
    }

    /// Remembers a token that has just passed.
    pub(crate) fn insert(&self, digest: Sha256, text: &str, keys: Arc<KeySet>, token: AccessToken) {
        self.0.insert(digest, Entry { keys, token, text_bytes: text.len() });
    }
}

#[cfg(test)]
mod tests {
    use proofkey_jose::claims::{self, AccessTokenClaims};
    use proofkey_oauth::{Scope, sha256};
    use serde_json::json;

    use super::*;

    fn token() -> AccessToken {
        let all = json!({"iss": "https://id.example", "sub": "ada", "aud": "api", "client_id": "app", "jti": "t",
                         "iat": 1, "exp": 2});
        let known: AccessTokenClaims = claims::parse(all.to_string().as_bytes()).unwrap();
        AccessToken::new(known, Scope::parse("").unwrap(), all)
    }

    #[test]
    fn k_05_what_is_remembered_has_a_bound() {
        let remembered = Remembered::new();
        let keys = Arc::new(KeySet::default());
        let text = "x".repeat(16 * 1024);
        for at in 0_u32..1_000 {
            remembered.insert(sha256(&at.to_le_bytes()), &text, Arc::clone(&keys), token());
        }
        remembered.0.run_pending_tasks();
        assert!(remembered.0.weighted_size() <= REMEMBERED_BYTES_MAX);
        assert!((1..260).contains(&remembered.0.entry_count()), "{}", remembered.0.entry_count());
    }

    #[test]
    fn a_token_is_known_under_the_keys_that_verified_it() {
        let remembered = Remembered::new();
        let (keys, others) = (Arc::new(KeySet::default()), Arc::new(KeySet::default()));
        let digest = sha256(b"token");
        remembered.insert(digest, "token", Arc::clone(&keys), token());
        assert_eq!(remembered.get(&digest, &keys), Some(token()));
        assert_eq!(remembered.get(&digest, &others), None);
        assert_eq!(remembered.get(&sha256(b"another"), &keys), None);
    }
}
