//! In whose name administration happens.

use std::fmt;

/// Longest name of an actor, in characters: it stands in every line of the log, and some sources of it are not trusted.
const NAME_CHARS_MAX: usize = 64;

/// The name that a change is recorded under: where the order came from, and the account that gave it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// An account of the operating system, at the command line: `cli:ada`.
    pub fn cli(system_user: &str) -> Self {
        let name: String = system_user.chars().take(NAME_CHARS_MAX).collect();
        Self(format!("cli:{name}"))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
