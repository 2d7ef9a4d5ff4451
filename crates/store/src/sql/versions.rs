//! The versions by which nodes notice that a directory has changed, and the write that proves that writing works.

use super::{statements, text};
use crate::row::{FromRow as _, row};

/// Numbers that grow with each change. A node that sees one move loads its APIs or keys again, or forgets its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the version of the directory of that name")]
pub struct Versions {
    pub clients: i64,
    pub apis: i64,
    pub keys: i64,
    /// Which sealing key the private keys are sealed by: a number that moves when they are sealed anew.
    pub sealing: i64,
}

row! {
    Versions in "directory_versions" { clients, apis, keys, sealing }
}

/// A last column beside the facts of a decision: the versions of the keys and of the APIs, in one number. Either is taken away,
/// too, and a server that has others in memory than this says must not decide by them.
pub(crate) const VERSIONS_OF_DECISIONS: &str =
    ", (SELECT keys * 4294967296 + apis FROM directory_versions WHERE id = 1)";

statements! {
    /// The versions.
    DIRECTORY_VERSIONS = text!("SELECT id, ", Versions::COLUMNS, " FROM directory_versions WHERE id = 1");

    /// A client has changed: what servers remember of clients no longer holds. One that was added makes nothing false that
    /// they remember, and moves nothing.
    BUMP_CLIENTS = "UPDATE directory_versions SET clients = clients + 1 WHERE id = 1";

    /// The clients change, while none of them has changed since the version that was read.
    BUMP_CLIENTS_FROM = "UPDATE directory_versions SET clients = clients + 1 WHERE id = 1 AND clients = $1";

    /// The APIs have changed.
    BUMP_APIS = "UPDATE directory_versions SET apis = apis + 1 WHERE id = 1";

    /// The APIs change, while none of them has changed since the version that was read.
    BUMP_APIS_FROM = "UPDATE directory_versions SET apis = apis + 1 WHERE id = 1 AND apis = $1";

    /// The keys have changed.
    BUMP_KEYS = "UPDATE directory_versions SET keys = keys + 1 WHERE id = 1";

    /// The keys change, while they are sealed by this version of the sealing key.
    BUMP_KEYS_SEALED_BY = "UPDATE directory_versions SET keys = keys + 1 WHERE id = 1 AND sealing = $1";

    /// The keys are sealed anew, while none of them has changed.
    BUMP_SEALING = "
        UPDATE directory_versions SET keys = keys + 1, sealing = sealing + 1 WHERE id = 1 AND keys = $1";

    /// A write that changes nothing of meaning.
    PING = "UPDATE directory_versions SET pings = pings + 1 WHERE id = 1";
}
