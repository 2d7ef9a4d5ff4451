//! Durable state: reads, commits, administration and migrations.
//!
//! It knows rows, transactions and files; never HTTP, and no rule: what a row means is for `protocol` to judge. Whatever
//! it acknowledges is on the disk. A read is a text, values and a decoder; a write is a [`script`]: steps of text and
//! values, and what it means when one finds no row. A [`proofkey_protocol::Commit`] is one script and one transaction,
//! single use is one conditional statement in it. On SQLite all writes of a process pass one writer that commits them in
//! groups; on PostgreSQL they go out together, and each is judged by itself.

mod backend;
mod basis;
mod cell;
mod directory;
mod encode;
mod fault;
mod known_time;
mod last_look;
mod migration;
pub mod moving;
mod not_serving;
mod options;
mod places;
mod postgres;
mod read;
mod remembered;
mod row;
mod script;
mod sql;
mod sqlite;
mod state;
mod store;
mod subjects_read;
mod uses_noted;
mod value;
mod versions_seen;
mod write;

pub use basis::{Basis, RememberedCode};
pub use directory::private_directory;
pub use fault::{AdminFault, Fault};
pub use known_time::NotedTime;
pub use last_look::{LastLook, REMEMBERED_FOR};
pub use not_serving::NotServing;
pub use options::{ConnectOptions, Options};
pub use postgres::hosts_of_url;
pub use remembered::FREED_IN_LOOKS;
pub use sql::versions::Versions;
pub use state::CopyId;
pub use store::{ProtocolStore, Store};
pub use subjects_read::SUBJECTS_READ_FOR;
pub use uses_noted::{USES_WAIT_FOR, USES_WAITING_MAX};
