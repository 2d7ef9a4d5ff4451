//! Signing keys: list, rotate.

use proofkey_oauth::Timestamp;
use proofkey_protocol::KeyRecord;

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::keys::rotation::{self, KeyState};
use crate::keys::{KeysFault, rotate_now};

/// A signing key, with the state that follows from its place among the others.
#[derive(Debug)]
pub struct ListedKey {
    /// What is stored of it.
    pub record: KeyRecord,
    /// Its state at the time of the list.
    pub state: KeyState,
}

impl Admin {
    /// Every signing key in the order of its ring, with its state now.
    pub async fn keys(&self) -> Result<Vec<ListedKey>, AdminRefused> {
        let listed = listed(self.store.keys().await?, self.now());
        self.record_list(Noun::Key);
        Ok(listed)
    }

    /// Replaces the signing key of every ring at once, as after a leak. Returns the new ones.
    pub async fn rotate_keys(&self) -> Result<Vec<ListedKey>, AdminRefused> {
        let before = self.store.keys().await?;
        // Keys sealed by two sealing keys would keep the server from starting at all.
        if let Some(key) = before.iter().find(|key| self.sealer.open(&key.kid, &key.sealed).is_none()) {
            return Err(KeysFault::Sealed { kid: key.kid.clone() }.into());
        }
        let now = self.now();
        let kids = rotate_now(&self.store, &self.sealer, now).await?;
        let mut made = listed(self.store.keys().await?, now);
        made.retain(|key| kids.contains(&key.record.kid));
        if made.len() < rotation::ALGORITHMS.len() {
            return Err(AdminRefused::RotatedElsewhere);
        }
        self.record_change(Verb::Rotate, Noun::Key, kids.join(" "));
        Ok(made)
    }
}

fn listed(records: Vec<KeyRecord>, now: Timestamp) -> Vec<ListedKey> {
    let states: Vec<KeyState> = records.iter().map(|key| rotation::state(&records, key, now)).collect();
    records.into_iter().zip(states).map(|(record, state)| ListedKey { record, state }).collect()
}
