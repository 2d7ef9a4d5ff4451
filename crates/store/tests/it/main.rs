//! The store: one suite that every engine passes, and what is particular to each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::duplicate_mod,
    reason = "tests fail by panicking, child processes report on standard output, and each engine includes the suite"
)]

#[expect(clippy::panic, reason = "a copy that ends in another way than it must has failed its test")]
mod moving;
mod postgres;
mod sqlite;
mod support;
