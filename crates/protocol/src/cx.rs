//! What a rule may know of the world: the time, randomness, the policy, the APIs and the keys, each as a value.

use proofkey_jose::Algorithm;
use proofkey_oauth::{Secret, Timestamp, TokenKind};

use crate::api::Apis;
use crate::policy::Policy;
use crate::seal::ArtefactKeys;

/// A source of random bytes: the system's at the edge, a seeded one in tests.
pub trait Random {
    /// Fills the buffer with unpredictable bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The context of one request. The edge reads the clock once, and passes that and the directory here.
pub struct Cx<'a> {
    /// The time of the request.
    pub now: Timestamp,
    /// Unpredictable bytes.
    pub random: &'a mut dyn Random,
    /// The server's settings.
    pub policy: &'a Policy,
    /// The APIs, as new as the facts that are decided on.
    pub apis: &'a Apis,
    /// The keys under which codes, steps and refresh tokens are made.
    pub keys: &'a ArtefactKeys,
    /// The algorithms by which tokens can be signed at this moment: those on the operator's list that have a key which signs, in the
    /// order of the list. By the first of them the access tokens of an API are signed that names none.
    pub signs: &'a [Algorithm],
}

impl Cx<'_> {
    /// `N` unpredictable bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// Seals `content` as a token of `kind`, under a fresh nonce.
    pub fn seal(&mut self, kind: TokenKind, content: &[u8]) -> Secret {
        let nonce = self.random();
        self.keys.seal(kind, content, nonce)
    }

    /// An id that sorts by time of creation: four bytes of the seconds of `at`, twelve random ones. Rows with such ids are
    /// appended to an index instead of scattered over it.
    pub fn time_ordered_id(&mut self, at: Timestamp) -> [u8; 16] {
        let mut id = self.random::<16>();
        let seconds = u32::try_from(at.seconds()).unwrap_or(u32::MAX);
        id.iter_mut().zip(seconds.to_be_bytes()).for_each(|(to, from)| *to = from);
        id
    }
}
