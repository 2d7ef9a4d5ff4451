//! The installation that a command works on: its configuration, its database, and the time.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use proofkey_oauth::Timestamp;
use proofkey_server::admin::AdminRefused;
use proofkey_server::clock::Clock;
use proofkey_server::config::{Config, process_environment};
use proofkey_server::log;
use proofkey_store::{Options, Store};

use crate::output::Output;

/// What `--help` of each command ends with.
pub(super) const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed (the message says what to change), 2 wrong command line";

/// What every command of operators takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES, mut_arg("json", |json| json.global(true)))]
pub(super) struct SiteArgs {
    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        env = "PROOFKEY_CONFIG",
        default_value = "proofkey.toml",
        global = true
    )]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) output: Output,
}

/// An installation, with its database open beside whatever server works on it.
pub(super) struct Site {
    /// Its configuration.
    pub(super) config: Config,
    /// Its database.
    pub(super) store: Store,
    /// When the command began.
    pub(super) now: Timestamp,
    /// Where the result goes.
    pub(super) output: Output,
}

/// What helps somebody who named a thing that is not there, or is there already.
pub(super) struct Hints {
    /// After "there is no …".
    pub(super) missing: &'static str,
    /// After "… exists already".
    pub(super) exists: &'static str,
}

impl Site {
    /// Reads the configuration and opens the database. What is done is logged to standard error, as the server does.
    pub(super) fn open(args: &SiteArgs) -> anyhow::Result<Self> {
        let config = load(&args.config)?;
        log::init(&config.log, Clock::System).map_err(said)?;
        let data = &config.store.data;
        std::fs::create_dir_all(data)
            .with_context(|| format!("{}: this user must be able to make and write it", data.display()))?;
        let database = config.store.database();
        let store = Store::open(&database, &Options::default())
            .map_err(|fault| anyhow!("{}: {fault}", database.display()))?;
        Ok(Self { config, store, now: Timestamp(Clock::System.now()), output: args.output })
    }

    /// Ends the writer, whatever came of the command.
    pub(super) async fn close(self, outcome: anyhow::Result<()>) -> anyhow::Result<()> {
        self.store.close().await;
        outcome
    }
}

impl Hints {
    /// The refusal with its cure.
    pub(super) fn explain(&self, refused: AdminRefused) -> anyhow::Error {
        match refused {
            AdminRefused::Missing(_) => anyhow!("{refused}; {}", self.missing),
            AdminRefused::Exists(_) => anyhow!("{refused}; {}", self.exists),
            _ => said(refused),
        }
    }
}

/// Reads and checks the configuration.
pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    Config::load(path, process_environment()).map_err(said)
}

/// An error whose message says its cause already, which a chain of causes would say again.
pub(super) fn said(error: impl Display) -> anyhow::Error {
    anyhow::Error::msg(error.to_string())
}
