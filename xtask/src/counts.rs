//! How many tests passed and failed, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// Tests that passed and that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Counts {
    /// A stage that broke without naming a failed test.
    pub(crate) const BROKEN: Self = Self { passed: 0, failed: 1 };

    /// What one line of a runner's output adds: Rust's `test result:` line, or the summary of `node --test`.
    pub(crate) fn of_line(line: &str) -> Self {
        if let Some(result) = line.trim().strip_prefix("test result:") {
            return Self {
                passed: number_before(result, " passed"),
                failed: number_before(result, " failed"),
            };
        }
        let summary = line.trim().strip_prefix("ℹ ").or_else(|| line.trim().strip_prefix("# ")).unwrap_or("");
        match summary.split_once(' ') {
            Some(("pass", n)) => Self { passed: n.trim().parse().unwrap_or(0), failed: 0 },
            Some(("fail" | "cancelled", n)) => Self { passed: 0, failed: n.trim().parse().unwrap_or(0) },
            _ => Self::default(),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn number_before(text: &str, word: &str) -> usize {
    let before = text.split(word).next().unwrap_or("");
    before.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_each_runner_are_understood() {
        let cases = [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                12,
                0,
            ),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", 3, 2),
            ("ℹ pass 7", 7, 0),
            ("ℹ fail 1", 0, 1),
            ("# cancelled 2", 0, 2),
            ("# pass 40", 40, 0),
            ("ℹ duration_ms 812.2", 0, 0),
            ("test a::b ... ok", 0, 0),
            ("", 0, 0),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(Counts::of_line(line), Counts { passed, failed }, "{line}");
        }
    }
}
