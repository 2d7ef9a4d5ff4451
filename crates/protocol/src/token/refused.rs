//! Why a token request is refused, and what that must leave behind.

use crate::commit::Commit;
use crate::refusal::Refusal;

/// A refusal, with what it must leave behind.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// Boxed, for it is rare and large.
    pub(super) commit: Option<Box<Commit>>,
}

impl Refused {
    /// A refusal that may be told once `commit` is durable.
    pub(super) fn after(commit: Commit, refusal: Refusal) -> Self {
        Self { refusal, commit: Some(Box::new(commit)) }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, commit: None }
    }
}
