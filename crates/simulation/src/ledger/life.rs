//! What the ledger keeps of each thing.

use std::collections::BTreeMap;

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{ApiId, ClientId, GrantId, SessionId, UserId};

/// A code and the grant that came of it.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) id: GrantId,
    pub(super) client: ClientId,
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) needs: Vec<ApiId>,
    pub(super) verifier: String,
    /// When the facts were read by which the code was issued.
    pub(super) born: u64,
    /// When the grant was made, or the code, by the clock of the node.
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) ends_at: Timestamp,
    /// Whether it ends with its session.
    pub(super) is_bound: bool,
    pub(super) redeemed: u32,
    pub(super) wrong_verifiers: i64,
    pub(super) revoked: Option<u64>,
    pub(super) is_suspect: bool,
    pub(super) is_stolen: bool,
    pub(super) generation: i64,
    pub(super) revision: i64,
    /// The token that was used at each place of the line.
    pub(super) used: BTreeMap<i64, Sha256>,
}

/// A user: what was ended when, and since when the account is open or closed.
#[derive(Clone, Debug, Default)]
pub(super) struct UserLife {
    pub(super) ends: Vec<u64>,
    /// Those of them after which a password that was right is right no more.
    pub(super) resets: Vec<u64>,
    pub(super) disabled: Vec<(u64, bool)>,
    pub(super) removed: Option<u64>,
    pub(super) name: String,
    pub(super) password: String,
    /// Whether sessions beyond the number that one may have were ended.
    pub(super) has_evicted: bool,
}

/// How a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    Disabled,
    Removed,
}

/// A client.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientLife {
    pub(super) ends: Vec<u64>,
    pub(super) standing: Vec<(u64, Standing)>,
}

/// What a user allows a client at one API: since when by which clock, or `None` for a withdrawal.
pub(super) type ConsentLife = Vec<(u64, Option<Timestamp>)>;

/// A session.
#[derive(Clone, Debug)]
pub(super) struct SessionLife {
    pub(super) user: UserId,
    /// When the facts were read by which it began.
    pub(super) born: u64,
    pub(super) secret: Sha256,
    pub(super) expires_at: Timestamp,
    pub(super) ended: Option<u64>,
}

/// Whether one of these lies between two events.
pub(super) fn any_between(among: &[u64], after: u64, before: u64) -> bool {
    among.iter().any(|seq| (after + 1..before).contains(seq))
}

pub(super) fn last_before<T: Copy>(among: &[(u64, T)], at: u64) -> Option<T> {
    among.iter().rev().find(|(seq, _)| *seq < at).map(|(_, value)| *value)
}

impl UserLife {
    pub(super) fn is_disabled(&self, at: u64) -> bool {
        last_before(&self.disabled, at).unwrap_or(false)
    }

    pub(super) fn is_removed(&self, at: u64) -> bool {
        self.removed.is_some_and(|seq| seq < at)
    }
}

impl ClientLife {
    pub(super) fn standing(&self, at: u64) -> Standing {
        last_before(&self.standing, at).unwrap_or(Standing::Active)
    }
}
