//! The store against real files: what each commit accepts and refuses, races, crashes, full disks and second processes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and child processes report on standard output"
)]

mod admin;
mod batches;
mod commits;
mod crash;
mod durability;
mod faults;
mod processes;
mod races;
mod refresh;
mod support;
mod sweep;
