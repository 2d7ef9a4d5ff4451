//! Writes: each is a script, made of a commit or of an operator's change without looking at the database.
//!
//! Operators' changes are methods of [`crate::Store`] and move the version of the directory that they change in the same
//! script. Commits are turned into scripts in `commit.rs` alone.

mod api;
mod client;
mod code;
mod commit;
mod consent;
mod grant;
mod key;
mod known_time;
mod nodes;
mod refusals;
mod session;
mod settle;
mod sweep;
mod user;
mod uses;
