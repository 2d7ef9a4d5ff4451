//! Circles among files: those that reach one another.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;

/// From one file to another: the first line that says so, and the path that stands there.
pub(super) type Edges<'a> = BTreeMap<(&'a str, &'a str), (usize, String)>;

/// Each circle once, with every import that ties it.
pub(super) fn find(edges: &Edges<'_>) -> Vec<Finding> {
    let files: BTreeSet<&str> = edges.keys().map(|(from, _)| *from).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        files.iter().map(|file| (*file, reach(file, edges))).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|files| files.contains(to));
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for file in files.iter().filter(|file| reaches(file, file)) {
        circles.insert(
            files.iter().copied().filter(|other| reaches(file, other) && reaches(other, file)).collect(),
        );
    }
    circles.iter().filter_map(|circle| finding(circle, edges)).collect()
}

/// Every file that can be come to from this one.
fn reach<'a>(file: &str, edges: &Edges<'a>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![file];
    while let Some(here) = open.pop() {
        for (_, to) in edges.keys().filter(|(from, _)| *from == here) {
            if found.insert(*to) {
                open.push(to);
            }
        }
    }
    found
}

fn finding(circle: &[&str], edges: &Edges<'_>) -> Option<Finding> {
    let inside = edges.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    let lines: String = inside
        .map(|((from, to), (line, path))| format!("\n    {from}:{line} takes `{path}` from {to}"))
        .collect();
    let message = format!("{} files import one another in a circle{lines}", circle.len());
    circle.first().map(|first| Finding { path: (*first).to_owned(), line: 0, message })
}
