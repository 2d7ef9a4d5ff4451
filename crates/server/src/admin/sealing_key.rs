//! The sealing key: rotate.

use proofkey_oauth::Timestamp;

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::config::{SealingKeySource, SealingKeys};
use crate::keys::reseal;
use crate::remembered::seen_by_servers;

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
    /// The file comes first, and holds both keys until the last private key is sealed anew: whatever stops this, the next start
    /// or the next rotation finds all that it needs.
    pub async fn rotate_sealing_key(&self, revoke_old: bool) -> Result<RotatedSealingKey, AdminRefused> {
        let SealingKeySource::File(path) = self.keyring.source() else {
            return Err(AdminRefused::SealingKeyInEnvironment);
        };
        let now = self.now();
        let (before, _lock) = SealingKeys::read_to_replace(path)?;
        self.check_sealed(&before.sealer()).await?;
        let before = self.settled(before).await?;
        let old_read_until = (!revoke_old).then_some(now + self.refresh_idle_seconds);
        let rotated = before.rotated(self.certain_time(now).await?, old_read_until)?;
        rotated.replace_file(path)?;
        let resealed = reseal(&self.store, &rotated.sealer()).await?;
        if !rotated.is_settled() {
            rotated.settled().replace_file(path)?;
        }
        let verb = if revoke_old { Verb::Revoke } else { Verb::Rotate };
        self.record_change(verb, Noun::SealingKey, "*");
        seen_by_servers().await;
        Ok(RotatedSealingKey { old_read_until, resealed })
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
