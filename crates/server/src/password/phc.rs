//! Argon2id hashes in the PHC string form (RFC 9106; NIST SP 800-63B-4 §3.1.1.2).

use std::fmt;
use std::hint::black_box;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

use super::typed::Password;

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// Largest parameters that are taken from a stored or imported hash: the hash names its own cost, so without a cap
/// one imported row could stop the server.
const MEMORY_KIB_MAX: u32 = 131_072;
const ITERATIONS_MAX: u32 = 32;
const PARALLELISM_MAX: u32 = 16;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

/// A password hash as it is stored: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
#[derive(Clone)]
pub struct PhcString(String);

/// Why a text cannot be used as a stored password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashRefused {
    /// Not a PHC string, or one without salt or output.
    #[error("it is not a PHC string with salt and hash")]
    Malformed,
    /// Another algorithm or version than argon2id v=19.
    #[error("only argon2id with v=19 can be verified")]
    Algorithm,
    /// Parameters beyond what this server spends on one hash.
    #[error("its cost lies outside m <= {MEMORY_KIB_MAX}, t <= {ITERATIONS_MAX}, p <= {PARALLELISM_MAX}")]
    Cost,
}

/// Parameters outside of what argon2id allows or this server spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "argon2id needs 8 KiB per lane at least; at most {MEMORY_KIB_MAX} KiB, {ITERATIONS_MAX} iterations, {PARALLELISM_MAX} lanes"
)]
pub struct CostRefused;

impl Argon2Cost {
    /// Memory in KiB, iterations and lanes.
    pub fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, CostRefused> {
        let capped =
            memory_kib <= MEMORY_KIB_MAX && iterations <= ITERATIONS_MAX && parallelism <= PARALLELISM_MAX;
        if !capped || Params::new(memory_kib, iterations, parallelism, Some(OUTPUT_BYTES)).is_err() {
            return Err(CostRefused);
        }
        Ok(Self { memory_kib, iterations, parallelism })
    }

    /// What a hash of this cost takes more time for than one of the other: what a comparison with a weaker hash must
    /// spend on top, so that its time does not tell that there is such a hash. Time goes by blocks filled.
    pub(super) fn beyond(self, other: Self) -> Option<Self> {
        let work = |cost: Self| u64::from(cost.memory_kib) * u64::from(cost.iterations);
        let missing = work(self).checked_sub(work(other))? / u64::from(self.iterations);
        Self::new(u32::try_from(missing).ok()?, self.iterations, self.parallelism).ok()
    }

    /// Whether a hash of this cost should be replaced by one of the other.
    pub(super) fn is_weaker_than(self, other: Self) -> bool {
        self.memory_kib < other.memory_kib || self.iterations < other.iterations
    }

    fn params(self, output_bytes: usize) -> Option<Params> {
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(output_bytes)).ok()
    }
}

impl PhcString {
    /// Takes a hash that was made elsewhere, if this server can verify it.
    pub fn parse(text: &str) -> Result<Self, HashRefused> {
        Stored::parse(text).map(|_| Self(text.to_owned()))
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhcString {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PhcString(…)")
    }
}

/// A parsed hash to compare with.
pub(super) struct Stored {
    cost: Argon2Cost,
    salt: Salt,
    output: Vec<u8>,
}

impl Stored {
    pub(super) fn parse(text: &str) -> Result<Self, HashRefused> {
        let hash = PasswordHash::new(text).map_err(|_| HashRefused::Malformed)?;
        if hash.algorithm != ARGON2ID_IDENT || hash.version != Some(Version::V0x13.into()) {
            return Err(HashRefused::Algorithm);
        }
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else { return Err(HashRefused::Malformed) };
        let params = Params::try_from(&hash).map_err(|_| HashRefused::Malformed)?;
        // A key id or associated data would need a second secret; no hash of ours has them.
        if !params.keyid().is_empty() || !params.data().is_empty() {
            return Err(HashRefused::Algorithm);
        }
        let cost = Argon2Cost::new(params.m_cost(), params.t_cost(), params.p_cost());
        let cost = cost.map_err(|CostRefused| HashRefused::Cost)?;
        Ok(Self { cost, salt, output: output.as_bytes().to_vec() })
    }

    pub(super) fn cost(&self) -> Argon2Cost {
        self.cost
    }

    /// Whether the password gives this output; `None` if there was no memory for it.
    pub(super) fn matches(&self, password: &Password, memory: &mut Memory) -> Option<bool> {
        let mut output = vec![0; self.output.len()];
        derive(password, &self.salt, self.cost, &mut output, memory)?;
        Some(output.ct_eq(&self.output).into())
    }
}

/// Hashes with a fresh salt; `None` if memory or randomness is out of reach.
#[expect(
    clippy::disallowed_methods,
    reason = "the salt is made where it is used and is no decision of a rule"
)]
pub(super) fn hash(password: &Password, cost: Argon2Cost, memory: &mut Memory) -> Option<PhcString> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).ok()?;
    let mut output = [0; OUTPUT_BYTES];
    derive(password, &salt, cost, &mut output, memory)?;
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&cost.params(OUTPUT_BYTES)?).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&output).ok()?),
    };
    Some(PhcString(hash.to_string()))
}

/// What the password of an unknown user is compared with: text like any stored hash, of the cost of a new one, with an
/// output that nothing has.
pub(super) fn decoy(cost: Argon2Cost) -> PhcString {
    let Argon2Cost { memory_kib, iterations, parallelism } = cost;
    let (salt, output) = ("A".repeat(base64_chars(SALT_BYTES)), "A".repeat(base64_chars(OUTPUT_BYTES)));
    PhcString(format!("$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${output}"))
}

/// The length of so many bytes in base64 without padding.
const fn base64_chars(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

fn derive(
    password: &Password,
    salt: &[u8],
    cost: Argon2Cost,
    output: &mut [u8],
    memory: &mut Memory,
) -> Option<()> {
    let params = cost.params(output.len())?;
    let blocks = memory.blocks(params.block_count())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let derived = argon2.hash_password_into_with_memory(password.bytes(), salt, output, &mut *blocks);
    // The blocks depend on the password: they are wiped before the next password is hashed in them.
    blocks.fill(Block::new());
    black_box(blocks);
    derived.ok()
}

/// Working memory is asked for in pieces of this size at least, in bytes. Past 32 MiB the system's allocator maps each piece by
/// itself and gives it back when it is dropped; smaller ones would end up in its heap after the first, and stay. What is
/// not filled takes no memory.
const MAPPED_BYTES_MIN: usize = 33 << 20;

/// The working memory of one hashing thread, kept between hashes.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        let capacity = count.max(MAPPED_BYTES_MIN / size_of::<Block>());
        self.0.try_reserve_exact(capacity.saturating_sub(self.0.len())).ok()?;
        self.0.resize(self.0.len().max(count), Block::new());
        self.0.get_mut(..count)
    }

    /// Gives the memory back to the system; it is 19 MiB for each thread.
    pub(super) fn release(&mut self) {
        self.0 = Vec::new();
    }

    pub(super) fn is_held(&self) -> bool {
        !self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str =
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2E$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn lg_06_stored_hashes_are_argon2id_with_a_bounded_cost() {
        assert_eq!(PhcString::parse(GOOD).map(drop), Ok(()));
        let refused = [
            ("", HashRefused::Malformed),
            ("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2E", HashRefused::Malformed),
            (&GOOD.replace("argon2id", "argon2i"), HashRefused::Algorithm),
            (&GOOD.replace("v=19", "v=16"), HashRefused::Algorithm),
            (&GOOD.replace("m=64", "m=4194304"), HashRefused::Cost),
            (&GOOD.replace("t=1", "t=4000000000"), HashRefused::Cost),
            (&GOOD.replace("m=64,t=1,p=1", "m=65536,t=1,p=17"), HashRefused::Cost),
        ];
        for (text, expected) in refused {
            assert_eq!(PhcString::parse(text).map(drop), Err(expected), "{text}");
        }
    }

    #[test]
    fn lg_06_reference_hash_of_another_implementation_verifies() {
        // Test vector of the reference implementation: argon2id, "password", "somesalt", t=2, m=2^16, p=1.
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let stored = Stored::parse(stored).unwrap();
        let mut memory = Memory::default();
        let check = |text: &str, memory: &mut Memory| stored.matches(&Password::parse(text).unwrap(), memory);
        assert_eq!(check("password", &mut memory), Some(true));
        assert_eq!(check("differentpassword", &mut memory), Some(false));
    }

    #[test]
    fn lg_08_the_decoy_is_a_hash_of_the_cost_of_new_ones() {
        let cost = Argon2Cost::new(64, 1, 1).unwrap();
        let (decoy, mut memory) = (decoy(cost), Memory::default());
        let real = hash(&Password::parse("somebody's").unwrap(), cost, &mut memory).unwrap();
        assert_eq!(decoy.as_str().len(), real.as_str().len());
        assert_eq!(Stored::parse(decoy.as_str()).unwrap().cost(), cost);
    }

    #[test]
    fn lg_08_a_weaker_hash_is_topped_up_to_the_work_of_a_new_one() {
        let cost = |memory, iterations| Argon2Cost::new(memory, iterations, 1).unwrap();
        let (current, cases) = (
            cost(19_456, 2),
            [
                (cost(19_456, 1), Some(cost(9_728, 2))),
                (cost(9_728, 2), Some(cost(9_728, 2))),
                (cost(64, 1), Some(cost(19_424, 2))),
                (cost(19_456, 2), None),
                (cost(19_450, 2), None),
                (cost(65_536, 3), None),
            ],
        );
        for (stored, expected) in cases {
            assert_eq!(current.beyond(stored), expected, "{stored:?}");
        }
    }

    #[test]
    fn lg_06_memory_is_reused_and_wiped() {
        let mut memory = Memory::default();
        let cost = Argon2Cost::new(64, 1, 1).unwrap();
        let password = Password::parse("left behind").unwrap();
        assert!(hash(&password, cost, &mut memory).is_some());
        assert!(memory.is_held());
        assert!(memory.0.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    proptest! {
        #[test]
        fn lg_06_no_text_makes_the_parser_panic(text in "\\PC{0,80}", at in 0..GOOD.len(), byte in any::<char>()) {
            let _ = Stored::parse(&text);
            let mut mutated: Vec<char> = GOOD.chars().collect();
            mutated[at] = byte;
            let _ = Stored::parse(&mutated.into_iter().collect::<String>());
        }
    }
}
