//! This server among those that work on one database: it says that it is there, and which sealing keys it holds.
//!
//! A sealing key is used when every server holds it, so each reads the file of its own again and again. A database in a file
//! has one server, and nothing of this happens there.

use std::time::Duration;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{NodeId, NodeRecord, Random as _, SealingKeyId};
use proofkey_store::{Fault, Store};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::keys::KeysFault;
use crate::random::SystemRandom;

/// How often a server says that it is there.
const REPORT_EVERY: Duration = Duration::from_secs(2);
/// A server that has not said so for so long counts as gone.
const LIVE_SECONDS: i64 = 20;
/// The longest name of a machine that is noted, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The servers that are there and have not reported that they hold a sealing key, for people to read; empty where all do.
pub(crate) async fn lacking(store: &Store, id: SealingKeyId, now: Timestamp) -> Result<String, Fault> {
    let lacks = |node: &NodeRecord| now - node.seen_at <= LIVE_SECONDS && !node.sealing_keys.contains(&id);
    let named = store.nodes().await?.into_iter().filter(lacks).map(|node| {
        let NodeRecord { id, name, version, seen_at, .. } = node;
        format!("server {id} on {name:?} (version {version}, seen {} s ago)", (now - seen_at).max(0))
    });
    Ok(named.collect::<Vec<_>>().join(", "))
}

/// A server from its start to its end.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    id: NodeId,
    name: String,
    started_at: Timestamp,
}

impl Node {
    /// A server that starts now.
    pub(crate) fn begin(app: &App) -> Self {
        let mut id = [0; 16];
        SystemRandom.fill(&mut id);
        Self { id: NodeId(id), name: machine(), started_at: app.now() }
    }

    /// Its id, as `sealing-key rotate` names it.
    pub(crate) const fn id(&self) -> NodeId {
        self.id
    }

    /// Says that it is there, if others may be.
    pub(crate) async fn report(&self, app: &App, store: &Store) -> Result<(), Fault> {
        if !store.is_shared() {
            return Ok(());
        }
        store
            .note_node(NodeRecord {
                id: self.id,
                name: self.name.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                sealing_keys: app.keyring.now().sealing_key_ids(),
                started_at: self.started_at,
                seen_at: app.now(),
            })
            .await
    }

    /// Says that it has stopped. Should that fail, it counts as there for a while.
    pub(crate) async fn leave(&self, store: &Store) {
        if store.is_shared()
            && let Err(fault) = store.remove_node(self.id).await
        {
            tracing::warn!(%fault, "the other servers could not be told that this one has stopped");
        }
    }

    /// Reads the sealing keys again and reports, until the server stops.
    pub(crate) async fn run(&self, app: &App, store: &Store, shutdown: &CancellationToken) {
        let work = async {
            let mut ticks = interval(REPORT_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut told = None;
            loop {
                ticks.tick().await;
                let reread = app.keyring.reread(store, app.now()).await;
                told = tell(&reread, told);
                if let Err(fault) = self.report(app, store).await {
                    tracing::debug!(%fault, "this server could not report that it is there");
                }
            }
        };
        let _never: Option<()> = shutdown.run_until_cancelled(work).await;
    }
}

/// Tells what came of reading the sealing keys again, once for each failure; what was told.
fn tell(reread: &Result<bool, KeysFault>, told: Option<String>) -> Option<String> {
    match reread {
        Ok(true) => tracing::info!("the file of the sealing key was read again"),
        Ok(false) => {}
        // That the database does not answer is told elsewhere.
        Err(KeysFault::Store(_)) => return told,
        Err(fault) => {
            let now = fault.to_string();
            if told.as_ref() != Some(&now) {
                tracing::error!(%fault, "the file of the sealing key cannot be read again");
            }
            return Some(now);
        }
    }
    None
}

/// The name of this machine, as the kernel has it: no file is read, for a server may be shown none of `/proc` but its own processes.
fn machine() -> String {
    let mut name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_04_a_server_has_the_name_of_its_machine() {
        let told = std::process::Command::new("uname").arg("-n").output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(!machine().is_empty());
        assert!(told.trim().starts_with(&machine()), "{told}");
    }
}
