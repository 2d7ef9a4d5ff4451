//! docs/requirements.md, read as data: the rows in their groups, and the reasons why some have no test.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use super::id::{self, Id};

/// Where the rows stand.
pub(crate) const PAGE: &str = "docs/requirements.md";
/// The section of the reasons.
const REASONS: &str = "Rows without a test, and rows that hold in part";
const NOT_APPLICABLE: &str = "does not apply";
const IN_PART: &str = "in part";

/// What the page says.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Headings with their rows, in the order of the page.
    pub(super) groups: Vec<(String, Vec<Id>)>,
    /// By the id of a row, or by the letters of a whole group.
    reasons: BTreeMap<String, Reason>,
}

/// Why a row has no test, or what of it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    NotApplicable(String),
    InPart(String),
}

/// Reads the page; a line of a table that is neither row nor reason is refused.
pub(crate) fn read(page: &str) -> Result<Rows> {
    let mut rows = Rows::default();
    let mut heading = "";
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title.trim();
        }
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let is_head = line.starts_with("|--") || line.starts_with("| row ");
        if !line.starts_with('|') || is_head {
            continue;
        }
        match cells.as_slice() {
            [name, state, why] if heading == REASONS => rows.add_reason(name, state, why)?,
            [name, text] if heading != REASONS && !text.is_empty() => rows.add(heading, name)?,
            _ => bail!("{PAGE}: this is no row: {line}"),
        }
    }
    let known: Vec<String> = rows.all().map(ToString::to_string).collect();
    for name in rows.reasons.keys() {
        let is_group = id::is_group(name) && rows.has_group(name);
        ensure!(is_group || known.contains(name), "{PAGE}: a reason for {name}, which has no row");
    }
    Ok(rows)
}

impl Rows {
    fn add(&mut self, heading: &str, name: &str) -> Result<()> {
        let Some(id) = Id::read(name) else { bail!("{PAGE}: {name} is no id") };
        ensure!(!self.has(&id), "{PAGE}: {name} stands there twice");
        match self.groups.last_mut().filter(|(last, _)| last == heading) {
            Some((_, rows)) => rows.push(id),
            None => self.groups.push((heading.to_owned(), vec![id])),
        }
        Ok(())
    }

    fn add_reason(&mut self, name: &str, state: &str, why: &str) -> Result<()> {
        let reason = match state {
            NOT_APPLICABLE => Reason::NotApplicable(why.to_owned()),
            IN_PART => Reason::InPart(why.to_owned()),
            _ => bail!("{PAGE}: {name} is neither \"{NOT_APPLICABLE}\" nor \"{IN_PART}\""),
        };
        ensure!(self.reasons.insert(name.to_owned(), reason).is_none(), "{PAGE}: two reasons for {name}");
        Ok(())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Id> {
        self.groups.iter().flat_map(|(_, rows)| rows)
    }

    pub(crate) fn has(&self, id: &Id) -> bool {
        self.all().any(|row| row == id)
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.all().any(|row| row.group == group)
    }

    /// The row's own reason, or that of its group.
    pub(super) fn reason(&self, id: &Id) -> Option<&Reason> {
        self.reasons.get(&id.to_string()).or_else(|| self.reasons.get(&id.group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_TEXT: &str = "# R\n\n## One: AZ\n\nWords.\n\n| row | what it asks |\n|---|---|\n| AZ-01 | It. |\n| AZ-02 | That. |\n\
        \n## Two: PA\n\n| row | what it asks |\n|---|---|\n| PA-01 | It. |\n\n## Rows without a test, and rows that hold in part\n\
        \n| row | state | why |\n|---|---|---|\n| AZ-02 | in part | Half. |\n| PA | does not apply | None. |\n";

    #[test]
    fn rows_and_reasons_are_read() {
        let rows = read(PAGE_TEXT).unwrap();
        let groups: Vec<(&str, usize)> =
            rows.groups.iter().map(|(name, rows)| (name.as_str(), rows.len())).collect();
        assert_eq!(groups, [("One: AZ", 2), ("Two: PA", 1)]);
        let reason = |id| rows.reason(&Id::read(id).unwrap()).cloned();
        assert_eq!(reason("AZ-01"), None);
        assert_eq!(reason("AZ-02"), Some(Reason::InPart("Half.".to_owned())));
        assert_eq!(reason("PA-01"), Some(Reason::NotApplicable("None.".to_owned())));
    }

    #[test]
    fn what_is_no_row_or_no_reason_is_refused() {
        for line in ["| AZ-01 | Again. |", "| AZ-03 |  |", "| AZ-3 | Short. |", "| AZ-03 | One | more. |"] {
            let page = PAGE_TEXT.replace("| AZ-02 | That. |", &format!("| AZ-02 | That. |\n{line}"));
            assert!(read(&page).is_err(), "{line}");
        }
        for line in [
            "| AZ-07 | in part | x |",
            "| QQ | in part | x |",
            "| AZ-01 | maybe | x |",
            "| PA | in part | x |",
        ] {
            assert!(read(&format!("{PAGE_TEXT}{line}\n")).is_err(), "{line}");
        }
    }
}
