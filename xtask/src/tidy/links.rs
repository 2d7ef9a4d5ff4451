//! Links between the pages: each leads to a file that is there, and to a heading of it that is there.
//!
//! Addresses of other sites are not asked: a check that needs the network is none.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::source::Source;

/// Links of the Markdown files that lead nowhere. `exists` says whether a path from the root is there: pictures are no texts.
pub(super) fn check(files: &[Source], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let pages: BTreeMap<&str, &Source> = files
        .iter()
        .filter(|file| file.path.ends_with(".md"))
        .map(|file| (file.path.as_str(), file))
        .collect();
    let anchors: BTreeMap<&str, BTreeSet<String>> =
        pages.iter().map(|(path, page)| (*path, anchors_of(&page.text))).collect();
    let mut findings = Vec::new();
    for page in pages.values() {
        for (line, link) in links_of(&page.text) {
            if let Some(message) = refusal(&page.path, &link, &anchors, &exists) {
                findings.push(Finding { path: page.path.clone(), line, message });
            }
        }
    }
    findings
}

/// What is wrong with a link of a page, if anything is.
fn refusal(
    page: &str,
    link: &str,
    anchors: &BTreeMap<&str, BTreeSet<String>>,
    exists: impl Fn(&str) -> bool,
) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = if path.is_empty() { Some(page.to_owned()) } else { resolved(page, path) };
    let Some(target) = target.filter(|target| exists(target)) else {
        return Some(format!("the link {link} leads to no file"));
    };
    let anchor = anchor?;
    let is_there = anchors.get(target.as_str()).is_some_and(|of_target| of_target.contains(anchor));
    (!is_there).then(|| format!("the link {link} leads to no heading of {target}"))
}

/// The path from the root; `None` where it leads out of the tree.
fn resolved(page: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    let _file = parts.pop();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            let _folder = parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// The lines of prose, with their numbers: what stands between fences is no Markdown.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fenced && !is_fence
    })
}

/// Every target of an inline link, a picture or a link definition.
fn links_of(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        let inline = line.split("](").skip(1).filter_map(|behind| behind.split_once(')'));
        links.extend(inline.map(|(target, _)| (number, first_word(target))));
        if let Some((_, target)) = line.split_once("]: ").filter(|_| line.starts_with('[')) {
            links.push((number, first_word(target)));
        }
    }
    links.retain(|(_, link)| !link.is_empty());
    links
}

/// A title may stand behind the target.
fn first_word(target: &str) -> String {
    target.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>']).to_owned()
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// The anchors that headings get, and those that are set by hand.
fn anchors_of(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            let anchor = anchor_of(heading.trim());
            let mut numbered = anchor.clone();
            let mut number = 0;
            while !anchors.insert(numbered) {
                number += 1;
                numbered = format!("{anchor}-{number}");
            }
        }
        let by_hand = line.split("id=\"").skip(1).filter_map(|behind| behind.split_once('"'));
        anchors.extend(by_hand.map(|(id, _)| id.to_owned()));
    }
    anchors
}

/// A heading as it stands behind `#`: lower case, without punctuation, with dashes for spaces.
fn anchor_of(heading: &str) -> String {
    let text: String = heading
        .split("](")
        .enumerate()
        .map(|(at, part)| {
            let behind = if at == 0 { part } else { part.split_once(')').map_or("", |(_, behind)| behind) };
            behind.to_lowercase()
        })
        .collect();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn wrong(link: &str) -> usize {
        let files = [
            source("docs/a.md", link),
            source(
                "docs/b/c.md",
                "# Title\n\n## `x y`: what, and why\n## Twice\n## Twice\n<a id=\"by-hand\"></a>\n```\n# no heading\n```\n",
            ),
        ];
        let is_there = |path: &str| matches!(path, "docs/a.md" | "docs/b/c.md" | "docs/picture.png" | "src");
        check(&files, is_there).len()
    }

    #[test]
    fn a_link_leads_to_a_file_and_to_a_heading() {
        for fine in [
            "[c](b/c.md)",
            "[c](b/c.md#title)",
            "[c](b/c.md#x-y-what-and-why)",
            "[c](b/c.md#twice-1)",
            "[c](b/c.md#by-hand)",
            "![p](picture.png \"with a title\")",
            "[s](../src)",
            "[o](https://other.example/x#y)",
            "[c](./b/../b/c.md)",
            "`[c](none.md)`",
            "```\n[c](none.md)\n```",
            "[m](mailto:a@b.example)",
            "[c]: b/c.md",
            "# Here\n[h](#here)",
        ] {
            assert_eq!(wrong(fine), 0, "{fine}");
        }
        for broken in [
            "[c](none.md)",
            "[c](b/c.md#none)",
            "[c](b/c.md#no-heading)",
            "[c](c.md)",
            "[h](#here)",
            "[c]: none.md",
            "![p](other.png)",
            "[o](../../out.md)",
            "[a](b/c.md) and [c](b/c.md#twice-2)",
        ] {
            assert_eq!(wrong(broken), 1, "{broken}");
        }
    }
}
