//! Administration by command: each command, what it prints, and how it refuses.

mod apis;
mod clients;
mod configuration;
mod keys;
mod record;
mod serving;
pub(crate) mod support;
mod users;
