//! A server as a process: what signals, its standard error and hostile peers do to it.

mod health;
mod memory;
pub(crate) mod server;
mod signals;
mod standard_error;
