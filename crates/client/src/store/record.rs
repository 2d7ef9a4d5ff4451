//! What is kept of a sign-in.

use std::fmt;

use proofkey_oauth::{Scope, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::Error;
use crate::identity::Identity;
use crate::token::{AccessToken, TokenAnswer};

/// Changes when an old reader could misread a new record.
const VERSION: u32 = 1;

/// The tokens of one sign-in. Wiped when dropped.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredTokens {
    version: u32,
    /// Issuer, client, resource, account: a file put under another name is not taken for that one's.
    pub(crate) owner: [String; 4],
    /// What was asked for; an app that asks for more has to sign in again.
    pub(crate) asked: Scope,
    /// The granted scope, which may be less than what was asked for.
    pub(crate) granted: Scope,
    access_token: String,
    pub(crate) access_expires_at: Timestamp,
    refresh_token: Option<String>,
    /// The nonce of the sign-in; a refreshed ID token must not carry another.
    pub(crate) nonce: Option<String>,
    pub(crate) identity: Option<Identity>,
}

impl StoredTokens {
    pub(crate) fn first(
        answer: TokenAnswer,
        asked: Scope,
        nonce: Option<&str>,
        identity: Option<Identity>,
        owner: [String; 4],
    ) -> Self {
        Self {
            version: VERSION,
            owner,
            granted: answer.scope.unwrap_or_else(|| asked.clone()),
            asked,
            access_token: answer.access_token.expose().to_owned(),
            access_expires_at: answer.expires_at,
            refresh_token: answer.refresh_token.map(|token| token.expose().to_owned()),
            nonce: nonce.map(str::to_owned),
            identity,
        }
    }

    /// Some sign-in, for tests.
    #[cfg(test)]
    pub(super) fn sample(owner: [String; 4], refresh_token: &str, access_expires_at: Timestamp) -> Self {
        Self {
            version: VERSION,
            owner,
            asked: Scope::default(),
            granted: Scope::default(),
            access_token: "access".into(),
            access_expires_at,
            refresh_token: Some(refresh_token.into()),
            nonce: None,
            identity: Some(Identity::of("1".into())),
        }
    }

    /// Takes over what a refresh brought. Without a new refresh token the old one stays good (OAuth 2.1 §4.3.1).
    pub(crate) fn refreshed(&mut self, answer: &TokenAnswer) {
        self.keep_refresh_token(answer);
        self.access_token.zeroize();
        answer.access_token.expose().clone_into(&mut self.access_token);
        self.access_expires_at = answer.expires_at;
        if let Some(scope) = &answer.scope {
            self.granted = scope.clone();
        }
    }

    /// Takes over the refresh token alone, when the access token is for another audience.
    pub(crate) fn keep_refresh_token(&mut self, answer: &TokenAnswer) {
        if let Some(token) = &answer.refresh_token {
            self.replace_refresh_token(token);
        }
    }

    /// Takes over a refresh token.
    pub(crate) fn replace_refresh_token(&mut self, token: &Secret) {
        self.refresh_token.zeroize();
        self.refresh_token = Some(token.expose().to_owned());
    }

    /// Forgets the access token; the sign-in stays.
    pub(crate) fn discard_access_token(&mut self) {
        self.access_token.zeroize();
        self.access_expires_at = Timestamp(0);
    }

    pub(crate) fn is_good_until(&self, instant: Timestamp) -> bool {
        !self.access_token.is_empty() && self.access_expires_at > instant
    }

    pub(crate) fn has_same_access_token(&self, other: &str) -> bool {
        self.access_token == other
    }

    pub(crate) fn access_token(&self) -> AccessToken {
        AccessToken { token: Secret::new(self.access_token.clone()), expires_at: self.access_expires_at }
    }

    pub(crate) fn refresh_token(&self) -> Option<Secret> {
        self.refresh_token.clone().map(Secret::new)
    }

    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| Error::Interrupted)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(bytes).ok()?;
        (record.version == VERSION).then_some(record)
    }
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StoredTokens(redacted)")
    }
}

impl Drop for StoredTokens {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> StoredTokens {
        StoredTokens::sample(Default::default(), "refresh", Timestamp(100))
    }

    #[test]
    fn cl_12_a_record_reads_back_and_does_not_print_its_tokens() {
        let record = record();
        let read = StoredTokens::from_bytes(&record.to_bytes().unwrap()).unwrap();
        assert_eq!(read.refresh_token().unwrap().expose(), "refresh");
        assert!(read.is_good_until(Timestamp(99)) && !read.is_good_until(Timestamp(100)));
        assert!(!format!("{read:?}").contains("refresh"));
        let mut discarded = read;
        discarded.discard_access_token();
        assert!(!discarded.is_good_until(Timestamp(-1)));
    }

    proptest! {
        #[test]
        fn reading_any_bytes_never_panics(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400) {
            let mut bytes = record().to_bytes().unwrap().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(cut.max(1));
            let _ = StoredTokens::from_bytes(&bytes);
        }
    }
}
