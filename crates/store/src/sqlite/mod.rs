//! The SQLite engine: WAL, `synchronous=FULL`, one writer thread with group commit, readers in place.

mod admin;
mod bind;
mod cells;
mod commit;
mod connection;
mod directory;
mod engine;
mod facts;
mod housekeeping;
mod migrate;
#[cfg(test)]
mod plans;
mod query;
mod readers;
mod severity;
mod users;
mod writer;

pub(crate) use engine::Engine;
