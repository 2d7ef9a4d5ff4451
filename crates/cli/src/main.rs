//! The `proofkey` command: one binary for the server, its administration, and signing in from a terminal.
//!
//! It reads arguments and prints; everything else lives in the libraries.

mod admin;
mod call;
mod dev;
mod login;
mod logout;
mod memory;
mod output;
mod pkce;
mod serve;
mod signed_in;
mod stored_at;
mod target;
mod terminal;
mod token;
mod whoami;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use proofkey_server::http::survive_file_size_limit;

use crate::output::EXIT_CODES;

/// An OAuth 2.1 / OpenID Connect authorization server, and the client for it
#[derive(Debug, Parser)]
#[command(name = "proofkey", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a server, a sample app and a sample API on this machine, with everything registered
    Dev(dev::Args),
    /// Run the authorization server
    Serve(serve::Args),
    #[command(flatten)]
    Admin(admin::Command),
    /// Sign in through the browser
    Login(login::Args),
    /// Print a fresh access token
    Token(token::Args),
    /// Say who is signed in
    Whoami(whoami::Args),
    /// Call an API with a fresh access token
    Call(call::Args),
    /// Sign out: revoke the tokens and forget them
    Logout(logout::Args),
    /// Print a code verifier and its challenge
    Pkce(pkce::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failure(&error.into()),
    };
    let outcome = runtime.block_on(run(cli.command));
    // A blocked helper thread (a keyring that does not answer) must not keep the command from ending.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| output::failure(&error))
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    survive_file_size_limit()?;
    match command {
        Command::Dev(args) => dev::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Admin(command) => admin::run(command).await,
        Command::Login(args) => login::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Whoami(args) => whoami::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Logout(args) => logout::run(args).await,
        Command::Pkce(args) => pkce::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn commands_of_a_session_name_their_exit_codes() {
        let cli = Cli::command();
        for name in ["login", "token", "whoami", "call", "logout"] {
            let command = cli.find_subcommand(name).unwrap();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                help.contains("3 sign in first") && help.contains("4 server unreachable"),
                "{name}: {help}"
            );
        }
    }
}
