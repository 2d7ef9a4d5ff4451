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

/// Whether a script offers a flag for a command, which is named by its words behind `proofkey`.
#[cfg(test)]
pub(crate) fn offers(shell: Shell, script: &str, command: &[&str], flag: &str) -> bool {
    match shell {
        Shell::Bash => {
            let name = format!("proofkey__subcmd__{}", command.join("-").replace('-', "__subcmd__"));
            let case =
                script.split_once(&format!("\n        {name})\n            opts=\"")).map(|(_, case)| case);
            let words = case.and_then(|case| case.split('"').next()).unwrap_or_default();
            words.split(' ').any(|word| word == format!("--{flag}"))
        }
        Shell::Zsh => {
            let case = command.iter().try_fold(script, |rest, word| {
                rest.split_once(&format!("({word})\n_arguments")).map(|(_, case)| case)
            });
            let case = case.and_then(|case| case.split("&& ret=0").next()).unwrap_or_default();
            case.contains(&format!("--{flag}[")) || case.contains(&format!("--{flag}=["))
        }
        Shell::Fish => {
            let condition = format!(
                "__fish_proofkey_using_subcommand {}",
                command.join("; and __fish_seen_subcommand_from ")
            );
            let ends = ["\"", "; and not"].map(|end| format!("{condition}{end}"));
            script.lines().any(|line| {
                ends.iter().any(|end| line.contains(end)) && line.contains(&format!(" -l {flag} "))
            })
        }
    }
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
