//! Pages that are made from the code: `cargo xtask limits`, `errors` and `configuration`. What stands there only the product's
//! crates know, so tests of theirs write it; without these commands the same tests fail when a page is stale.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::check::cargo_in;
use crate::process;

const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A page, and the test that makes it.
struct Page {
    path: &'static str,
    /// The package, and which of its test programs.
    of: [&'static str; 2],
    test: &'static str,
    /// Tells the test to write.
    variable: &'static str,
}

const LIMITS: Page = Page {
    path: "docs/limits.md",
    of: ["proofkey-server", "--lib"],
    test: "k_02_docs_limits_is_what_the_code_says",
    variable: "WRITE_DOCS_LIMITS",
};
const ERRORS: Page = Page {
    path: "docs/errors.md",
    of: ["proofkey-server", "--lib"],
    test: "pk_08_docs_errors_is_what_the_rules_say",
    variable: "WRITE_DOCS_ERRORS",
};
const CONFIGURATION: Page = Page {
    path: "docs/configuration.md",
    of: ["proofkey-server", "--lib"],
    test: "pk_11_docs_configuration_is_what_the_code_says",
    variable: "WRITE_DOCS_CONFIGURATION",
};
const COMMANDS: Page = Page {
    path: "docs/commands.md",
    of: ["proofkey", "--bins"],
    test: "pk_11_docs_commands_is_what_the_code_says",
    variable: "WRITE_DOCS_COMMANDS",
};

/// Writes docs/limits.md anew.
pub(crate) fn limits(root: &Path) -> Result<()> {
    write(root, &LIMITS)
}

/// Writes docs/errors.md anew.
pub(crate) fn errors(root: &Path) -> Result<()> {
    write(root, &ERRORS)
}

/// Writes docs/configuration.md and docs/commands.md anew.
pub(crate) fn configuration(root: &Path) -> Result<()> {
    write(root, &CONFIGURATION)?;
    write(root, &COMMANDS)
}

fn write(root: &Path, page: &Page) -> Result<()> {
    let [package, program] = page.of;
    let mut command = cargo_in(root, &["test", "--quiet", "-p", package, program, "--", page.test]);
    process::run(command.env(page.variable, "1"), LIMIT)?;
    println!("{} is written", page.path);
    Ok(())
}
