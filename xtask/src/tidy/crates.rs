//! The table of crates in ARCHITECTURE.md, read as data: which crate may import which, and which are leaves.

use anyhow::{Context, Result, bail, ensure};

/// Where the table stands.
pub(super) const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Crates";
/// A crate that never contains this is a leaf.
const ASYNC: &str = "async";

/// A row: the crate is named by its folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crate {
    pub(super) folder: String,
    pub(super) may_import: Imports,
    /// No runtime, no HTTP, no database.
    pub(super) is_leaf: bool,
}

/// The cell "may import": names of crates, a dash, or the word "anything".
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Imports {
    Anything,
    Only(Vec<String>),
}

/// Reads the table out of the page.
pub(super) fn read(page: &str) -> Result<Vec<Crate>> {
    let (_, section) = page.split_once(HEADING).with_context(|| format!("{PAGE} has no `{HEADING}`"))?;
    let mut rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let head = cells(rows.next().with_context(|| format!("{PAGE} has no table of crates"))?);
    let column = |name: &str| {
        let found = head.iter().position(|cell| *cell == name);
        found.with_context(|| format!("the table of crates has no column `{name}`"))
    };
    let (name, imports, never) = (column("crate")?, column("may import")?, column("never contains")?);
    let rows = rows.skip(1).take_while(|line| line.starts_with('|')).map(|line| {
        let row = cells(line);
        let cell = |at: usize| row.get(at).copied().with_context(|| format!("too few cells: {line}"));
        let folder = names(cell(name)?).first().with_context(|| format!("no crate: {line}"))?.to_string();
        Ok(Crate {
            may_import: read_imports(cell(imports)?).with_context(|| format!("crate {folder}"))?,
            is_leaf: cell(never)?.split(", ").any(|word| word == ASYNC),
            folder,
        })
    });
    let crates = rows.collect::<Result<Vec<_>>>()?;
    check_names(&crates)?;
    Ok(crates)
}

fn read_imports(cell: &str) -> Result<Imports> {
    let names = names(cell);
    let is_list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ") == cell;
    match cell {
        "–" => Ok(Imports::Only(Vec::new())),
        "anything" => Ok(Imports::Anything),
        _ if is_list && !names.is_empty() => {
            Ok(Imports::Only(names.into_iter().map(str::to_owned).collect()))
        }
        _ => bail!("\"{cell}\" is neither a list of crates, nor –, nor anything"),
    }
}

fn check_names(crates: &[Crate]) -> Result<()> {
    let is_known = |name: &str| crates.iter().any(|row| row.folder == name);
    for row in crates {
        let Imports::Only(names) = &row.may_import else { continue };
        for name in names {
            ensure!(is_known(name), "crate {} may import {name}, which has no row", row.folder);
        }
    }
    Ok(())
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Result<Vec<Crate>> {
        let head = "| crate | owns | may import | never contains |\n|---|---|---|---|";
        read(&format!("# A\n\n## Crates\n\nWords.\n\n{head}\n{rows}\n\n| no | row |\n"))
    }

    #[test]
    fn a_row_is_read_by_its_columns() {
        let rows = "| `a` | words, `b` | – | async, clock |\n| `b` (`proofkey`) | x | `a` | the clock |\n\
                    | `c` | x | anything | – |";
        let row =
            |folder: &str, may_import, is_leaf| Crate { folder: folder.to_owned(), may_import, is_leaf };
        let expected = [
            row("a", Imports::Only(vec![]), true),
            row("b", Imports::Only(vec!["a".to_owned()]), false),
            row("c", Imports::Anything, false),
        ];
        assert_eq!(table(rows).unwrap(), expected);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rows in [
            "| `a` | x | all above | – |",
            "| `a` | x | `b` | – |",
            "| `a` | x | `a` and more | – |",
            "| `a` | x |  | – |",
            "| a | x | – | – |",
            "| `a` | x |",
        ] {
            assert!(table(rows).is_err(), "{rows}");
        }
        assert!(read("# A\n## Crates\nno table\n").is_err());
        assert!(read("# A\n## Crates\n| crate | owns |\n|---|---|\n").is_err());
        assert!(read("# A\n").is_err());
    }
}
