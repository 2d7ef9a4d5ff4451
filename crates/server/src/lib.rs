//! The authorization server: router, endpoints, sign-in, pages, keys, tasks and configuration.
//!
//! Every protocol endpoint is `parse → load → decide → commit → reply`. Decisions are made in `protocol`, durable state is
//! changed in `store`; this crate owns the edge: HTTP, time, randomness and configuration.

pub mod admin;
pub mod algorithms;
mod app;
mod background;
#[cfg(test)]
mod bounds;
mod clients;
pub mod clock;
pub mod config;
mod cookies;
pub mod database;
mod directory;
mod endpoint;
pub mod http;
pub mod keys;
mod known_time;
pub mod limit;
pub mod log;
mod login;
mod metadata;
pub mod metrics;
mod node;
pub mod page;
pub mod password;
mod random;
mod refresh_uses;
mod refusal_record;
mod remembered;
mod rules;
mod run;
mod session_uses;
mod shared_time;
mod sweep;
pub mod system;
mod tasks;
pub mod trace;

pub use config::ACCESS_TOKEN_SECONDS_MAX;
pub use cookies::session_header;
pub use login::username_key;
pub use random::{Randomness, SystemRandom};
pub use refusal_record::parse_error_id;
pub use run::{Running, Start, StartFault};
