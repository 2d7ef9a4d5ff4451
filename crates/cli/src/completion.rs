//! `proofkey completion`: what a shell has to know to complete the command line.

use std::process::ExitCode;

use clap::ValueEnum;
use clap_complete::aot::{Shell as KnownShell, generate};

use crate::output::{OPERATOR_EXIT_CODES, print};

/// Print the completions of a shell
///
/// The packages install them. By hand, for the shell that runs: `source <(proofkey completion bash)`.
#[derive(Debug, clap::Args)]
#[command(after_help = OPERATOR_EXIT_CODES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// A shell whose completions are tested.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

/// Prints the completions of the whole command.
pub(crate) fn run(args: &Args, command: clap::Command) -> anyhow::Result<ExitCode> {
    print(&script(args.shell, command))?;
    Ok(ExitCode::SUCCESS)
}

/// The completions as a script of this shell.
pub(crate) fn script(shell: Shell, mut command: clap::Command) -> Vec<u8> {
    let shell = match shell {
        Shell::Bash => KnownShell::Bash,
        Shell::Zsh => KnownShell::Zsh,
        Shell::Fish => KnownShell::Fish,
    };
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    generate(shell, &mut command, name, &mut script);
    script
}
