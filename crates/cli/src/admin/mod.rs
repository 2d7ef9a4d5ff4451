//! Administration by command, beside a running server: `init`, `client`, `user`, `api`, `key`, `consent`, `check-config`.
//!
//! It turns arguments into calls of [`proofkey_server::admin`] and the store, and what they return into output. What may
//! be is decided there, never here; and no secret comes in as an argument, where every process of the machine can read it.

mod api;
mod check_config;
mod client;
mod consent;
mod init;
mod input;
mod key;
mod show;
mod site;
mod user;

use std::process::ExitCode;

/// The commands of operators.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write a commented configuration and the sealing key
    Init(init::Args),
    /// Register, change and remove clients (the apps that people sign in to)
    Client(client::Args),
    /// Make users, disable them, set their passwords
    User(user::Args),
    /// Register and remove APIs (the resource servers that access tokens are for)
    Api(api::Args),
    /// List the signing keys, or replace them at once
    Key(key::Args),
    /// List what users have allowed, or withdraw it
    Consent(consent::Args),
    /// Check the configuration without starting anything
    CheckConfig(check_config::Args),
}

/// Runs a command of an operator.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Client(args) => client::run(args).await,
        Command::User(args) => user::run(args).await,
        Command::Api(args) => api::run(args).await,
        Command::Key(args) => key::run(args).await,
        Command::Consent(args) => consent::run(args).await,
        Command::CheckConfig(args) => check_config::run(&args),
    }?;
    Ok(ExitCode::SUCCESS)
}
