//! `proofkey manual`: the manual pages, one for each command, and one for the configuration.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};
use proofkey_server::config::{Setting, settings};

use crate::output::OPERATOR_EXIT_CODES;

/// Write the manual pages
///
/// One for each command, and proofkey.toml(5): what the packages install below /usr/share/man.
#[derive(Debug, clap::Args)]
#[command(after_help = OPERATOR_EXIT_CODES)]
pub(crate) struct Args {
    /// A directory that is there; pages in it are replaced
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Writes all pages.
pub(crate) fn run(args: &Args, command: clap::Command) -> anyhow::Result<ExitCode> {
    for (name, page) in pages(&command)? {
        let path = args.to.join(name);
        std::fs::write(&path, page).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every page with the name of its file.
pub(crate) fn pages(command: &clap::Command) -> io::Result<Vec<(String, String)>> {
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![("proofkey.toml.5".to_owned(), of_the_configuration(&command))];
    of_commands(&command, &mut pages)?;
    Ok(pages)
}

fn of_commands(command: &clap::Command, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    let man = Man::new(command.clone()).manual("Proofkey");
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((man.get_filename(), String::from_utf8_lossy(&page).into_owned()));
    let visible = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    visible.into_iter().try_for_each(|inner| of_commands(inner, pages))
}

fn of_the_configuration(command: &clap::Command) -> String {
    let version = command.get_version().unwrap_or_default();
    let mut page = Roff::new();
    page.control("TH", ["proofkey.toml", "5", "", &format!("proofkey {version}"), "Proofkey"]);
    page.control("SH", ["NAME"]);
    page.text([roman("proofkey.toml - the configuration of a Proofkey authorization server")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "The file that proofkey-init(1) writes and proofkey-serve(1) reads, in TOML. What it leaves out has its \
         default. Relative paths start at its directory. Each setting can be given by environment instead, which wins.",
    )]);
    let mut section = None;
    for explained in settings() {
        if section.as_ref() != Some(&explained.section) {
            let heading = match explained.section.as_str() {
                "" => "BEFORE ALL SECTIONS".to_owned(),
                name => format!("[{name}]"),
            };
            page.control("SH", [heading.as_str()]);
        }
        section = Some(explained.section);
        page.control("PP", []);
        page.text([roman(explained.meaning)]);
        explained.settings.iter().for_each(|setting| of_a_setting(&mut page, setting));
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("proofkey-init"), roman("(1), "), bold("proofkey-check-config"), roman("(1)")]);
    page.to_roff()
}

fn of_a_setting(page: &mut Roff, setting: &Setting) {
    page.control("TP", []);
    page.text([bold(setting.key.as_str()), roman(" = "), italic(setting.example.as_str())]);
    let mut facts = vec![match &setting.default {
        Some(default) if *default == setting.example => format!("{}, by default as shown", setting.unit),
        Some(default) => format!("{}, by default {default}", setting.unit),
        None => format!("{}, not set by default", setting.unit),
    }];
    if let Some((least, greatest)) = &setting.range {
        facts.push(format!("{least} to {greatest}"));
    }
    facts.push(format!("environment: {}", setting.variable));
    page.text([roman(facts.join("; "))]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_11_every_key_stands_in_the_manual() {
        let page = of_the_configuration(&clap::Command::new("proofkey").version("1")).replace("\\\\-", "-");
        for setting in settings().into_iter().flat_map(|explained| explained.settings) {
            for fact in [&setting.key, &setting.variable] {
                assert!(page.contains(fact.as_str()), "{fact}");
            }
        }
        let all = r#"by default ["ES256", "EdDSA", "RS256"]"#;
        assert!(page.contains(all), "what init writes is not the default");
    }
}
