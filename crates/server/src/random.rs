//! Randomness at the edge: the one owner of the system's source.

use proofkey_protocol::Random;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

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
