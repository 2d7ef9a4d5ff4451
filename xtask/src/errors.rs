//! `cargo xtask errors`: writes docs/errors.md. What stands there only the server's crate knows, so one of its tests writes it;
//! without this command the same test fails when the page is stale.

use std::path::Path;

use anyhow::Result;

use crate::limits::write_by_test;

const TEST: &str = "pk_08_docs_errors_is_what_the_rules_say";

/// Writes the page anew.
pub(crate) fn run(root: &Path) -> Result<()> {
    write_by_test(root, TEST, "WRITE_DOCS_ERRORS")?;
    println!("docs/errors.md is written");
    Ok(())
}
