//! Which rows the names of tests cite, and where.

use super::id::Id;
use crate::source::Source;

/// What declares a test, and what ends its name.
const DECLARATIONS: [(&str, &[&str]); 3] = [
    (".rs", &["fn "]),
    (".py", &["def "]),
    (".mjs", &["test(\"", "test('", "test(`", "it(\"", "it('", "it(`"]),
];

/// One row that the name of one test cites.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Citation {
    pub(crate) id: Id,
    /// The name begins with it.
    pub(crate) is_leading: bool,
    pub(crate) path: String,
    pub(crate) line: usize,
}

impl Citation {
    /// The part of the tree that the test stands in: a crate, a suite, the task runner.
    pub(super) fn place(&self) -> &str {
        let mut folders = self.path.split('/');
        match (folders.next(), folders.next()) {
            (Some("crates" | "tests"), Some(name)) => name,
            (Some(top), _) => top,
            _ => "",
        }
    }
}

/// Every citation in these files. Comments do not count.
pub(crate) fn read(files: &[Source]) -> Vec<Citation> {
    files.iter().flat_map(of_file).collect()
}

fn of_file(file: &Source) -> Vec<Citation> {
    let declarations = DECLARATIONS.iter().find(|(ending, _)| file.path.ends_with(ending));
    let words = declarations.map_or(&[][..], |(_, words)| words);
    let mut citations = Vec::new();
    for (line, text) in (1..).zip(file.text.lines()) {
        let Some(name) = words.iter().find_map(|word| name_behind(text, word)) else { continue };
        citations.extend(Id::cited(name).into_iter().map(|(id, is_leading)| Citation {
            id,
            is_leading,
            path: file.path.clone(),
            line,
        }));
    }
    citations
}

/// The name that this line declares.
fn name_behind<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (before, name) = line.split_once(word)?;
    let is_declaration = before.split_whitespace().all(|word| matches!(word, "pub" | "async" | "await"));
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    name.get(..end).filter(|_| is_declaration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn names_cite_and_comments_do_not() {
        let cases = [
            ("crates/a/src/b.rs", "    async fn az_09_az_10_one() {", "AZ-09 AZ-10"),
            ("crates/a/src/b.rs", "// fn az_09_one() {", ""),
            ("crates/a/src/b.rs", "let x = \"fn az_09_one\";", ""),
            ("tests/a.test.mjs", "test(\"cl_01 opens\", async () => {", "CL-01"),
            ("tests/a.test.mjs", "  await test(`cl_01_cl_02: opens`, async () => {", "CL-01 CL-02"),
            ("tests/a.py", "def rs_01_two():", "RS-01"),
            ("docs/a.md", "fn az_09_one() {", ""),
        ];
        for (path, text, expected) in cases {
            let found: Vec<String> = read(&[source(path, text)]).iter().map(|c| c.id.to_string()).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn a_citation_has_its_place() {
        for (path, place) in [
            ("crates/server/tests/it/a.rs", "server"),
            ("xtask/src/a.rs", "xtask"),
            ("tests/browser/a.mjs", "browser"),
        ] {
            let text = "fn az_09_one() {}\ntest(\"az_09_one\"";
            assert_eq!(read(&[source(path, text)])[0].place(), place);
        }
    }
}
