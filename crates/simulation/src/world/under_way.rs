//! A request under way, and what it waits for.

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ArtefactKeys, Commit, UserRecord};

use super::answer::Answer;
use super::sent::Sent;

/// A request at one node.
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) node: usize,
    /// When it came, by the clock of its node.
    pub(super) now: Timestamp,
    pub(super) keys: Arc<ArtefactKeys>,
    pub(super) sent: Sent,
    /// Of whom an ID token will say something, once that was read; before all else and once.
    pub(super) user: Option<Option<Box<UserRecord>>>,
    pub(super) stage: Stage,
    pub(super) decisions: u8,
}

/// What it waits for.
pub(super) enum Stage {
    /// The facts.
    Load,
    /// The durable change.
    Commit(Box<Pending>),
    /// The way back.
    Reply(Answer),
}

/// A decision that is true once its commit is durable.
pub(super) struct Pending {
    pub(super) commit: Commit,
    pub(super) answer: Answer,
    /// When its facts were read.
    pub(super) loaded: u64,
    /// Whether the answer to a first run was lost.
    pub(super) is_lost: bool,
    /// Whether that run was written, which no answer tells.
    pub(super) was_written: bool,
}
