//! From where property tests draw their input.

use std::process::Command;

/// What `cargo xtask check` and `test` begin from. Any number would do.
const SEED: u64 = 9700;

/// Lets the property tests of `command` begin from the fixed seed: what fails then fails by what has changed in the tree.
pub(crate) fn fixed(mut command: Command) -> Command {
    seeded(&mut command, SEED);
    command
}

/// Lets them begin from `seed`, which says all: no case that failed is written into the tree.
pub(crate) fn seeded(command: &mut Command, seed: u64) -> &mut Command {
    command.env("PROPTEST_RNG_SEED", seed.to_string()).env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_tree_has_one_outcome() {
        let command = fixed(Command::new("cargo"));
        let seeds: Vec<_> = command.get_envs().map(|(name, value)| (name, value.is_some())).collect();
        assert_eq!(
            seeds,
            [("PROPTEST_DISABLE_FAILURE_PERSISTENCE".as_ref(), true), ("PROPTEST_RNG_SEED".as_ref(), true)]
        );
        let rust = crate::check::rust(Path::new("/"));
        assert!(rust.get_envs().any(|(name, _)| name == "PROPTEST_RNG_SEED"));
    }
}
