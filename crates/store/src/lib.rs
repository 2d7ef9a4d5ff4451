//! Durable state: reads, commits, administration and migrations.
//!
//! It knows rows, transactions and files; never HTTP, and no rule: what a row means is for `protocol` to judge. Whatever
//! it acknowledges is on the disk. A [`proofkey_protocol::Commit`] is one transaction, single use is one conditional
//! statement in it, and all writes of a process pass one writer that commits them in groups.

mod admin;
mod encode;
mod fault;
mod reads;
mod sql;
mod sqlite;
mod store;

pub use admin::AdminFault;
pub use fault::Fault;
pub use reads::Versions;
pub use store::{Options, Store};
