//! How often, and from which seed, a fault is run: `cargo xtask faults` says it.

/// The number of cycles that a variable asks for, or as many as every run of the tests has.
pub(crate) fn cycles(variable: &str, by_default: u64) -> u64 {
    number(variable).unwrap_or(by_default)
}

/// Dice of the seed that is asked for.
pub(crate) fn seed() -> u64 {
    next(number("PROOFKEY_SEED").unwrap_or(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
}

/// xorshift: the same for every run of a seed.
pub(crate) fn next(mut dice: u64) -> u64 {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^ (dice << 17)
}

fn number(variable: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var(variable);
    asked.ok()?.parse().ok()
}
