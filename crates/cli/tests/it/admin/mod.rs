//! Administration by command: each command, what it prints, and how it refuses.

mod apis;
mod assistant;
mod clients;
mod configuration;
mod delivery;
mod explain;
mod files;
mod growth;
mod keys;
mod moving;
mod preview;
mod record;
mod serving;
mod snippets;
pub(crate) mod support;
mod users;
