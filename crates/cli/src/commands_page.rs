//! docs/commands.md, made of the same tree of commands as help, manual and completions.

use std::fmt::Write as _;

use clap::{Arg, Command};

const HEAD: &str = "\
# Commands

Made from the code by `cargo xtask configuration`; a test fails when it is stale. `proofkey help COMMAND`, the manual pages and the
completions of bash, zsh and fish say the same. Every command takes `--help` and `--version`; variables in the last column are
read where the flag is not given. Settings of the server are in [configuration.md](configuration.md).
";

/// The whole page.
pub(crate) fn render(command: &Command) -> String {
    let mut page = HEAD.to_owned();
    of(command, &mut page);
    page
}

fn of(command: &Command, page: &mut String) {
    let inner: Vec<&Command> = command.get_subcommands().filter(|inner| !inner.is_hide_set()).collect();
    // One that has commands below it may do something by itself as well.
    if inner.is_empty() || !command.is_subcommand_required_set() {
        leaf(command, page);
    }
    inner.into_iter().for_each(|inner| of(inner, page));
}

fn leaf(command: &Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string);
    write!(page, "\n## `{name}`\n\n{}\n", plain(&about.unwrap_or_default())).unwrap();
    let shown = |arg: &&Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version");
    let mut arguments = command.get_arguments().filter(shown).peekable();
    if arguments.peek().is_some() {
        page.push_str("\n| argument | meaning | default | variable |\n|---|---|---|---|\n");
    }
    let mut more = String::new();
    for arg in arguments {
        writeln!(page, "{}", row(arg)).unwrap();
        more.push_str(&explained(arg));
    }
    page.push_str(&more);
    if let Some(after) = command.get_after_help() {
        write!(page, "\n{}\n", plain(&after.to_string())).unwrap();
    }
}

/// What `--help` says of an argument beyond what its row has, for below the table; of what follows an empty line each line is an item.
fn explained(arg: &Arg) -> String {
    let Some(help) = arg.get_long_help().map(ToString::to_string) else { return String::new() };
    let mut paragraphs = help.trim().split("\n\n");
    let first = plain(paragraphs.next().unwrap_or_default());
    let items =
        paragraphs.flat_map(str::lines).map(|line| format!("- {}\n", plain(line))).collect::<String>();
    let gap = if items.is_empty() { "" } else { "\n" };
    format!("\n`{}`: {first}\n{gap}{items}", named(arg))
}

/// Its flag, or the name of its value.
fn named(arg: &Arg) -> String {
    let values: Vec<String> =
        arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let takes = arg.get_action().takes_values();
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    match arg.get_long() {
        Some(long) if takes => format!("{short}--{long} {}", values.join(" ")),
        Some(long) => format!("{short}--{long}"),
        None => values.join(" "),
    }
}

fn row(arg: &Arg) -> String {
    let takes = arg.get_action().takes_values();
    let help = arg.get_help().or_else(|| arg.get_long_help()).map(ToString::to_string).unwrap_or_default();
    let possible: Vec<String> = match takes {
        true => arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect(),
        false => Vec::new(),
    };
    let of_these = if possible.is_empty() { String::new() } else { format!(": {}", possible.join(", ")) };
    let defaults: Vec<String> = arg
        .get_default_values()
        .iter()
        .filter(|_| takes)
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let needed = if arg.is_required_set() { " (required)" } else { "" };
    let meaning = plain(&help).replace('\n', " ").replace('|', "\\|");
    format!("| `{}`{needed} | {meaning}{of_these} | {} | {variable} |", named(arg), defaults.join(", "))
}

/// What looks like HTML or emphasis in a text is none; what stands between backticks stays as it is.
pub(crate) fn plain(text: &str) -> String {
    let parts = text.trim().split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => part.replace('<', "&lt;").replace('_', "\\_").replace('*', "\\*"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
