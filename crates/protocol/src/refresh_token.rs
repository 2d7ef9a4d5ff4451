//! The refresh token: a grant's id, a generation and 16 random bytes under a MAC. No row per token, no clock.

use proofkey_oauth::{Secret, Sha256, TokenKind, constant_time_eq, decode_token, encode_token, sha256};

use crate::cx::Cx;
use crate::facts::GrantFacts;
use crate::ids::GrantId;
use crate::seal::ArtefactKeys;

const PURPOSE: &[u8] = b"refresh token v1";
/// Grant id, generation, random bytes.
const BODY_BYTES: usize = 16 + 8 + 16;

/// A refresh token that this server made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The grant it refreshes.
    pub grant: GrantId,
    /// Its place in the chain; the first is 1.
    pub generation: i64,
    /// SHA-256 of its text: siblings of one generation differ by it.
    pub hash: Sha256,
}

impl RefreshToken {
    /// Makes the token of a generation.
    pub fn issue(grant: GrantId, generation: i64, cx: &mut Cx<'_>) -> Secret {
        let mut payload = Vec::with_capacity(BODY_BYTES + 32);
        payload.extend_from_slice(&grant.0);
        payload.extend_from_slice(&generation.to_be_bytes());
        payload.extend_from_slice(&cx.random::<16>());
        let tag = cx.keys.authenticate(PURPOSE, &payload);
        payload.extend_from_slice(&tag);
        encode_token(TokenKind::Refresh, &payload)
    }

    /// Reads a token that this server made. `None` for any other text.
    pub fn read(keys: &ArtefactKeys, text: &str) -> Option<Self> {
        let payload = decode_token(TokenKind::Refresh, text)?;
        let (body, tag) = payload.split_at_checked(BODY_BYTES)?;
        if !constant_time_eq(&keys.authenticate(PURPOSE, body), tag) {
            return None;
        }
        let grant = GrantId(body.get(..16)?.try_into().ok()?);
        let generation = i64::from_be_bytes(body.get(16..24)?.try_into().ok()?);
        Some(Self { grant, generation, hash: sha256(text.as_bytes()) })
    }

    /// Whether a successor of this token, or of a sibling, was used: the condition of the store's compare-and-set, read the
    /// other way round.
    pub fn is_retired(&self, grant: &GrantFacts) -> bool {
        let first_of_its_generation = self.generation == grant.generation.saturating_add(1);
        let used_again = self.generation == grant.generation && grant.used == Some(self.hash);
        !first_of_its_generation && !used_again
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, keys};

    #[test]
    fn v_33_a_refresh_token_reads_back_only_unaltered() {
        let mut world = World::new();
        let keys = keys();
        let token = RefreshToken::issue(GrantId([9; 16]), 3, &mut world.cx());
        let read = RefreshToken::read(&keys, token.expose()).unwrap();
        assert_eq!((read.grant, read.generation), (GrantId([9; 16]), 3));
        assert_eq!(RefreshToken::read(&ArtefactKeys::derive(&[8; 32]), token.expose()), None);
        // The checksum is no secret: a forger can mend it, and the MAC still refuses.
        let mut payload = decode_token(TokenKind::Refresh, token.expose()).unwrap();
        for index in 0..payload.len() {
            payload[index] ^= 1;
            let forged = encode_token(TokenKind::Refresh, &payload);
            assert_eq!(RefreshToken::read(&keys, forged.expose()), None, "byte {index}");
            payload[index] ^= 1;
        }
        let sibling = RefreshToken::issue(GrantId([9; 16]), 3, &mut world.cx());
        assert_ne!(RefreshToken::read(&keys, sibling.expose()).unwrap().hash, read.hash);
    }
}
