//! Randomness that is the same in every run: bytes that follow from a seed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use proofkey_oauth::sha256;
use proofkey_server::Randomness;

/// A seeded source. What it gives depends on the seed, on the length that is asked for and on how often that length was
/// asked for before, so that a value stays as it is when others are drawn in another order or are no longer drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seed(Arc<Mutex<Drawn>>);

#[derive(Debug, Default)]
struct Drawn {
    seed: String,
    /// How often each length was drawn.
    by_length: HashMap<usize, u64>,
}

impl Seed {
    /// The source, as a server takes it.
    pub(crate) fn randomness(&self) -> Randomness {
        let drawn = Arc::clone(&self.0);
        Randomness::Seeded(Arc::new(move |bytes| drawn.lock().expect("nothing panics here").fill(bytes)))
    }

    /// Begins again under another seed.
    pub(crate) fn set(&self, seed: &str) {
        *self.0.lock().expect("nothing panics here") = Drawn { seed: seed.to_owned(), ..Drawn::default() };
    }
}

impl Drawn {
    fn fill(&mut self, bytes: &mut [u8]) {
        let (seed, length) = (&self.seed, bytes.len());
        let count = self.by_length.entry(length).or_default();
        *count += 1;
        for (block, chunk) in bytes.chunks_mut(32).enumerate() {
            let digest = sha256(format!("{seed} {length} {count} {block}").as_bytes());
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proofkey_protocol::Random as _;

    use super::*;

    fn drawn<const N: usize>(source: &mut Randomness) -> [u8; N] {
        let mut bytes = [0; N];
        source.fill(&mut bytes);
        bytes
    }

    #[test]
    fn a_seed_gives_the_same_bytes_whatever_else_is_drawn() {
        let (one, other) = (Seed::default(), Seed::default());
        let (mut one_source, mut other_source) = (one.randomness(), other.randomness());
        let first: [u8; 16] = drawn(&mut one_source);
        let _ = drawn::<33>(&mut other_source);
        assert_eq!(drawn::<16>(&mut other_source), first);
        assert_ne!(drawn::<16>(&mut other_source), first, "the next one differs");
        other.set("another");
        assert_ne!(drawn::<16>(&mut other_source), first);
        other.set("");
        assert_eq!(drawn::<16>(&mut other_source), first);
    }
}
