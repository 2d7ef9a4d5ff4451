//! Signing keys: list, rotate, revoke.

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_protocol::KeyRecord;

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::keys::rotation::{self, KeyState};
use crate::keys::{Keys, KeysFault, LOOKS_MAX, PrivateKeySealer, revoke, rotate_now};
use crate::remembered::seen_by_servers;

/// A signing key, with the state that follows from its place among the others.
#[derive(Debug)]
pub struct ListedKey {
    /// What is stored of it.
    pub record: KeyRecord,
    /// Its state at the time of the list.
    pub state: KeyState,
}

/// Which keys are revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysToRevoke {
    /// The one with this id.
    One(String),
    /// Every key that signs, waits, or verifies what was signed.
    All,
}

/// What became of the keys.
#[derive(Debug)]
pub struct RevokedKeys {
    /// The ids of those that are trusted no more.
    pub revoked: Vec<String>,
    /// Those that sign in their place.
    pub made: Vec<ListedKey>,
}

impl Admin {
    /// Every signing key in the order of its ring, with its state now.
    pub async fn keys(&self) -> Result<Vec<ListedKey>, AdminRefused> {
        let listed = listed(self.store.keys().await?, self.now());
        self.record_list(Noun::Key);
        Ok(listed)
    }

    /// Opens every stored signing key by the sealing key and reads what is in it, and returns their ids. Changes nothing.
    pub async fn check_keys(&self) -> Result<Vec<String>, AdminRefused> {
        let keys = self.current_keys(self.now()).await?;
        keys.check_private()?;
        Ok(keys.records().iter().map(|record| record.kid.clone()).collect())
    }

    /// Replaces the signing key of every ring at once. Those before verify what they signed. Returns the new ones.
    pub async fn rotate_keys(&self) -> Result<Vec<ListedKey>, AdminRefused> {
        let now = self.now();
        let keys = self.current_keys(now).await?;
        let kids = rotate_now(&self.store, &keys, now).await?.ok_or(AdminRefused::RotatedElsewhere)?;
        let made = self.made(&kids, now).await?;
        self.record_change(Verb::Rotate, Noun::Key, kids.join(" "));
        seen_by_servers().await;
        Ok(made)
    }

    /// Revokes keys that have leaked: nothing that they signed is accepted here any more, and each ring that signed with one
    /// gets a new one. Once it returns, they sign nothing and are published nowhere on this machine.
    pub async fn revoke_keys(&self, which: &KeysToRevoke) -> Result<RevokedKeys, AdminRefused> {
        let now = self.now();
        let keys = self.current_keys(now).await?;
        let retired = self.store.retired_keys(Timestamp(i64::MIN)).await?.into_iter().map(|(kid, _)| kid);
        let mut revoked: Vec<String> =
            keys.records().iter().map(|key| key.kid.clone()).chain(retired).collect();
        if let KeysToRevoke::One(kid) = which {
            revoked.retain(|known| known == kid);
            if revoked.is_empty() {
                return Err(AdminRefused::Missing { noun: Noun::Key, name: kid.clone() });
            }
        }
        let made = revoke(&self.store, &keys, &revoked, now).await?.ok_or(AdminRefused::RotatedElsewhere)?;
        self.record_change(Verb::Revoke, Noun::Key, revoked.join(" "));
        seen_by_servers().await;
        Ok(RevokedKeys { made: self.made(&made, now).await?, revoked })
    }

    /// The stored keys, every one of which opens: keys sealed by two sealing keys would keep the server from starting at all.
    async fn current_keys(&self, now: Timestamp) -> Result<Arc<Keys>, AdminRefused> {
        for _ in 0..LOOKS_MAX {
            self.keyring.take_over(self.store.protocol(), now).await?;
            let keys = self.keyring.now();
            match self.check_sealed(keys.sealer()).await {
                Ok(()) => return Ok(keys),
                // Sealed anew since they were taken over; where nothing was, one of them opens under no key that is here.
                Err(_) if self.store.directory_versions().await?.keys != keys.version() => {}
                Err(refused) => return Err(refused),
            }
        }
        Err(KeysFault::Unsettled.into())
    }

    pub(super) async fn check_sealed(&self, sealer: &PrivateKeySealer) -> Result<(), AdminRefused> {
        let stored = self.store.keys().await?;
        match stored.into_iter().find(|key| sealer.open(&key.kid, &key.sealed).is_none()) {
            Some(KeyRecord { kid, .. }) => Err(KeysFault::Sealed { kid }.into()),
            None => Ok(()),
        }
    }

    async fn made(&self, kids: &[String], now: Timestamp) -> Result<Vec<ListedKey>, AdminRefused> {
        let mut made = listed(self.store.keys().await?, now);
        made.retain(|key| kids.contains(&key.record.kid));
        Ok(made)
    }
}

fn listed(records: Vec<KeyRecord>, now: Timestamp) -> Vec<ListedKey> {
    let states: Vec<KeyState> = records.iter().map(|key| rotation::state(&records, key, now)).collect();
    records.into_iter().zip(states).map(|(record, state)| ListedKey { record, state }).collect()
}
