//! Words that must not stand in a source: side effects in the leaves, SQL outside the store, and what debugging left.
//!
//! The needles are put together by `concat!`, so that this file passes its own checks.

use super::crates::Crate;
use crate::finding::Finding;
use crate::source::Source;

/// The production code of a leaf is a function of its arguments.
const BANNED_IN_LEAVES: [&str; 9] = [
    "async fn",
    "async move",
    "SystemTime",
    "Instant::now",
    "std::env",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "getrandom",
];

/// How a statement begins; upper case only, which is how we write SQL and not how we write sentences.
const SQL: [&str; 6] = [
    concat!("SEL", "ECT "),
    concat!("INS", "ERT INTO "),
    concat!("\"UPD", "ATE "),
    concat!("DEL", "ETE FROM "),
    concat!("CRE", "ATE TABLE "),
    concat!("PRAG", "MA "),
];

/// What may stand nowhere, and what to write instead.
const LEFT_BEHIND: [(&str, &str); 5] = [
    (concat!("#[all", "ow("), "write #[expect(.., reason = \"..\")]"),
    (concat!("#![all", "ow("), "write #![expect(.., reason = \"..\")]"),
    (concat!("to", "do!("), "finish it or open an issue"),
    (concat!("unimpl", "emented!("), "finish it or open an issue"),
    (concat!("db", "g!("), "take it out"),
];

/// All the rules of this file.
pub(super) fn check(sources: &[Source], crates: &[Crate]) -> Vec<Finding> {
    sources
        .iter()
        .flat_map(|source| leaf(source, crates).into_iter().chain(sql(source)).chain(left_behind(source)))
        .collect()
}

fn leaf(source: &Source, crates: &[Crate]) -> Vec<Finding> {
    let is_leaf = |name: &str| crates.iter().any(|row| row.is_leaf && row.folder == name);
    if !source.crate_name().is_some_and(is_leaf) {
        return Vec::new();
    }
    hits(
        source,
        source.production(),
        &BANNED_IN_LEAVES,
        "a leaf crate has no async, clock, randomness or I/O",
    )
}

fn sql(source: &Source) -> Vec<Finding> {
    if source.crate_name().is_none_or(|name| name == "store") {
        return Vec::new();
    }
    hits(source, source.production(), &SQL, "SQL text stands in crates/store and nowhere else")
}

fn left_behind(source: &Source) -> Vec<Finding> {
    LEFT_BEHIND.iter().flat_map(|(needle, advice)| hits(source, source.code(), &[needle], advice)).collect()
}

fn hits<'a>(
    source: &Source,
    lines: impl Iterator<Item = (usize, &'a str)>,
    needles: &[&str],
    rule: &str,
) -> Vec<Finding> {
    lines
        .filter_map(|(line, text)| {
            let needle = needles.iter().find(|needle| text.contains(**needle))?;
            Some(Finding { path: source.path.clone(), line, message: format!("`{}`: {rule}", needle.trim()) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;
    use crate::tidy::crates::Imports;

    fn check_one(path: &str, text: &str) -> usize {
        let leaf = |folder: &str| Crate {
            folder: folder.to_owned(),
            may_import: Imports::Anything,
            is_leaf: folder != "server",
        };
        check(&[source(path, text)], &["oauth", "jose", "protocol", "server"].map(leaf)).len()
    }

    #[test]
    fn leaves_stay_pure() {
        for word in BANNED_IN_LEAVES {
            assert_eq!(check_one("crates/protocol/src/a.rs", word), 1, "{word}");
            assert_eq!(check_one("crates/server/src/a.rs", word), 0, "{word}");
            assert_eq!(check_one("crates/jose/tests/a.rs", word), 0, "{word}");
            assert_eq!(check_one("crates/oauth/src/a.rs", &format!("// {word}")), 0, "{word}");
        }
    }

    #[test]
    fn sql_stays_in_the_store() {
        for statement in SQL {
            let text = format!("const A: &str = \"{}x\";", statement.trim_start_matches('"'));
            assert_eq!(check_one("crates/server/src/a.rs", &text), 1, "{statement}");
            assert_eq!(check_one("crates/store/src/sql/a.rs", &text), 0, "{statement}");
        }
    }

    #[test]
    fn nothing_is_left_behind() {
        for (needle, _) in LEFT_BEHIND {
            assert_eq!(check_one("crates/server/src/a.rs", &format!("    {needle}")), 1, "{needle}");
            assert_eq!(check_one("crates/server/tests/a.rs", &format!("    {needle}")), 1, "{needle}");
        }
    }
}
