//! A function of production code is short enough to be read at once.

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, TokenTree};

use super::tokens;
use crate::finding::Finding;
use crate::source::Source;

/// Past this many lines, from `fn` to the closing brace, a function is refused.
const LINES_MAX: usize = 70;

/// A function, and where it stands.
struct Function {
    name: String,
    first_line: usize,
    last_line: usize,
}

/// Functions that are too long. The load generator is a workspace of its own, and left alone.
pub(super) fn check(sources: &[Source]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test() && !source.path.starts_with("tools/")) {
        let tokens = tokens::read(&source.text).with_context(|| source.path.clone())?;
        let mut functions = Vec::new();
        collect(&tokens, &mut functions);
        findings.extend(functions.iter().filter_map(|function| too_long(source, function)));
    }
    Ok(findings)
}

fn too_long(source: &Source, function: &Function) -> Option<Finding> {
    let Function { name, first_line, last_line } = function;
    let lines = last_line.saturating_sub(*first_line) + 1;
    (lines > LINES_MAX).then(|| Finding {
        path: source.path.clone(),
        line: *first_line,
        message: format!("`{name}` has {lines} lines; {LINES_MAX} are enough for one function"),
    })
}

/// Every function among these tokens and in the groups below them, without those that exist for tests alone.
fn collect(tokens: &[TokenTree], functions: &mut Vec<Function>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if tokens::is_test_attribute(tokens, at) {
            at = tokens::end_of_item(tokens, at + 2);
            continue;
        }
        match token {
            TokenTree::Ident(word) if word == "fn" => functions.extend(function(tokens, at)),
            TokenTree::Group(group) => collect(&group.stream().into_iter().collect::<Vec<_>>(), functions),
            _ => {}
        }
        at += 1;
    }
}

/// The function whose `fn` stands here; `None` for the type of a function pointer and for a function without a body.
fn function(tokens: &[TokenTree], at: usize) -> Option<Function> {
    let name = match tokens.get(at + 1)? {
        TokenTree::Ident(name) => name.to_string(),
        // `fn $name`, inside a macro of ours.
        TokenTree::Punct(mark) if mark.as_char() == '$' => format!("${}", tokens.get(at + 2)?),
        TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => return None,
    };
    let body = tokens.get(tokens::end_of_item(tokens, at) - 1)?;
    let is_body = matches!(body, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let (first_line, last_line) = (tokens.get(at)?.span().start().line, body.span().end().line);
    is_body.then_some(Function { name, first_line, last_line })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&[source(path, text)]).unwrap().iter().map(ToString::to_string).collect()
    }

    /// A function of this many lines, its first and its last line among them.
    fn lines(head: &str, lines: usize) -> String {
        format!("{head} {{{}}}", "\n".repeat(lines - 1))
    }

    #[test]
    fn a_function_of_seventy_lines_passes_and_a_longer_one_is_named() {
        let path = "crates/a/src/b.rs";
        assert_eq!(found(path, &lines("fn a()", 70)), [""; 0]);
        let text = format!("//! A.\n\n{}", lines("pub(crate) async fn a<T>(b: fn() -> T) -> [u8; 2]", 71));
        let expected = "crates/a/src/b.rs:3: `a` has 71 lines; 70 are enough for one function";
        assert_eq!(found(path, &text), [expected]);
    }

    #[test]
    fn methods_and_what_stands_in_modules_macros_and_functions_are_counted() {
        let long = lines("fn a()", 71);
        let cases = [
            (format!("impl B {{ {long} }}"), 1),
            (format!("mod b {{ {long} }}"), 1),
            (format!("macro_rules! b {{ ($name:ident) => {{ {} }} }}", lines("fn $name()", 71)), 1),
            (lines(&format!("fn outer() {{ {long} }} fn next()"), 71), 3),
            (format!("trait B {{ fn a(); {long} }}"), 1),
            (format!("trait B {{ fn a();{}}}", "\n".repeat(99)), 0),
            (format!("type B = fn(u8) -> u8;\nmod c {{{}}}", "\n".repeat(99)), 0),
        ];
        for (text, expected) in cases {
            assert_eq!(found("crates/a/src/b.rs", &text).len(), expected, "{text}");
        }
    }

    #[test]
    fn tests_are_as_long_as_they_must_be() {
        let long = lines("fn a()", 71);
        let in_module = format!("#[cfg(test)]\nmod tests {{ {long} }}\nfn b() {{}}");
        let cases = [
            ("crates/a/src/b.rs", in_module.as_str(), 0),
            ("crates/a/src/b.rs", "#[cfg(test)]\nuse c::{d, e};\nfn f() {}", 0),
            ("crates/a/tests/b.rs", long.as_str(), 0),
            ("tools/a/src/b.rs", long.as_str(), 0),
        ];
        for (path, text, expected) in cases {
            assert_eq!(found(path, text).len(), expected, "{path}: {text}");
        }
        let behind = format!("#[cfg(test)]\nuse c::{{d, e}};\n{long}");
        assert_eq!(found("crates/a/src/b.rs", &behind).len(), 1);
    }
}
