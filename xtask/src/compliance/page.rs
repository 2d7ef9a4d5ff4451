//! docs/compliance.md, made from rows, citations and reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::citations::Citation;
use super::id::Id;
use super::rows::{Reason, Rows};

const HEAD: &str = "# Compliance

Made by `cargo xtask compliance` from the rows of [requirements.md](requirements.md), from the names of tests, and from the reasons
at the end of that page; not edited by hand. `grep -r az_09` finds the tests of AZ-09. An *open* row has neither test nor reason.
";

/// The whole page.
pub(super) fn render(rows: &Rows, citations: &[Citation]) -> String {
    let mut tests: BTreeMap<&Id, Vec<&Citation>> = BTreeMap::new();
    for citation in citations {
        tests.entry(&citation.id).or_default().push(citation);
    }
    let states = |rows_of: &[Id]| -> Vec<State> {
        rows_of.iter().map(|id| State::of(rows, id, tests.get(id).map_or(&[][..], Vec::as_slice))).collect()
    };
    let mut page =
        format!("{HEAD}\n| group | rows | with a test | does not apply | open |\n|---|--:|--:|--:|--:|\n");
    let mut sections = String::new();
    for (heading, ids) in &rows.groups {
        let states = states(ids);
        let count = |kind: fn(&State) -> bool| states.iter().filter(|state| kind(state)).count();
        let (tested, exempt) = (count(|state| state.tests > 0), count(|state| state.is_exempt));
        let open = count(|state| state.tests == 0 && !state.is_exempt);
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "| {heading} | {} | {tested} | {exempt} | {open} |", ids.len());
        let _ = write!(sections, "\n## {heading}\n\n| row | state |\n|---|---|\n");
        for (id, state) in ids.iter().zip(&states) {
            let _ = writeln!(sections, "| {id} | {} |", state.text);
        }
    }
    page + &sections
}

struct State {
    tests: usize,
    is_exempt: bool,
    text: String,
}

impl State {
    fn of(rows: &Rows, id: &Id, tests: &[&Citation]) -> Self {
        let places: BTreeSet<&str> = tests.iter().map(|citation| citation.place()).collect();
        let places = places.into_iter().collect::<Vec<_>>().join(", ");
        let number = match tests.len() {
            1 => format!("1 test: {places}"),
            number => format!("{number} tests: {places}"),
        };
        let reason = rows.reason(id);
        let text = match reason {
            Some(Reason::InPart(why)) if !tests.is_empty() => format!("{number}. In part: {why}"),
            _ if !tests.is_empty() => number,
            Some(Reason::NotApplicable(why)) => format!("Does not apply: {why}"),
            Some(Reason::InPart(_)) | None => "open".to_owned(),
        };
        let is_exempt = tests.is_empty() && matches!(reason, Some(Reason::NotApplicable(_)));
        Self { tests: tests.len(), is_exempt, text }
    }
}
