//! What the simulation must find, and what it must not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod differential;
mod histories;
mod seeds;
