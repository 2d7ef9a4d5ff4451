//! Randomness at the edge: the one owner of the system's source, and the source that a server is started with.

use std::fmt;
use std::sync::Arc;

use proofkey_protocol::Random;

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
