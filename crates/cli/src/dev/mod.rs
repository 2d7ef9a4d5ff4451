//! `proofkey dev`: authorization server, sample browser app and sample API on loopback, with everything registered.
//!
//! Everything here is for a developer's own machine. `serve` must not know this module.

pub(crate) mod api;
pub(crate) mod app;
mod assets;
mod configuration;
mod events;
mod ready;
mod seed;
mod start;
pub(crate) mod trace_log;

pub(crate) use start::{Args, run};
