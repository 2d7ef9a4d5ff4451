//! Administration by command, beside a running server: `init`, `client`, `user`, `api`, `key`,
//! `sealing-key`, `consent`, `check-config`, `doctor`, `explain`; and of the database as a whole: `db`, `backup`, `restore`,
//! `upgrade`, `bench`.
//!
//! It turns arguments into calls of [`proofkey_server::admin::Admin`], and what they return into output: what may be is
//! decided there, and it alone reads and writes the database. No secret comes in as an argument, where every process of
//! the machine can read it.

mod api;
mod backup;
mod bench;
mod check_config;
mod client;
mod consent;
mod database;
mod db;
mod doctor;
mod explain;
mod init;
mod input;
mod installation;
mod key;
mod moving;
pub(crate) mod preview;
mod refusal;
mod restore;
mod sealing_key;
mod show;
mod system_user;
mod upgrade;
mod user;

use std::process::ExitCode;

pub(crate) use system_user::system_user;

use installation::NounCommand;

/// The commands of operators.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write a commented configuration and the sealing key
    Init(init::Args),
    /// Register, edit and remove clients (the apps that people sign in to)
    Client(NounCommand<client::Action>),
    /// Make, edit and remove users, disable them, set their passwords
    User(NounCommand<user::Action>),
    /// Register, edit and remove APIs (the resource servers that access tokens are for)
    Api(NounCommand<api::Action>),
    /// List the signing keys, replace them at once, or revoke those that leaked
    Key(NounCommand<key::Action>),
    /// Replace the key that codes, pages and refresh tokens are made under
    SealingKey(NounCommand<sealing_key::Action>),
    /// List what users have allowed, or withdraw it
    Consent(NounCommand<consent::Action>),
    /// Check the configuration without starting anything
    CheckConfig(check_config::Args),
    /// Look for what keeps the server from working, and say how it is cured
    Doctor(doctor::Args),
    /// Say why a request was refused, by the error id of its answer
    Explain(explain::Args),
    /// Copy a database to the other engine, or let the source of a copy serve again
    Db(db::Args),
    /// Write a backup of the database into a new file, beside the servers that run
    Backup(backup::Args),
    /// Make the database of a backup, while no server runs
    Restore(restore::Args),
    /// Bring the database to the schema of this version
    Upgrade(upgrade::Args),
    /// Fill a database that is for measuring and for nothing else
    Bench(bench::Args),
}

/// Runs a command of an operator.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Client(command) => command.run(client::run).await,
        Command::User(command) => command.run(user::run).await,
        Command::Api(command) => command.run(api::run).await,
        Command::Key(command) => command.run(key::run).await,
        Command::SealingKey(command) => command.run(sealing_key::run).await,
        Command::Consent(command) => command.run(consent::run).await,
        Command::CheckConfig(args) => check_config::run(&args).await,
        Command::Doctor(args) => return doctor::run(&args).await,
        Command::Explain(args) => explain::run(&args).await,
        Command::Db(args) => db::run(args).await,
        Command::Backup(args) => backup::run(&args).await,
        Command::Restore(args) => restore::run(&args).await,
        Command::Upgrade(args) => upgrade::run(&args).await,
        Command::Bench(args) => bench::run(args).await,
    }?;
    Ok(ExitCode::SUCCESS)
}
