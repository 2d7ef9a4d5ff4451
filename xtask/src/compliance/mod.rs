//! The requirement rows, the tests that cite them, and the page that says which rows have none and why.
//!
//! `cargo xtask compliance` writes the page; `cargo xtask tidy` fails when it is stale.

mod citations;
mod id;
mod page;
mod rows;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::finding::Finding;
use crate::source::{self, Source};
use citations::Citation;
use rows::{Reason, Rows};

/// The page that is made.
const MADE: &str = "docs/compliance.md";

/// Writes the page anew.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = source::every_text_file(root)?;
    let page = page::render(&read_rows(&files)?, &citations::read(&files));
    fs::write(root.join(MADE), page).context(MADE)?;
    println!("{MADE} is written");
    Ok(())
}

/// Names that cite a row that is not there, reasons that tests have overtaken, and a page that is stale.
pub(crate) fn check(files: &[Source]) -> Result<Vec<Finding>> {
    let (rows, citations) = (read_rows(files)?, citations::read(files));
    let mut findings: Vec<Finding> =
        citations.iter().filter_map(|citation| unknown(citation, &rows)).collect();
    findings.extend(overtaken(&rows, &citations));
    if text(files, MADE) != Some(page::render(&rows, &citations).as_str()) {
        let message = "stale: run `cargo xtask compliance`".to_owned();
        findings.push(Finding { path: MADE.to_owned(), line: 0, message });
    }
    Ok(findings)
}

fn read_rows(files: &[Source]) -> Result<Rows> {
    rows::read(text(files, rows::PAGE).with_context(|| format!("{} is missing", rows::PAGE))?)
}

fn text<'a>(files: &'a [Source], path: &str) -> Option<&'a str> {
    files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
}

/// `…_is_43_…` inside a name is no id, unless 43 is looked for in a group of rows.
fn unknown(citation: &Citation, rows: &Rows) -> Option<Finding> {
    let is_meant = citation.is_leading || rows.has_group(&citation.id.group);
    (is_meant && !rows.has(&citation.id)).then(|| Finding {
        path: citation.path.clone(),
        line: citation.line,
        message: format!("cites {}, a row that {} does not have", citation.id, rows::PAGE),
    })
}

/// A row that does not apply has no test; one that holds in part has some.
fn overtaken(rows: &Rows, citations: &[Citation]) -> Vec<Finding> {
    let tested: BTreeSet<_> = citations.iter().map(|citation| &citation.id).collect();
    let wrong = rows.all().filter_map(|id| match (rows.reason(id)?, tested.contains(id)) {
        (Reason::NotApplicable(_), true) => Some(format!("{id} has a test, and a reason why it needs none")),
        (Reason::InPart(_), false) => Some(format!("{id} holds in part, and no test shows which part")),
        _ => None,
    });
    wrong.map(|message| Finding { path: rows::PAGE.to_owned(), line: 0, message }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    const ROWS: &str = "## One: AZ\n| row | what it asks |\n|---|---|\n| AZ-01 | a |\n| AZ-02 | b |\n| AZ-03 | c |\n| AZ-04 | d |\n\
        ## Rows without a test, and rows that hold in part\n| row | state | why |\n|---|---|---|\n\
        | AZ-02 | does not apply | No such thing. |\n| AZ-03 | in part | Half of it. |\n";

    fn messages(tests: &str, page: &str) -> Vec<String> {
        let files = [source(rows::PAGE, ROWS), source(MADE, page), source("crates/server/tests/a.rs", tests)];
        check(&files).unwrap().iter().map(ToString::to_string).collect()
    }

    const TESTS: &str = "fn az_01_a() {}\nfn az_01_az_03_a_verifier_is_43_long() {}\n";
    const FRESH: &str = "| group | rows | with a test | does not apply | open |\n|---|--:|--:|--:|--:|\n\
        | One: AZ | 4 | 2 | 1 | 1 |\n\n## One: AZ\n\n| row | state |\n|---|---|\n| AZ-01 | 2 tests: server |\n\
        | AZ-02 | Does not apply: No such thing. |\n| AZ-03 | 1 test: server. In part: Half of it. |\n| AZ-04 | open |\n";

    #[test]
    fn the_page_says_how_each_row_stands() {
        let files = [source(rows::PAGE, ROWS), source("crates/server/tests/a.rs", TESTS)];
        let page = page::render(&read_rows(&files).unwrap(), &citations::read(&files));
        assert!(page.ends_with(FRESH), "{page}");
        assert_eq!(messages(TESTS, &page), [""; 0]);
        let stale = "docs/compliance.md: stale: run `cargo xtask compliance`";
        assert_eq!(messages(TESTS, &format!("{page} ")), [stale]);
    }

    #[test]
    fn a_row_that_is_not_there_cannot_be_cited_and_a_reason_does_not_outlive_its_cause() {
        let lines = |tests: &str| {
            let mut found = messages(&format!("{TESTS}{tests}"), "");
            found.retain(|message| !message.contains("stale"));
            found
        };
        let unknown =
            "crates/server/tests/a.rs:3: cites AZ-09, a row that docs/requirements.md does not have";
        assert_eq!(lines("fn az_09_b() {}"), [unknown]);
        assert_eq!(lines("fn b_az_09() {}"), [unknown]);
        assert_eq!(lines("fn zz_09_b() {}"), [unknown.replace("AZ", "ZZ")]);
        assert_eq!(lines("fn b_zz_09() {}"), [""; 0]);
        let needs_none = "docs/requirements.md: AZ-02 has a test, and a reason why it needs none";
        assert_eq!(lines("fn az_02_b() {}"), [needs_none]);
        let part = "docs/requirements.md: AZ-03 holds in part, and no test shows which part";
        assert!(messages("", "").contains(&part.to_owned()));
    }
}
