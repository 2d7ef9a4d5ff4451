//! The refresh token: a grant's id, a generation and a nonce of 16 bytes under a MAC. No row per token, no clock.

use proofkey_oauth::{Secret, Sha256, TokenKind, decode_token, encode_token, sha256};

use crate::cx::Cx;
use crate::ids::{GrantId, SealingKeyId};
use crate::seal::ArtefactKeys;

const PURPOSE: &[u8] = b"refresh token v1";
const PURPOSE_OF_NONCE: &[u8] = b"refresh token v1: nonce of a derived child";
const NONCE_BYTES: usize = 16;
/// Grant id, generation, nonce.
const BODY_BYTES: usize = 16 + 8 + NONCE_BYTES;

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
        let body = body(grant, generation, &cx.random::<NONCE_BYTES>());
        let tag = cx.keys.authenticate(PURPOSE, &body);
        with_tag(body, tag)
    }

    /// Makes the derived child of a used token: the same for all who ask, without a row. Its nonce is a MAC over the grant, the
    /// child's generation and the parent's hash under the sealing key that the grant names. `None` if that key is not here.
    pub fn derive(
        grant: GrantId,
        generation: i64,
        parent: &Sha256,
        key: SealingKeyId,
        keys: &ArtefactKeys,
    ) -> Option<Secret> {
        let nonce = keys.authenticate_under(key, PURPOSE_OF_NONCE, &body(grant, generation, parent))?;
        let body = body(grant, generation, nonce.get(..NONCE_BYTES)?);
        let tag = keys.authenticate_under(key, PURPOSE, &body)?;
        Some(with_tag(body, tag))
    }

    /// Reads a token that this server made. `None` for any other text.
    pub fn read(keys: &ArtefactKeys, text: &str) -> Option<Self> {
        let payload = decode_token(TokenKind::Refresh, text)?;
        let (body, tag) = payload.split_at_checked(BODY_BYTES)?;
        if !keys.is_authentic(PURPOSE, body, tag) {
            return None;
        }
        let grant = GrantId(body.get(..16)?.try_into().ok()?);
        let generation = i64::from_be_bytes(body.get(16..24)?.try_into().ok()?);
        Some(Self { grant, generation, hash: sha256(text.as_bytes()) })
    }
}

/// What the tag of a refresh token authenticates, with room for the tag.
fn body(grant: GrantId, generation: i64, nonce: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY_BYTES + 32);
    body.extend_from_slice(&grant.0);
    body.extend_from_slice(&generation.to_be_bytes());
    body.extend_from_slice(nonce);
    body
}

fn with_tag(mut body: Vec<u8>, tag: [u8; 32]) -> Secret {
    body.extend_from_slice(&tag);
    encode_token(TokenKind::Refresh, &body)
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

    #[test]
    fn rt_14_a_derived_child_is_the_same_for_all_who_ask_and_another_for_any_other_parent() {
        let (keys, others) = (keys(), ArtefactKeys::derive(&[8; 32]));
        let derive = |grant: u8, generation, parent: u8| {
            let key = keys.newest();
            let text = RefreshToken::derive(GrantId([grant; 16]), generation, &[parent; 32], key, &keys);
            RefreshToken::read(&keys, text.unwrap().expose()).unwrap()
        };
        let child = derive(9, 3, 1);
        assert_eq!((child.grant, child.generation), (GrantId([9; 16]), 3));
        assert_eq!(derive(9, 3, 1), child);
        for other in [derive(8, 3, 1), derive(9, 4, 1), derive(9, 3, 2)] {
            assert_ne!(other.hash, child.hash);
        }
        let under = |key, keys| RefreshToken::derive(GrantId([9; 16]), 3, &[1; 32], key, keys);
        assert!(under(others.newest(), &keys).is_none(), "a key that is not here");
        assert_ne!(
            under(others.newest(), &others).unwrap().expose(),
            under(keys.newest(), &keys).unwrap().expose()
        );
    }
}
