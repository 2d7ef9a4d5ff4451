//! What a command does about servers that rely on a look at the database where each request would need one of its own.

pub(crate) use proofkey_store::{LastLook, REMEMBERED_FOR};

/// Waits after a change until no server on this machine relies on a look from before it: what the change says holds once the
/// command has returned.
pub(crate) async fn seen_by_servers() {
    tokio::time::sleep(REMEMBERED_FOR).await;
}
