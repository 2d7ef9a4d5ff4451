//! The shape of a file: it says what it is, is short, and stands in its folder.

use crate::finding::Finding;
use crate::source::Source;

/// Past this many lines a file is asked why.
const LINES_ASKED: usize = 300;
/// Past this many lines a file is refused.
const LINES_MAX: usize = 500;

/// Files that are too long, modules that do not say what they own, and modules beside the folder of their children.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let too_long = sources.iter().filter_map(|source| longer_than(LINES_MAX, source));
    let undocumented = sources.iter().filter_map(undocumented);
    too_long
        .chain(undocumented)
        .chain(sources.iter().filter_map(|source| outside_its_folder(source, sources)))
        .collect()
}

/// Files that are long, and still pass.
pub(super) fn warnings(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter_map(|source| longer_than(LINES_ASKED, source)).collect()
}

fn longer_than(lines_max: usize, source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    (lines > lines_max).then(|| Finding {
        path: source.path.clone(),
        line: 0,
        message: format!("{lines} lines; {lines_max} are enough for one subject"),
    })
}

/// A file of tests may begin with what it tests: its name says enough.
fn undocumented(source: &Source) -> Option<Finding> {
    let first = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let is_documented = source.is_test() || first.starts_with("//!") || first.starts_with("#![doc");
    (!is_documented).then(|| Finding {
        path: source.path.clone(),
        line: 1,
        message: "a module begins with `//!`: what it owns, what it must not know".to_owned(),
    })
}

/// `x.rs` beside a folder `x` with modules in it. A program below `src/bin` cannot stand in the folder of its modules without
/// being one of many files `main.rs`.
fn outside_its_folder(source: &Source, sources: &[Source]) -> Option<Finding> {
    let folder = format!("{}/", source.path.strip_suffix(".rs")?);
    let has_children = sources.iter().any(|other| other.path.starts_with(&folder));
    (has_children && !source.path.contains("/src/bin/")).then(|| Finding {
        path: source.path.clone(),
        line: 0,
        message: format!("a module with children is `{folder}mod.rs`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn long_files_are_asked_and_longer_ones_refused() {
        for (lines, refused, asked) in [(300, 0, 0), (301, 0, 1), (500, 0, 1), (501, 1, 1)] {
            let text = format!("//! A.\n{}", "\n".repeat(lines - 1));
            let sources = [source("crates/oauth/src/a.rs", &text)];
            assert_eq!((check(&sources).len(), warnings(&sources).len()), (refused, asked), "{lines} lines");
        }
    }

    #[test]
    fn modules_begin_with_their_documentation() {
        let cases = [
            ("crates/a/src/b.rs", "//! Owns b.\n", 0),
            ("crates/a/src/b.rs", "\n//! Owns b.\n", 0),
            ("crates/a/src/b.rs", "use c;\n", 1),
            ("crates/a/src/b.rs", "// no doc\n", 1),
            ("crates/a/tests/b.rs", "use c;\n", 0),
        ];
        for (path, text, expected) in cases {
            assert_eq!(check(&[source(path, text)]).len(), expected, "{path}: {text:?}");
        }
    }

    #[test]
    fn a_module_with_children_stands_in_their_folder() {
        let cases = [
            ("crates/a/src/b.rs", "crates/a/src/b/c.rs", 1),
            ("crates/a/src/b.rs", "crates/a/src/b/c/mod.rs", 1),
            ("crates/a/src/b/mod.rs", "crates/a/src/b/c.rs", 0),
            ("crates/a/src/b.rs", "crates/a/src/bc/d.rs", 0),
            ("crates/a/src/bin/b.rs", "crates/a/src/bin/b/c.rs", 0),
            ("crates/a/tests/it/b.rs", "crates/a/tests/it/b/c.rs", 1),
        ];
        for (module, other, expected) in cases {
            let sources = [source(module, "//! A."), source(other, "//! B.")];
            assert_eq!(check(&sources).len(), expected, "{module} and {other}");
        }
    }
}
