//! The rules of the crate `protocol` under everything that can go wrong around them, from one number: clocks that jump, nodes that
//! die, answers that are lost, and requests of several clients, people, thieves and operators between one another's reads and
//! writes. And a judge of histories that were recorded of a server.
//!
//! The store is a [`model::Model`]: maps with the meaning of the store's scripts, which a test holds against the store itself. What
//! must never happen is judged by a ledger that knows the order of all events and no rule.
//! Nothing here reads a clock or the system's randomness: a seed that fails fails again.
#![expect(clippy::expect_used, clippy::panic, reason = "a fixture that fails ends the test")]

pub mod dice;
pub mod history;
mod ledger;
pub mod model;
mod world;

pub use world::{JudgedBy, Settings, Summary, Violation, run};
