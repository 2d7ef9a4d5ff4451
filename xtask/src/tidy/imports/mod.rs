//! No file of a crate imports another in a circle: each can be read, moved and tested after those that it stands on.
//!
//! An import counts towards the file that *defines* the name. The declaration of a module is none, nor is a re-export that the
//! file itself makes no use of; tests take what they like.

mod circles;
mod contents;
mod modules;
mod path;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::finding::Finding;
use crate::source::Source;
use circles::Edges;
use modules::Modules;

/// Every circle of every crate. The load generator is a workspace of its own, and left alone.
pub(super) fn check(sources: &[Source]) -> Result<Vec<Finding>> {
    let crates: BTreeSet<&str> = sources.iter().filter_map(|source| src(&source.path)).collect();
    let mut findings = Vec::new();
    for src in crates {
        let files: Vec<&Source> = sources.iter().filter(|source| source.path.starts_with(src)).collect();
        findings.extend(circles::find(&edges(&Modules::read(src, &files)?)));
    }
    Ok(findings)
}

/// The folder of a crate's sources, when this is one of them.
fn src(path: &str) -> Option<&str> {
    let is_ours = path.starts_with("crates/") || path.starts_with("xtask/");
    let end = path.find("/src/")? + "/src/".len();
    path.get(..end).filter(|_| is_ours)
}

/// From each file to those that define what it takes, with the line and the path that says so first.
fn edges<'a>(modules: &Modules<'a>) -> Edges<'a> {
    let mut edges: Edges<'_> = BTreeMap::new();
    for (here, module) in modules.iter() {
        let imports = module.contents.imports.iter().filter(|import| !import.is_reexport);
        let imports = imports.map(|import| {
            let definer = match import.alias {
                Some(_) => modules.definer(here, &import.path),
                None => modules.opened(here, &import.path),
            };
            (definer, import.line, &import.path)
        });
        let mentions = module.contents.mentions.iter().map(|mention| {
            let definer = modules.definer(here, &mention.path);
            (definer, mention.line, &mention.path)
        });
        for (definer, line, path) in imports.chain(mentions) {
            if let Some(definer) = definer.filter(|definer| *definer != module.file) {
                let said = (line, path.join("::"));
                edges
                    .entry((module.file, definer))
                    .and_modify(|first| *first = said.clone().min(first.clone()))
                    .or_insert(said);
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    /// Files as `path: text`, one to a line, below `crates/a/src`.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| source(&format!("crates/a/src/{path}"), text)).collect();
        check(&sources).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_circle_is_named_file_by_file_with_a_line_for_each_edge() {
        let found = circles(&[
            ("lib.rs", "mod b;\nmod c;\n"),
            ("b.rs", "use std::fmt;\n\nuse crate::c::D;\npub struct B;"),
            ("c.rs", "pub struct D;\nfn f() { let _ = super::b::B; }"),
        ]);
        let expected = "crates/a/src/b.rs: 2 files import one another in a circle\n\
                        \x20   crates/a/src/b.rs:3 takes `crate::c::D` from crates/a/src/c.rs\n\
                        \x20   crates/a/src/c.rs:2 takes `super::b::B` from crates/a/src/b.rs";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn an_import_counts_towards_the_file_that_defines_the_name() {
        let through = |c: &str| {
            let files = [
                ("lib.rs", "mod b;\nmod c;"),
                ("b/mod.rs", "mod d;\nmod e;\npub use d::D;\npub use e::{E as F, g};"),
                ("b/d.rs", "pub struct D;"),
                ("b/e.rs", "use crate::c::C;\npub struct E;\npub mod g { pub fn h() {} }"),
                ("c.rs", c),
            ];
            circles(&files).len()
        };
        let cases = [
            ("use crate::b::D;", 0),
            ("use crate::b::F;", 1),
            ("use crate::b;\nfn f() { b::D; }", 0),
            ("use crate::b;\nfn f() { b::F; }", 1),
            ("use crate::b as other;\nfn f() { vec![other::F::new()]; }", 1),
            ("fn f() { crate::b::g::h(); }", 1),
            ("use super::b::g;\nfn f() { g::h(); }", 1),
            ("use crate::b;", 0),
            ("#[cfg(test)]\nmod tests { use crate::b::F; }", 0),
            ("pub use crate::b::F;", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(through(text), expected, "{text}");
        }
    }

    #[test]
    fn parent_and_child_make_a_circle_like_any_two_files() {
        let parent = "mod c;\npub struct B;\nfn f() { c::g(); }";
        assert_eq!(
            circles(&[("lib.rs", "mod b;"), ("b/mod.rs", parent), ("b/c.rs", "use super::B;")]).len(),
            1
        );
        assert_eq!(
            circles(&[("lib.rs", "mod b;"), ("b/mod.rs", "mod c;"), ("b/c.rs", "use super::B;")]).len(),
            0
        );
        let child = "mod d { use super::super::B; }";
        assert_eq!(circles(&[("lib.rs", "mod b;"), ("b/mod.rs", parent), ("b/c.rs", child)]).len(), 1);
    }

    #[test]
    fn a_re_export_counts_where_its_name_is_used() {
        let with = |parent: &str| {
            let parent = format!("mod c;\npub use c::C;\npub struct B;\n{parent}");
            circles(&[
                ("lib.rs", "mod b;"),
                ("b/mod.rs", &parent),
                ("b/c.rs", "use super::B;\npub struct C;"),
            ])
            .len()
        };
        for (text, expected) in [
            ("", 0),
            ("struct D { c: u8 }", 0),
            ("struct D { c: C }", 1),
            ("fn d() { C::new(); }", 1),
            ("#[cfg(test)]\nmod tests { fn d() { C; } }", 0),
        ] {
            assert_eq!(with(text), expected, "{text}");
        }
    }

    #[test]
    fn tests_and_other_crates_are_no_part_of_a_circle() {
        let files = [
            ("lib.rs", "mod b;"),
            (
                "b/mod.rs",
                "#[cfg(test)]\nmod sample;\n#[cfg(test)]\nmod tests;\npub struct B;\nfn f() { std::b(); }",
            ),
            ("b/sample.rs", "use super::{B, tests::a};"),
            ("b/tests.rs", "use super::sample::x;"),
            ("bin/tool.rs", "use b::B;"),
        ];
        assert_eq!(circles(&files).len(), 0);
        let apart = [
            source("crates/a/src/lib.rs", "use b::B; pub struct A;"),
            source("crates/b/src/lib.rs", "use a::A; pub struct B;"),
            source("tools/a/src/main.rs", "mod b; use b::B; pub struct A;"),
            source("tools/a/src/b.rs", "use super::A; pub struct B;"),
        ];
        assert_eq!(check(&apart).unwrap(), []);
    }

    #[test]
    fn three_files_in_a_ring_are_one_circle_and_what_hangs_on_it_is_none() {
        let found = circles(&[
            ("lib.rs", "mod b;\nmod c;\nmod d;\nmod e;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::d::D;"),
            ("d.rs", "use crate::b::B;"),
            ("e.rs", "use crate::b::B;"),
        ]);
        let [circle] = found.as_slice() else { panic!("{found:?}") };
        assert!(circle.contains("3 files") && !circle.contains("e.rs"), "{circle}");
    }
}
