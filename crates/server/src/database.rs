//! Opening of the database that the configuration names.

use std::io;
use std::time::{Duration, Instant};

use proofkey_store::{ConnectOptions, Fault, Options, Store, private_directory};

use crate::config::{self, database_file};
pub use crate::shared_time::clock_of;

/// How often a database is asked for that cannot be reached.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum DatabaseRefused {
    /// The data directory cannot be used.
    #[error("store.data: {path}: {cause}; the directory must exist and be writable for this user")]
    Directory { path: String, cause: io::Error },
    /// The database in it cannot be opened, or is served by another process.
    #[error("{path}: {fault}")]
    File { path: String, fault: Fault },
    /// The server at the other end of the link cannot be used.
    #[error("store.url: {0}")]
    Server(Fault),
}

/// Opens the database, makes it where there is none, and applies the migrations it lacks.
pub async fn open(store: &config::Store) -> Result<Store, DatabaseRefused> {
    // A command reads nothing twice.
    open_with(store, 0).await
}

async fn open_with(store: &config::Store, remembered_max: usize) -> Result<Store, DatabaseRefused> {
    match store {
        config::Store::Directory { data, .. } => {
            private_directory(data)
                .map_err(|cause| DatabaseRefused::Directory { path: data.display().to_string(), cause })?;
            let options = Options { remembered_max, ..Options::default() };
            Store::open(&database_file(data), &options).map_err(of(store))
        }
        config::Store::Postgres { url, .. } => {
            Store::connect(url.expose(), &ConnectOptions::default()).await.map_err(of(store))
        }
    }
}

/// The same for the one process that may serve a database in a file, or for one of several that serve another. They start
/// with a machine, where the database may be up later: it is waited for, for as long as the configuration says.
pub(crate) async fn open_to_serve(store: &config::Store) -> Result<Store, DatabaseRefused> {
    let (wait, remembered_max) = match store {
        config::Store::Directory { remembered_max, .. } => (Duration::ZERO, *remembered_max),
        config::Store::Postgres { wait, .. } => (*wait, 0),
    };
    let began = Instant::now();
    loop {
        match open_with(store, remembered_max).await {
            Ok(opened) => {
                opened.lock_for_serving().map_err(of(store))?;
                return Ok(opened);
            }
            Err(DatabaseRefused::Server(fault @ Fault::Unreachable { is_denied: false, .. }))
                if began.elapsed() < wait =>
            {
                let seconds = (wait.saturating_sub(began.elapsed())).as_secs();
                tracing::warn!(%fault, wait_seconds = seconds, "waiting for the database (store.wait_seconds)");
                tokio::time::sleep(ASKED_EVERY.min(wait)).await;
            }
            Err(refused) => return Err(refused),
        }
    }
}

fn of(store: &config::Store) -> impl FnOnce(Fault) -> DatabaseRefused {
    let path = store.place();
    let is_file = matches!(store, config::Store::Directory { .. });
    move |fault| if is_file { DatabaseRefused::File { path, fault } } else { DatabaseRefused::Server(fault) }
}
