//! The `proofkey` command: one binary for the server, its administration, and signing in from a terminal.
//!
//! It reads arguments and prints; everything else lives in the libraries.

mod admin;
mod call;
#[cfg(test)]
mod commands_page;
mod completion;
mod dev;
mod health;
mod login;
mod logout;
mod manual;
mod memory;
mod output;
mod pkce;
mod private_file;
mod serve;
mod signed_in;
mod stored_at;
mod supervisor;
mod target;
mod terminal;
mod token;
mod whoami;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use proofkey_server::http::survive_file_size_limit;

use crate::output::EXIT_CODES;

/// What `--version` says: a build for a release is told its commit by `cargo xtask dist`.
const LONG_VERSION: &str = match option_env!("PROOFKEY_LONG_VERSION") {
    Some(version) => version,
    None => concat!(env!("CARGO_PKG_VERSION"), " (built from a working tree)"),
};

/// An OAuth 2.1 / OpenID Connect authorization server, and the client for it
#[derive(Debug, Parser)]
#[command(name = "proofkey", version, long_version = LONG_VERSION, propagate_version = true, after_help = EXIT_CODES)]
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
    Health(health::Args),
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
    Completion(completion::Args),
    Manual(manual::Args),
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
        Command::Health(args) => health::run(args).await,
        Command::Admin(command) => admin::run(command).await,
        Command::Login(args) => login::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Whoami(args) => whoami::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Logout(args) => logout::run(args).await,
        Command::Pkce(args) => pkce::run(&args),
        Command::Completion(args) => completion::run(&args, Cli::command()),
        Command::Manual(args) => manual::run(&args, Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command that does something, with all that its parents give it.
    fn leaves(command: &clap::Command) -> Vec<clap::Command> {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| !inner.is_hide_set()).collect();
        let works_alone = inner.is_empty() || !command.is_subcommand_required_set();
        works_alone.then(|| command.clone()).into_iter().chain(inner.into_iter().flat_map(leaves)).collect()
    }

    fn built() -> clap::Command {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        command
    }

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

    #[test]
    fn pk_11_every_flag_and_exit_code_is_in_reference_help_manual_and_completion() {
        let page = commands_page::render(&built());
        let shells = [completion::Shell::Bash, completion::Shell::Zsh, completion::Shell::Fish];
        let scripts = shells
            .map(|shell| (shell, String::from_utf8(completion::script(shell, Cli::command())).unwrap()));
        let pages = manual::pages(&Cli::command()).unwrap();
        let leaves = leaves(&built());
        for name in ["proofkey token", "proofkey token preview", "proofkey doctor"] {
            assert!(leaves.iter().any(|leaf| leaf.get_bin_name() == Some(name)), "{name}");
        }
        for mut command in leaves {
            let name = command.get_display_name().unwrap().to_owned();
            let help = command.render_long_help().to_string();
            let (_, manual) = pages.iter().find(|(file, _)| *file == format!("{name}.1")).unwrap();
            let manual = manual.replace("\\-", "-");
            let heading = format!("`{}`\n", command.get_bin_name().unwrap());
            let section = page.split("\n## ").find(|part| part.starts_with(&heading));
            let section = section.unwrap_or_else(|| panic!("{name} is not in the reference"));
            for flag in
                command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(clap::Arg::get_long)
            {
                let written = format!("--{flag}");
                for (place, text) in [("help", help.as_str()), ("manual", manual.as_str())] {
                    assert!(text.contains(&written), "{name} {written} is not in its {place}: {text}");
                }
                assert!(
                    matches!(flag, "help" | "version") || section.contains(&written),
                    "{name} {written}: {section}"
                );
                let words: Vec<&str> = heading.trim_matches(['`', '\n']).split(' ').skip(1).collect();
                for (shell, script) in &scripts {
                    let is_offered = completion::offers(*shell, script, &words, flag);
                    assert!(is_offered, "{name} {written} is not completed by {shell:?}");
                    assert!(!completion::offers(*shell, script, &words, "flag-of-none"));
                }
            }
            let explained =
                command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_long() != Some("help"));
            for text in explained.filter_map(|arg| arg.get_long_help()).map(ToString::to_string) {
                for line in text.lines().filter(|line| !line.is_empty()) {
                    assert!(section.contains(&commands_page::plain(line)), "{name}: {line}");
                }
            }
            let codes = help
                .split_once("Exit codes:")
                .unwrap_or_else(|| panic!("{name}: no exit codes in: {help}"))
                .1;
            let codes = codes.lines().next().unwrap().trim();
            assert!(section.contains(codes) && manual.contains(codes), "{name}: {codes}");
        }
    }

    #[test]
    fn pk_11_docs_commands_is_what_the_code_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
        let page = commands_page::render(&built());
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's own switch, which `cargo xtask configuration` sets"
        )]
        let is_to_be_written = std::env::var_os("WRITE_DOCS_COMMANDS").is_some();
        if is_to_be_written {
            std::fs::write(&path, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).is_ok_and(|it| it == page),
            "stale: run `cargo xtask configuration`"
        );
    }
}
