//! How much is measured, and what a part of it may take.

use std::time::Duration;

/// What is measured, in the words of the load generator.
pub(super) const SCENARIOS: [&str; 7] =
    ["code-flow", "refresh", "client-credentials", "userinfo", "introspect", "jwks", "discovery"];
/// Virtual users, each with a connection of its own.
pub(super) const USERS: usize = 32;
/// Those of the node beside it.
pub(super) const USERS_BESIDE: usize = 8;
/// Runs of each scenario and server, by turns; the medians are reported.
pub(super) const RUNS: usize = 3;
/// Seconds of one run.
pub(super) const SECONDS: u32 = 6;
/// What is measured on PostgreSQL.
pub(super) const SCENARIOS_ON_POSTGRES: [&str; 3] = ["code-flow", "refresh", "client-credentials"];
/// Seconds of token traffic after which memory is read.
pub(super) const MEMORY_SECONDS: u32 = 60;
/// Starts whose median is reported.
pub(super) const STARTS: usize = 9;
/// Hostile connections at once.
pub(super) const HOSTILE_CONNECTIONS: u32 = 1_000;
/// Rounds of each attack, by turns.
pub(super) const HOSTILE_ROUNDS: usize = 3;
/// Seconds of one attack, in which some hundred honest flows go through.
pub(super) const HOSTILE_SECONDS: u32 = 12;
/// Users who sign in meanwhile.
pub(super) const HOSTILE_USERS: usize = 100;
/// Browsers in which they do, at once.
pub(super) const HOSTILE_VUS: usize = 4;
/// People who sign in at once in a storm, each from an address of their own.
pub(super) const STORM_CONNECTIONS: u32 = 500;
/// Rounds without the storm and in it, by turns.
pub(super) const STORM_ROUNDS: usize = 3;
/// Seconds until it begins: what goes on beside it signs in before.
pub(super) const STORM_AFTER: u32 = 5;
/// Seconds after which it is counted what goes on beside it.
pub(super) const STORM_COUNTED_AFTER: u32 = 9;
/// What building and one run of the load generator may take.
pub(super) const LIMIT: Duration = Duration::from_secs(30 * 60);
