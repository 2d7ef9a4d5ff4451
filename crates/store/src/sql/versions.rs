//! The versions by which nodes notice that a directory has changed, and the write that proves that writing works.

use super::statements;

statements! {
    /// The three versions.
    DIRECTORY_VERSIONS = "SELECT clients, apis, keys FROM directory_versions WHERE id = 1";

    /// The clients have changed.
    BUMP_CLIENTS = "UPDATE directory_versions SET clients = clients + 1 WHERE id = 1";

    /// The APIs have changed.
    BUMP_APIS = "UPDATE directory_versions SET apis = apis + 1 WHERE id = 1";

    /// The keys have changed.
    BUMP_KEYS = "UPDATE directory_versions SET keys = keys + 1 WHERE id = 1";

    /// A write that changes nothing of meaning.
    PING = "UPDATE directory_versions SET pings = pings + 1 WHERE id = 1";
}
