//! The built command, run as people and scripts run it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking, and those that count print what they counted"
)]

mod admin;
mod dev;
mod doctor;
mod faults;
mod left_out;
mod login;
mod museum;
mod nodes;
mod pkce;
mod serve;

/// Held by tests that take a whole machine, or measure what is left of one: one at a time, beside those that take little.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
