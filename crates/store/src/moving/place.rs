//! Where a database is, and how it is opened to be moved.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use proofkey_oauth::Timestamp;

use super::refused::MoveRefused;
use crate::directory::private_directory;
use crate::fault::Fault;
use crate::options::{ConnectOptions, Options, Purpose};
use crate::postgres::hosts_of_url;
use crate::state::CopyId;
use crate::store::Store;

/// A whole table is counted by one statement, and a step of a schema may take as long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);
/// Between two reads of a backup its rows are written elsewhere.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Where a database is.
#[derive(Clone)]
pub enum Place {
    /// In a file of this machine.
    File(PathBuf),
    /// Behind the URL of a PostgreSQL database.
    Server {
        /// The URL, which may hold a password.
        url: String,
        /// Its hosts with their ports, to be shown.
        hosts: String,
    },
}

/// What every move begins with.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// Random, so that no other move has it.
    pub id: CopyId,
    /// The instant.
    pub at: Timestamp,
}

impl Place {
    /// A database behind a URL. An error says what is wrong with it, and tells no secret of it.
    pub fn server(url: &str) -> Result<Self, Fault> {
        Ok(Self::Server { hosts: hosts_of_url(url)?, url: url.to_owned() })
    }

    /// Whether there is a database: a server says so when it is connected to.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.is_file(),
            Self::Server { .. } => true,
        }
    }

    /// Makes the directory of a new database in a file, for its owner alone.
    pub(super) fn make_directory(&self) -> Result<(), MoveRefused> {
        let Self::File(path) = self else { return Ok(()) };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !path.exists());
        let Some(directory) = directory else { return Ok(()) };
        private_directory(directory)
            .map_err(|cause| MoveRefused::File { path: directory.display().to_string(), cause })
    }

    /// Opens it for a purpose. Sessions on a server get a name by which the others are told from them.
    pub(super) async fn open(&self, purpose: Purpose, name: &str) -> Result<Store, MoveRefused> {
        let opened = match self {
            Self::File(path) => Store::open_for(path, &Options::default(), purpose),
            Self::Server { url, .. } => Store::connect_for(url, &connect_options(name), purpose).await,
        };
        opened.map_err(|fault| self.refused(fault))
    }

    /// That this database failed, or refused.
    pub(super) fn refused(&self, fault: Fault) -> MoveRefused {
        let place = self.to_string();
        match fault {
            Fault::AlreadyServed => MoveRefused::Served { place },
            fault => MoveRefused::Database { place, fault },
        }
    }
}

/// How sessions that move a database are set.
pub(super) fn connect_options(name: &str) -> ConnectOptions {
    ConnectOptions {
        statement_timeout: STATEMENT_TIMEOUT,
        idle_in_transaction_timeout: IDLE_TIMEOUT,
        application_name: Some(name.to_owned()),
        ..ConnectOptions::default()
    }
}

impl Begun {
    /// The name of the sessions of this move.
    pub(super) fn session_name(&self) -> String {
        format!("proofkey-move-{}", self.hex())
    }

    /// The id as text, for names that no other move uses.
    pub(super) fn hex(&self) -> String {
        let mut hex = String::with_capacity(32);
        for byte in self.id.0 {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Server { hosts, .. } => out.write_str(hosts),
        }
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Place({self})")
    }
}
