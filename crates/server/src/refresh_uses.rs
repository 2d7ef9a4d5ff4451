//! Which refresh tokens were used a moment ago, and from where: bounded memory of this node, for the log and the metrics alone.
//!
//! No rule depends on it: who repeats a token is answered by [`proofkey_protocol::RefreshChain`]. Of an address it keeps a
//! hash under a key of this process.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use proofkey_oauth::Sha256;

use crate::limit::AddressKey;

/// Most tokens that are remembered; of two that meet in one place the newer stays. Half a megabyte in all.
pub(crate) const TOKENS_MAX: usize = 16_384;

/// The memory.
#[derive(Debug)]
pub(crate) struct RefreshUses {
    hasher: RandomState,
    places: Box<[Mutex<Place>]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Of the token's hash.
    token: u64,
    /// Of the address that used it first.
    address: u64,
    repeats: u32,
    elsewhere: u32,
}

/// A use of a token that had been used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// How many there were, as far as this node remembers.
    pub(crate) repeats: u32,
    /// How many of them came from another address (IPv4, or the /64 of IPv6) than the first use; 0 if this one did not.
    pub(crate) elsewhere: u32,
    /// Hashes of the address of the first use and of this one: alike exactly if the addresses are, until a restart.
    pub(crate) addresses: [u64; 2],
}

impl Repeat {
    /// Whether it is worth a line: the first, the second, the fourth and so on, so that a client that repeats a token a million
    /// times writes twenty lines.
    pub(crate) const fn is_worth_a_line(self) -> bool {
        if self.elsewhere > 0 { self.elsewhere.is_power_of_two() } else { self.repeats.is_power_of_two() }
    }
}

impl Default for RefreshUses {
    fn default() -> Self {
        let places = (0..TOKENS_MAX).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::new(), places }
    }
}

impl RefreshUses {
    /// Notes the first use of a token.
    pub(crate) fn first(&self, token: &Sha256, address: IpAddr) {
        let (token, address) = (short(token), self.hash(address));
        self.with(token, |place| *place = Place { token, address, repeats: 0, elsewhere: 0 });
    }

    /// Counts another use. Where the first one is not remembered, this one is taken for it.
    pub(crate) fn again(&self, token: &Sha256, address: IpAddr) -> Repeat {
        let (token, address) = (short(token), self.hash(address));
        let unknown = Repeat { repeats: 1, elsewhere: 0, addresses: [address; 2] };
        let counted = self.with(token, |place| {
            if place.token != token {
                *place = Place { token, address, repeats: 0, elsewhere: 0 };
            }
            place.repeats = place.repeats.saturating_add(1);
            let is_elsewhere = place.address != address;
            place.elsewhere = place.elsewhere.saturating_add(u32::from(is_elsewhere));
            Repeat {
                repeats: place.repeats,
                elsewhere: if is_elsewhere { place.elsewhere } else { 0 },
                addresses: [place.address, address],
            }
        });
        counted.unwrap_or(unknown)
    }

    fn hash(&self, address: IpAddr) -> u64 {
        self.hasher.hash_one(AddressKey::of(address))
    }

    fn with<T>(&self, token: u64, change: impl FnOnce(&mut Place) -> T) -> Option<T> {
        let at = usize::try_from(token % self.places.len() as u64).ok()?;
        let place = self.places.get(at)?;
        Some(change(&mut place.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Enough of a hash to tell tokens apart: which of them are remembered no stranger can choose, for only tokens of ours are.
fn short(token: &Sha256) -> u64 {
    token.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u64) -> Sha256 {
        proofkey_oauth::sha256(&number.to_be_bytes())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn k_12_repeats_are_counted_and_those_from_another_network_by_themselves() {
        let uses = RefreshUses::default();
        let (home, same, away) =
            (address("2001:db8:1:2::1"), address("2001:db8:1:2::9"), address("2001:db8:1:3::1"));
        uses.first(&token(1), home);
        for (from, repeats, elsewhere) in
            [(home, 1, 0), (same, 2, 0), (away, 3, 1), (home, 4, 0), (away, 5, 2)]
        {
            let repeat = uses.again(&token(1), from);
            assert_eq!((repeat.repeats, repeat.elsewhere), (repeats, elsewhere), "{from}");
            assert_eq!(repeat.addresses[0] == repeat.addresses[1], elsewhere == 0);
        }
        assert_eq!(uses.again(&token(2), away).elsewhere, 0, "of another token nothing is known");
        uses.first(&token(1), away);
        assert_eq!(uses.again(&token(1), away).repeats, 1);
    }

    #[test]
    fn k_12_the_hash_of_an_address_is_worth_nothing_elsewhere() {
        let [one, other] = [RefreshUses::default(), RefreshUses::default()]
            .map(|uses| uses.again(&token(1), address("192.0.2.1")).addresses[0]);
        assert_ne!(one, other);
    }

    #[test]
    fn k_12_a_million_repeats_are_a_few_lines_and_a_million_tokens_no_more_memory() {
        let uses = RefreshUses::default();
        let lines =
            (0..100_000).filter(|_| uses.again(&token(1), address("192.0.2.1")).is_worth_a_line()).count();
        assert_eq!(lines, 17);
        for number in 0..100_000 {
            uses.first(&token(number), address("192.0.2.1"));
        }
        assert_eq!(uses.places.len(), TOKENS_MAX);
        assert_eq!(size_of::<Mutex<Place>>() * TOKENS_MAX, 512 * 1024);
    }
}
