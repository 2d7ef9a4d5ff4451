//! docs/configuration.md, made of the reference.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::reference::{Setting, settings};

const HEAD: &str = "\
# Configuration

Made from the code by `cargo xtask configuration`; a test fails when it is stale. The same stands in the commented file that
`proofkey init` writes, and in the manual page `proofkey.toml(5)`.

A server reads one file in [TOML](https://toml.io), named by `--config` or `PROOFKEY_CONFIG` (`proofkey.toml` where neither is given).
What it leaves out has its default. Relative paths start at the directory of the file. A key that is not known, and a value outside of
its range, is refused with its line; `proofkey check-config` says so without starting anything, and warns of what is allowed but
deserves a second look. All but `log.level` and the certificate is read at start only; these two are read anew on `SIGHUP`.

Each setting can be given by environment instead, in the variable that stands beside it: that wins over the file. Texts are given as they
are, lists with commas. Two underscores in a row make a variable ours; any other name is left alone. What no key may hold,
`PROOFKEY_KEYS__SEALING_KEY`, gives the sealing key itself in place of a file. Variables that commands read are in
[commands.md](commands.md).
";

fn render() -> String {
    let mut page = HEAD.to_owned();
    let mut section = String::new();
    for explained in settings() {
        if page.len() == HEAD.len() {
            page.push_str("\n## Before all sections\n");
        } else if explained.section != section {
            write!(page, "\n## `[{}]`\n", explained.section).unwrap();
        }
        section = explained.section;
        write!(
            page,
            "\n{}\n\n| key | default | unit | range | environment |\n|---|---|---|---|---|\n",
            escaped(&explained.meaning)
        )
        .unwrap();
        for setting in explained.settings {
            writeln!(page, "{}", row(&setting)).unwrap();
        }
    }
    page
}

fn row(setting: &Setting) -> String {
    let Setting { key, default, example, unit, range, variable, .. } = setting;
    let default = match default {
        Some(default) if default == example => format!("`{default}`"),
        Some(default) => format!("`{default}`; `proofkey init` writes `{example}`"),
        None => format!("none; for example `{example}`"),
    };
    let range = range.as_ref().map_or(String::new(), |(least, greatest)| format!("{least} to {greatest}"));
    format!("| `{key}` | {default} | {unit} | {range} | `{variable}` |")
}

/// What looks like HTML or emphasis in a paragraph is none; what stands between backticks stays as it is.
fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => part.replace('<', "&lt;").replace('_', "\\_").replace('*', "\\*"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

#[test]
fn pk_11_docs_configuration_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own switch, which `cargo xtask configuration` sets"
    )]
    let is_to_be_written = std::env::var_os("WRITE_DOCS_CONFIGURATION").is_some();
    if is_to_be_written {
        fs::write(&path, render()).unwrap();
    }
    assert!(
        fs::read_to_string(&path).is_ok_and(|page| page == render()),
        "stale: run `cargo xtask configuration`"
    );
}
