//! What was found, and what was not.

use serde_json::{Value, json};

use crate::admin::show::plain;

/// Most characters that a sentence has: what answers may have sent a page, or a megabyte.
const SENTENCE_CHARS_MAX: usize = 600;

/// A fault and its cure.
#[derive(Debug)]
struct Finding {
    /// The check, by a name that scripts can rely on.
    check: &'static str,
    what: String,
    cure: String,
}

/// The result of all checks.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: Vec<String>,
    found: Vec<Finding>,
    notes: Vec<String>,
    /// The error ids of requests that it sent to be refused.
    caused: Vec<String>,
}

impl Report {
    /// Something is as it should be.
    pub(super) fn pass(&mut self, what: impl Into<String>) {
        self.passed.push(cut(what.into()));
    }

    /// Something is wrong.
    pub(super) fn find(&mut self, check: &'static str, what: impl Into<String>, cure: impl Into<String>) {
        self.found.push(Finding { check, what: cut(what.into()), cure: cure.into() });
    }

    /// Something could not be looked at, or deserves a second look.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.notes.push(cut(what.into()));
    }

    /// A request of its own was refused, as it should be.
    pub(super) fn caused(&mut self, error_id: String) {
        self.caused.push(error_id);
    }

    /// Whether nothing is wrong.
    pub(super) const fn is_sound(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn json(&self) -> Value {
        let found = self.found.iter();
        let found: Vec<Value> = found
            .map(|found| json!({"check": found.check, "what": found.what, "cure": found.cure}))
            .collect();
        json!({"sound": self.is_sound(), "found": found, "passed": self.passed, "notes": self.notes, "caused": self.caused})
    }

    pub(super) fn text(&self) -> String {
        let mut lines: Vec<String> =
            self.passed.iter().map(|what| format!("ok    {}", plain(what))).collect();
        lines.extend(self.notes.iter().map(|what| format!("note  {}", plain(what))));
        if !self.caused.is_empty() {
            let ids = self.caused.join(", ");
            lines.push(format!("note  its own requests were refused, as they should be, and stand so in the server's log: {ids}"));
        }
        for Finding { check, what, cure } in &self.found {
            lines.push(format!("FAULT {check}: {}\n      cure: {}", plain(what), plain(cure)));
        }
        lines.push(match self.found.len() {
            0 => "Nothing was found.".to_owned(),
            1 => "One fault was found.".to_owned(),
            count => format!("{count} faults were found."),
        });
        lines.join("\n")
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(SENTENCE_CHARS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_07_what_others_sent_is_cut() {
        let mut report = Report::default();
        report.find("readiness", "é".repeat(1 << 20), "do what that says");
        report.note("x".repeat(SENTENCE_CHARS_MAX));
        let shown = report.json();
        assert_eq!(shown["found"][0]["what"].as_str().unwrap().chars().count(), SENTENCE_CHARS_MAX + 1);
        assert_eq!(shown["notes"][0].as_str().unwrap().len(), SENTENCE_CHARS_MAX);
    }
}
