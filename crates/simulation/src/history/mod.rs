//! Histories of concurrent clients, and whether one order of their operations explains all that each was told.

mod grant;
mod linear;

pub use grant::{GrantHistories, GrantOperation, GrantOutcome, GrantRules, Started};
pub use linear::{Operation, Rules, Unexplained, check};
