//! What has happened, in order, and what follows from that: the invariants C1 to C8, judged without any rule of the server.
//!
//! | | what is always true |
//! |---|---|
//! | C1 | a code is redeemed once |
//! | C2 | what was redeemed stays redeemed, and its tokens work |
//! | C3 | after a rotation the new token works or, where the answer was lost, the old one |
//! | C4 | a grant has one line of tokens: at each place in it one token is used, and no sibling of it |
//! | C5 | what was revoked, withdrawn, disabled, removed or signed out stays so |
//! | C6 | no token works that was not issued, to that client, by that verifier, and none says another user |
//! | C8 | wrong verifiers, failed sign-ins and revoked tokens are counted |
//!
//! Of a user who was removed nothing works, the id is never given again, the name by an operator's word, and who has the name then has
//! nothing of the one before: C5 and C6.
//!
//! C7, that signatures verify, is about keys that sign: rules have none. What they have is the list of algorithms, and no token is of
//! one that is off.

mod ended;
mod identity;
mod judge;
mod life;
mod operator;
mod written;

use std::collections::BTreeMap;

use proofkey_jose::Algorithm;
use proofkey_oauth::{Sha256, Timestamp, sha256};
use proofkey_protocol::{ApiId, ClientId, GrantId, UserId};

use self::life::{ClientLife, ConsentLife, Life, SessionLife, UserLife};
use crate::model::Id;

/// All that has happened.
#[derive(Default)]
pub(crate) struct Ledger {
    seq: u64,
    code_failures_max: i64,
    violation: Option<(&'static str, String)>,
    lives: BTreeMap<Id, Life>,
    users: BTreeMap<UserId, UserLife>,
    /// Who has each name, or had it last.
    names: BTreeMap<String, UserId>,
    /// Which algorithm was off since when; one at most.
    off: Vec<(u64, Option<Algorithm>)>,
    clients: BTreeMap<ClientId, ClientLife>,
    consents: BTreeMap<(UserId, ClientId, ApiId), ConsentLife>,
    sessions: BTreeMap<Id, SessionLife>,
    apis_removed: BTreeMap<ApiId, u64>,
    /// Access tokens by their `jti`, with the grant.
    access: BTreeMap<String, Id>,
    /// Those that clients got for themselves, with the client and when.
    own: BTreeMap<String, (ClientId, u64)>,
    revoked_tokens: BTreeMap<String, u64>,
    /// Refresh tokens by the hash of their text: the grant and the place in its line.
    refresh: BTreeMap<Sha256, (Id, i64)>,
    /// Failed sign-ins by key, with the account's own key.
    failures: BTreeMap<Sha256, (i64, Option<Sha256>)>,
    /// The latest time by which anything was removed.
    swept_by: Option<Timestamp>,
}

impl Ledger {
    pub(crate) fn new(code_failures_max: i64) -> Self {
        Self { code_failures_max, ..Self::default() }
    }

    /// The next event begins.
    pub(crate) const fn tick(&mut self) {
        self.seq += 1;
    }

    /// The number of this event.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// The first violation, if there is one.
    pub(crate) const fn take_violation(&mut self) -> Option<(&'static str, String)> {
        self.violation.take()
    }

    /// What has ended long before `by` has been removed.
    pub(crate) fn swept(&mut self, by: Timestamp) {
        self.swept_by = self.swept_by.max(Some(by));
        self.failures.clear();
    }

    /// A thief uses a copy of this refresh token.
    pub(crate) fn stolen(&mut self, token: &str) {
        let known = self.refresh.get(&sha256(token.as_bytes()));
        if let Some(life) = known.and_then(|(grant, _)| self.lives.get_mut(grant)) {
            life.is_stolen = true;
        }
    }

    /// The grant of a refresh token that was told.
    pub(crate) fn grant_of(&self, token: &str) -> Option<String> {
        let (grant, _) = self.refresh.get(&sha256(token.as_bytes()))?;
        Some(GrantId(*grant).to_string())
    }

    fn violated(&mut self, invariant: &'static str, what: String) {
        self.violation.get_or_insert((invariant, what));
    }

    fn user(&mut self, id: &UserId) -> &mut UserLife {
        self.users.entry(id.clone()).or_default()
    }

    fn client(&mut self, id: &ClientId) -> &mut ClientLife {
        self.clients.entry(id.clone()).or_default()
    }
}
