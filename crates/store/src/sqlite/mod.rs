//! The SQLite engine: WAL, `synchronous=FULL`, one writer thread with group commit, readers in place.
//!
//! It runs texts and scripts that others write: it knows no statement and no table, but for the one in which it notes its
//! own migrations.

#[cfg(test)]
mod access_by_api_tests;
pub(crate) mod admission;
pub(crate) mod backup;
mod bind;
pub(crate) mod cell;
mod connection;
mod engine;
pub(crate) mod files;
mod migrate;
#[cfg(test)]
mod origins;
#[cfg(test)]
mod plans;
mod readers;
mod rows;
mod severity;
mod shared;
pub(crate) mod since;
mod writer;

pub(crate) use engine::Engine;
