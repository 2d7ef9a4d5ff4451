//! The store: one suite that every engine passes, and what is particular to each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests fail by panicking, and child processes report on standard output"
)]

mod sqlite;
mod support;
