//! The refresh tokens of a grant as its row keeps them, and which of them are good: the rules of rotation with an overlap
//! (OAuth 2.1 §4.3.1; decision 18). Pure: it knows no request and writes nothing.
//!
//! A used token goes on for a while, so that a lost reply, a hundred tabs or several processes that share one sign-in are
//! not taken for a thief. All who come within that while get the same successor: it is derived, not drawn.

use proofkey_oauth::{Sha256, Timestamp};

use crate::client::Client;
use crate::ids::SealingKeyId;
use crate::policy::Policy;
use crate::refresh_token::RefreshToken;
use crate::seal::ArtefactKeys;

/// Most tokens that a row remembers as retired a moment ago; of more the oldest drops out.
pub const RECENT_MAX: usize = 16;
/// The overlap of a client that names none, in seconds: a reply that was lost, tabs that wake together.
pub const OVERLAP_SECONDS: i64 = 60;
/// The longest overlap, in seconds.
pub const OVERLAP_SECONDS_MAX: i64 = 3_600;
/// How far ahead of the time of a request an instant of the row may lie and still be believed: requests that run side by
/// side are judged by the times at which they came, and the clocks of two nodes differ. What lies further ahead is over.
const AHEAD_SECONDS_MAX: i64 = 5;

/// What a grant's row keeps of its refresh tokens. A new grant has used nothing, and its first token is of generation 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefreshChain {
    /// The highest generation of which a token was used; 0 before the first.
    pub generation: i64,
    /// SHA-256 of the token used there.
    pub used: Option<Sha256>,
    /// When that was first used. Absent, and so over, where an earlier release wrote the row.
    pub used_at: Option<Timestamp>,
    /// The sealing key under which the child of the token used is derived.
    pub child_key: Option<SealingKeyId>,
    /// Whether the token used has been given a child that is not the derived one. Then none is derived until a child is used.
    pub forked: bool,
    /// Whether a token that is long retired was sent by a client that shares its sign-ins.
    pub suspect: bool,
    /// Tokens retired less than an overlap ago, oldest first.
    pub recent: Vec<RetiredToken>,
    /// Moves with every write; what was decided on another revision is not written.
    pub revision: i64,
}

/// A token of which a child has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetiredToken {
    /// SHA-256 of its text.
    pub hash: Sha256,
    /// When the child was used.
    pub at: Timestamp,
}

/// For how long a client's used tokens are forgiven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefreshOverlap {
    /// Seconds from an instant of the row on; 0 forgives nothing.
    seconds: i64,
    /// Whether several processes share one sign-in, each with a memory of its own.
    pub(crate) shared: bool,
}

/// How a token that is good is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshUse {
    /// The first use of a child: the row goes on to it.
    First,
    /// Used or retired a moment ago: it gets the child of the current token, and nothing is written.
    Repeated,
    /// The current token after its overlap: it gets a child of its own, and the row is marked as forked.
    Late,
}

/// Why a token of this grant is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// A successor was used, longer ago than is forgiven.
    Retired,
    /// Its parent was never used as far as the row says: the database is older than the token.
    Ahead,
}

impl RefreshOverlap {
    pub(crate) fn of(client: &Client, policy: &Policy) -> Self {
        let own = if client.refresh_shared {
            OVERLAP_SECONDS_MAX.min(policy.access_token_seconds)
        } else {
            OVERLAP_SECONDS
        };
        let seconds = client.refresh_overlap_seconds.unwrap_or(own);
        // None is none: two clocks that differ must not make one of it.
        let skew = if seconds > 0 { policy.refresh_skew_seconds } else { 0 };
        Self { seconds: seconds + skew, shared: client.refresh_shared }
    }

    /// Whether an instant of the row lies no longer ago than is forgiven.
    pub(crate) fn covers(self, at: Timestamp, now: Timestamp) -> bool {
        self.seconds > 0 && (-AHEAD_SECONDS_MAX..self.seconds).contains(&(now - at))
    }
}

impl RefreshChain {
    /// Judges a token of this grant.
    pub(crate) fn judge(
        &self,
        token: &RefreshToken,
        overlap: RefreshOverlap,
        now: Timestamp,
        keys: &ArtefactKeys,
    ) -> Result<RefreshUse, Unusable> {
        let next = self.generation.saturating_add(1);
        if token.generation > next {
            return Err(Unusable::Ahead);
        }
        if token.generation == next {
            return Ok(RefreshUse::First);
        }
        let is_current = token.generation == self.generation && self.used == Some(token.hash);
        let derives = !self.forked && self.child_key.is_some_and(|key| keys.knows(key));
        if is_current {
            let in_time = self.used_at.is_some_and(|at| overlap.covers(at, now));
            return Ok(if derives && (overlap.shared || in_time) {
                RefreshUse::Repeated
            } else {
                RefreshUse::Late
            });
        }
        let is_recent =
            self.recent.iter().any(|retired| retired.hash == token.hash && overlap.covers(retired.at, now));
        if derives && is_recent { Ok(RefreshUse::Repeated) } else { Err(Unusable::Retired) }
    }

    /// The row after the first use of a child. The token before is retired by it, and remembered for an overlap unless it
    /// had a child of its own.
    pub(crate) fn advanced(
        &self,
        token: &RefreshToken,
        overlap: RefreshOverlap,
        now: Timestamp,
        child_key: SealingKeyId,
    ) -> Self {
        let parent = self.used.filter(|_| !self.forked).map(|hash| RetiredToken { hash, at: now });
        let in_time = self.recent.iter().filter(|retired| overlap.covers(retired.at, now)).copied();
        let mut recent: Vec<_> =
            in_time.chain(parent.filter(|retired| overlap.covers(retired.at, now))).collect();
        recent.drain(..recent.len().saturating_sub(RECENT_MAX));
        Self {
            generation: token.generation,
            used: Some(token.hash),
            used_at: Some(now),
            child_key: Some(child_key),
            forked: false,
            suspect: self.suspect,
            recent,
            revision: self.revision + 1,
        }
    }

    /// The row once its current token is given a child of its own.
    pub(crate) fn forked(&self) -> Self {
        Self { forked: true, revision: self.revision + 1, ..self.clone() }
    }
}
