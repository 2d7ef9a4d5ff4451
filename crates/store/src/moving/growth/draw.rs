//! What made-up rows are made of: bytes that follow from a seed.

use proofkey_oauth::{Secret, sha256};

/// The characters of base64url.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Draws from a seed: the same for the same purpose and number, whatever was drawn before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(pub(super) u64);

impl Draw {
    /// 32 bytes.
    pub(super) fn bytes(self, purpose: &str, number: u64) -> [u8; 32] {
        let seed = [self.0.to_be_bytes(), number.to_be_bytes()].concat();
        sha256(&[&seed, purpose.as_bytes()].concat())
    }

    /// The id of the row `number` of so many. It looks like a random one, and the ids are spread as evenly, but a greater number
    /// has a greater id: rows that come in order are written in the order of the key.
    pub(super) fn ordered_id(self, purpose: &str, number: u64, of: u64) -> [u8; 16] {
        let gap = (1 << 64) / u128::from(of.max(1));
        let mut id = half(self.bytes(purpose, number));
        let within = u128::from_be_bytes(id) % gap;
        let front = u64::try_from(gap * u128::from(number) + within).unwrap_or(u64::MAX);
        id.iter_mut().zip(front.to_be_bytes()).for_each(|(to, from)| *to = from);
        id
    }

    /// An id that begins with an instant, as [`proofkey_protocol::Cx::time_ordered_id`] makes them.
    pub(super) fn timed_id(self, purpose: &str, number: u64, seconds: i64) -> [u8; 16] {
        let mut id = half(self.bytes(purpose, number));
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        id.iter_mut().zip(seconds.to_be_bytes()).for_each(|(to, from)| *to = from);
        id
    }

    /// The secret half of a session cookie: 43 characters.
    pub(super) fn secret(self, purpose: &str, number: u64) -> Secret {
        let halves = [self.bytes(purpose, number), self.bytes(purpose, !number)].concat();
        let letter = |byte: &u8| LETTERS.get(usize::from(byte % 64)).copied().unwrap_or(b'A');
        Secret::new(halves.iter().take(43).map(letter).map(char::from).collect())
    }
}

fn half(bytes: [u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    id
}

/// Every second number below `of`, then those between: pages of a tree that were filled by the first are split by the second, and
/// are in the end as full as those of a tree that has grown in any order.
pub(super) fn in_two_passes(of: u64) -> impl Iterator<Item = u64> {
    (0..of).step_by(2).chain((1..of).step_by(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_spread_and_follow_from_the_seed() {
        for of in [1, 2, 3, 1_000, 1_000_003] {
            let ids: Vec<_> = (0..of.min(1_000)).map(|number| Draw(7).ordered_id("x", number, of)).collect();
            assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{of}");
        }
        assert!(Draw(7).ordered_id("x", 999, 1_000)[0] >= 0xfe, "over the whole space");
        assert_eq!(Draw(7).ordered_id("x", 5, 9), Draw(7).ordered_id("x", 5, 9));
        assert_ne!(Draw(7).ordered_id("x", 5, 9), Draw(8).ordered_id("x", 5, 9));
        assert_ne!(Draw(7).bytes("x", 5), Draw(7).bytes("y", 5));
        assert_eq!(&Draw(7).timed_id("x", 5, 0x0102_0304)[..4], [1, 2, 3, 4]);
        assert_eq!(Draw(7).secret("x", 1).expose().len(), 43);
    }

    #[test]
    fn two_passes_meet_every_number_once() {
        for of in [0, 1, 2, 7, 8] {
            let mut numbers: Vec<_> = in_two_passes(of).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..of).collect::<Vec<_>>());
        }
    }
}
