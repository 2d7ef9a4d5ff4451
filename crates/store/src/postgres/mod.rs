//! The PostgreSQL engine: single statements pipelined on a few shared connections, other scripts as serializable
//! transactions on connections of their own.
//!
//! It runs texts and scripts that others write: it knows no statement and no table, but for the one in which it notes its
//! own migrations.

mod attempts;
mod bind;
pub(crate) mod cell;
mod connection;
mod connector;
mod engine;
mod migrate;
mod pipeline;
mod pool;
mod severity;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;
mod url;

pub(crate) use engine::Engine;
#[cfg(test)]
pub(crate) use migrate::MIGRATIONS;

use crate::fault::Fault;

/// The hosts of the URL of a PostgreSQL database, each with its port, with commas between them: without user and password, to
/// be shown. An error says what is wrong with the URL, and tells no secret of it either.
pub fn hosts_of_url(url: &str) -> Result<String, Fault> {
    let hosts: Vec<String> = url::read(url)?.hosts.into_iter().map(|host| host.name).collect();
    Ok(hosts.join(", "))
}
