//! Randomness at the edge: the one owner of the system's source, and the source that a server is started with.

use std::fmt;
use std::sync::Arc;

use proofkey_protocol::Random;
use zeroize::Zeroizing;

/// Bytes that are drawn at once for one decision: room for the ids, nonces and secrets of most.
const DRAWN_AT_ONCE: usize = 96;

/// Fills a buffer, for many requests at once.
type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Where a server draws what its answers show: ids, secrets and nonces. What is only stored (salts of passwords, sealed
/// private keys) and what operators make comes from the system always.
#[derive(Clone, Default)]
pub enum Randomness {
    /// The operating system's generator.
    #[default]
    System,
    /// A source whose bytes follow from the seed of a test.
    Seeded(Arc<Fill>),
}

/// The operating system's generator, for what is made outside requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

/// What one decision draws: by one system call, as far as that goes. What it does not use ends with it.
pub(crate) struct Drawn<'r> {
    source: &'r Randomness,
    bytes: Zeroizing<[u8; DRAWN_AT_ONCE]>,
    left: usize,
}

impl Randomness {
    /// A source for one decision.
    pub(crate) fn for_decision(&self) -> Drawn<'_> {
        Drawn { source: self, bytes: Zeroizing::new([0; DRAWN_AT_ONCE]), left: 0 }
    }
}

impl Random for Drawn<'_> {
    fn fill(&mut self, wanted: &mut [u8]) {
        let length = wanted.len();
        if let Randomness::Seeded(source) = self.source {
            return source(wanted);
        }
        if self.left < length {
            SystemRandom.fill(&mut *self.bytes);
            self.left = DRAWN_AT_ONCE;
        }
        // From the end: what has been given is never given again.
        let given = self.left.checked_sub(length).and_then(|from| self.bytes.get(from..self.left));
        match given {
            Some(given) => {
                wanted.copy_from_slice(given);
                self.left -= length;
            }
            None => SystemRandom.fill(wanted),
        }
    }
}

impl Random for Randomness {
    fn fill(&mut self, bytes: &mut [u8]) {
        match self {
            Self::System => SystemRandom.fill(bytes),
            Self::Seeded(source) => source(bytes),
        }
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::System => "System",
            Self::Seeded(_) => "Seeded",
        })
    }
}

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the owner of the system's randomness")]
    #[expect(
        clippy::expect_used,
        reason = "a server that cannot draw randomness must not go on: nothing it issues would be a secret"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[test]
    fn no_byte_of_a_decision_is_given_twice_however_much_is_drawn() {
        let mut seen = HashSet::new();
        for _ in 0..50 {
            let mut drawn = Randomness::System.for_decision();
            for length in [16, 12, 32, 16, 96, 8, 97, 200, 16, 88] {
                let mut bytes = vec![0; length];
                drawn.fill(&mut bytes);
                for piece in bytes.chunks_exact(8) {
                    assert!(seen.insert(piece.to_vec()), "{length}");
                }
            }
        }
    }

    #[test]
    fn a_seeded_source_is_asked_for_what_is_wanted_and_for_nothing_ahead() {
        let next = AtomicU8::new(0);
        let source = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = next.fetch_add(1, Ordering::Relaxed));
        };
        let seeded = Randomness::Seeded(Arc::new(source));
        for expected in [[0, 1, 2], [3, 4, 5]] {
            let mut bytes = [0; 3];
            seeded.for_decision().fill(&mut bytes);
            assert_eq!(bytes, expected);
        }
    }
}
