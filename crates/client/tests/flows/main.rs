//! The client against an issuer that breaks one rule at a time, and against itself in other processes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests fail as tests do"
)]

#[cfg(target_os = "linux")]
mod browser;
mod discovery;
mod edges;
mod endpoints;
#[cfg(unix)]
mod processes;
mod session;
mod sign_in;
mod support;
