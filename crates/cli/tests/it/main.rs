//! The built command, run as people and scripts run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod admin;
mod dev;
mod kill;
mod left_out;
mod login;
mod museum;
mod nodes;
mod serve;
