//! The installation that a command works on: its configuration, its database, and who administers it.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use proofkey_server::admin::{Actor, Admin, AdminSettings};
use proofkey_server::clock::Clock;
use proofkey_server::config::{Config, process_environment};
use proofkey_server::database;
use proofkey_server::log::{self, Logging};
use proofkey_store::Store;

use super::refusal::message;
use super::system_user::system_user;
use crate::output::Output;

pub(super) use crate::output::OPERATOR_EXIT_CODES as EXIT_CODES;

/// What every command of operators takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES, mut_arg("json", |json| json.global(true)))]
pub(super) struct InstallationArgs {
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

/// The arguments of a command about one noun: where the installation is, and what is done there.
#[derive(Debug, clap::Args)]
#[command(mut_subcommands(|action| action.after_help(EXIT_CODES)))]
pub(crate) struct NounCommand<A: Subcommand> {
    #[command(flatten)]
    installation: InstallationArgs,
    #[command(subcommand)]
    action: A,
}

/// An installation, with its database open beside whatever server works on it.
pub(super) struct Installation {
    /// Administers it in the name of the system user.
    pub(super) admin: Admin,
    /// Where the result goes.
    pub(super) output: Output,
    store: Store,
    _logging: Logging,
}

impl<A: Subcommand> NounCommand<A> {
    /// Opens the installation, does to it what was asked for, and ends its writer, whatever came of that.
    pub(super) async fn run(
        self,
        act: impl AsyncFnOnce(&Installation, A) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Self { installation, action } = self;
        installation.on(async |installation| act(installation, action).await).await
    }
}

impl InstallationArgs {
    /// Opens the installation for one command, and ends its writer, whatever came of that.
    pub(super) async fn on(
        &self,
        act: impl AsyncFnOnce(&Installation) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let installation = Installation::open(self).await?;
        let outcome = act(&installation).await;
        installation.store.close().await;
        outcome
    }
}

impl Installation {
    /// Reads the configuration and opens the database. What is done is logged to standard error, as the server does.
    async fn open(args: &InstallationArgs) -> anyhow::Result<Self> {
        let config = load(&args.config)?;
        let logging = log::init(&config.log, Clock::System).map_err(message)?;
        let settings = AdminSettings::from_config(&config).map_err(message)?;
        let store = database::open(&config.store).await.map_err(message)?;
        let clock = database::clock_of(&store, Clock::System).await.map_err(message)?;
        let admin = Admin::new(store.clone(), settings, clock, Actor::cli(&system_user()));
        Ok(Self { admin, output: args.output, store, _logging: logging })
    }
}

/// Reads and checks the configuration.
pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    Config::load(path, process_environment()).map_err(message)
}
