//! The sealing key: rotate. In two steps where several servers use it: all of them have the new one before it writes.

use std::path::{Path, PathBuf};

use proofkey_oauth::Timestamp;
use proofkey_protocol::{SealingKeyId, SealingKeyRecord};

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::config::{SealingKeySource, SealingKeys};
use crate::keys::{reseal, use_sealing_key};
use crate::node::lacking;
use crate::remembered::seen_by_servers;

/// What a call of [`Admin::rotate_sealing_key`] did. Exhaustive: the caller has something to say after each.
#[derive(Clone, Debug)]
pub enum SealingKeyRotation {
    /// A new key stands in the file as the next one. It writes nothing until every server has read it, and the call comes again.
    Prepared {
        /// Its id, as servers report it.
        id: SealingKeyId,
        /// The file, which every server has to have.
        file: PathBuf,
    },
    /// A new key writes.
    Rotated(RotatedSealingKey),
}

/// A rotation of the sealing key.
#[derive(Clone, Copy, Debug)]
pub struct RotatedSealingKey {
    /// Until when what was made under the one before is read; `None` where that was revoked.
    pub old_read_until: Option<Timestamp>,
    /// How many private signing keys were sealed anew.
    pub resealed: usize,
}

impl Admin {
    /// Makes a new sealing key, which writes from now on, and seals the private signing keys by it. The one before is read
    /// until no refresh token that it made can be alive, or with `revoke_old` not any more: then every code, page and refresh
    /// token ends.
    ///
    /// With a database in a file that is one step. The file of the key comes first, and holds both keys until the last private
    /// key is sealed anew: whatever stops this, the next start or the next rotation finds all that it needs. On a database that
    /// several servers share the first call adds the new key to the file and the second one uses it, when every server that is
    /// there has reported that it holds the key; until then that is refused, and the servers are named.
    pub async fn rotate_sealing_key(&self, revoke_old: bool) -> Result<SealingKeyRotation, AdminRefused> {
        let SealingKeySource::File(path) = self.keyring.source() else {
            return Err(AdminRefused::SealingKeyInEnvironment);
        };
        let (keys, _lock) = SealingKeys::read_to_replace(path)?;
        let keys = keys.ruled_by(&self.store.sealing_keys().await?, path)?;
        self.check_sealed(&keys.sealer()).await?;
        let rotated = if !self.store.is_shared() {
            self.rotated_in_one_step(keys, path, revoke_old).await?
        } else if let Some(next) = keys.next() {
            self.nodes_hold(next, path).await?;
            self.next_used(keys, path, revoke_old).await?
        } else {
            let prepared = keys.with_next()?;
            prepared.replace_file(path)?;
            self.record_change(Verb::Prepare, Noun::SealingKey, "*");
            let id = prepared.next().unwrap_or(SealingKeyId([0; 16]));
            return Ok(SealingKeyRotation::Prepared { id, file: path.clone() });
        };
        let verb = if revoke_old { Verb::Revoke } else { Verb::Rotate };
        self.record_change(verb, Noun::SealingKey, "*");
        seen_by_servers().await;
        Ok(SealingKeyRotation::Rotated(rotated))
    }

    async fn rotated_in_one_step(
        &self,
        before: SealingKeys,
        path: &Path,
        revoke_old: bool,
    ) -> Result<RotatedSealingKey, AdminRefused> {
        let (now, before) = (self.now(), self.settled(before).await?);
        let old_read_until = (!revoke_old).then_some(now + self.refresh_idle_seconds);
        let rotated = before.rotated(self.certain_time(now).await?, old_read_until)?;
        rotated.replace_file(path)?;
        let resealed = reseal(&self.store, &rotated.sealer()).await?;
        if !rotated.is_settled() {
            rotated.settled().replace_file(path)?;
        }
        Ok(RotatedSealingKey { old_read_until, resealed })
    }

    /// Lets the next key write. The database comes first, by which every server knows it; the file of this machine follows, and
    /// holds both already.
    async fn next_used(
        &self,
        before: SealingKeys,
        path: &Path,
        revoke_old: bool,
    ) -> Result<RotatedSealingKey, AdminRefused> {
        let now = self.now();
        let old_read_until = (!revoke_old).then_some(now + self.refresh_idle_seconds);
        let told = before.told(old_read_until.unwrap_or(SealingKeyRecord::REVOKED));
        let rotated = before.rotated(self.certain_time(now).await?, old_read_until)?;
        let resealed = use_sealing_key(&self.store, &rotated, &told).await?;
        // Done, whatever becomes of the file: it holds both keys, and the database says what they are good for.
        if let Err(refused) = rotated.settled().replace_file(path) {
            tracing::warn!(%refused, "the sealing key was rotated; the file still calls the new key the next one, which does no harm");
        }
        Ok(RotatedSealingKey { old_read_until, resealed })
    }

    /// Refuses while a server that is there has not reported that it holds the key.
    async fn nodes_hold(&self, id: SealingKeyId, path: &Path) -> Result<(), AdminRefused> {
        let nodes = lacking(&self.store, id, self.now()).await?;
        if nodes.is_empty() {
            return Ok(());
        }
        Err(AdminRefused::SealingKeyNotHeld { id, file: path.to_owned(), nodes })
    }

    /// The keys without those that a rotation left behind which was cut off.
    async fn settled(&self, keys: SealingKeys) -> Result<SealingKeys, AdminRefused> {
        if keys.is_settled() {
            return Ok(keys);
        }
        let _count = reseal(&self.store, &keys.sealer()).await?;
        Ok(keys.settled())
    }

    /// A time that is certain to have come: the clock of this command may run ahead, and what is left out of the file is gone.
    async fn certain_time(&self, now: Timestamp) -> Result<Timestamp, AdminRefused> {
        Ok(self.store.known_time().await?.map_or(now, |noted| noted.latest.min(now)))
    }
}
