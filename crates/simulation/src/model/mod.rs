//! The store as a few maps: the meaning of the scripts in the crate `store`, without any SQL.
//!
//! A test runs the same histories on this and on the store itself, and compares all that can be read. It must not know what
//! a rule does with what it reads.

mod admin;
mod commit;
mod gate;
mod read;
mod settle;

pub use admin::NotChanged;
pub use gate::BrokenGate;
pub use read::ClientKnown;
pub use settle::Again;

use std::collections::BTreeMap;

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{
    ClientId, ClientRecord, ConsentFacts, GrantFacts, RegisteredApi, SessionFacts, UserFacts, UserId,
};

/// A binary id, as a key that has an order.
pub(crate) type Id = [u8; 16];

/// A user with the stored password.
#[derive(Clone, Debug)]
struct UserRow {
    facts: UserFacts,
    key: String,
    password: Option<String>,
    claims: serde_json::Map<String, serde_json::Value>,
}

/// A client with what takes it away.
#[derive(Clone, Debug)]
struct ClientRow {
    record: ClientRecord,
    valid_from: Timestamp,
}

/// What is noted of a client that was removed.
#[derive(Clone, Copy, Debug)]
struct RemovedClient {
    ended_at: Timestamp,
    keep_until: Timestamp,
}

/// Failed sign-ins under one key.
#[derive(Clone, Copy, Debug)]
struct FailureRow {
    owner: Option<Sha256>,
    failures: i64,
    last_at: i64,
}

/// The durable state.
#[derive(Clone, Debug, Default)]
pub struct Model {
    broken: Option<BrokenGate>,
    users: BTreeMap<UserId, UserRow>,
    /// Ids of users who were removed, each with the name that was theirs.
    removed_users: BTreeMap<UserId, String>,
    /// Their rows, where grants find them still. Where every gate closes there is none.
    left_users: BTreeMap<UserId, UserRow>,
    clients: BTreeMap<ClientId, ClientRow>,
    removed: BTreeMap<ClientId, RemovedClient>,
    consents: BTreeMap<(UserId, ClientId), ConsentFacts>,
    sessions: BTreeMap<Id, SessionFacts>,
    grants: BTreeMap<Id, GrantFacts>,
    code_failures: BTreeMap<Id, (i64, Timestamp)>,
    revoked_tokens: BTreeMap<Id, Timestamp>,
    failures: BTreeMap<Sha256, FailureRow>,
    apis: Vec<RegisteredApi>,
    api_ids: i64,
}

impl Model {
    /// An empty one, whose gates close but for this one.
    pub fn new(broken: Option<BrokenGate>) -> Self {
        // The first id of an API is 2, as in the store: 1 is given to nothing.
        Self { broken, api_ids: 1, ..Self::default() }
    }

    fn is_broken(&self, gate: BrokenGate) -> bool {
        self.broken == Some(gate)
    }

    /// Whether the broken gate is this one, for what is no gate of the store.
    pub fn has_broken(&self, gate: BrokenGate) -> bool {
        self.is_broken(gate)
    }

    /// A mark that ends all before it: another than any before, and never an earlier one, whatever the clock says.
    fn mark_after(&self, before: Timestamp, now: Timestamp) -> Timestamp {
        if now > before || self.is_broken(BrokenGate::MarkByTheClock) { now } else { before + 1 }
    }
}
