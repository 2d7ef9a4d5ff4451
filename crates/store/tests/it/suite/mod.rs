//! What every engine promises: what each commit accepts and refuses, races, administration, sweeping.
//!
//! The suite knows no engine. The module that includes it says by its `World` which database is opened.

mod admin;
mod clients;
mod commits;
mod consents;
mod keys;
mod nodes;
mod races;
mod refresh;
mod refusals;
mod remembered;
mod sign_in;
mod sweep;
mod users;

use super::World;
