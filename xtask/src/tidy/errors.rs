//! An error says its cause once: in its own text, or as the next link of the chain of causes, and not in both.

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, Group, TokenTree};

use super::tokens;
use crate::finding::Finding;
use crate::source::Source;

/// Errors whose text repeats what their `source()` says: a program that prints the chain prints it twice.
pub(super) fn check(sources: &[Source]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test() && source.text.contains("#[error(")) {
        let tokens = tokens::read(&source.text).with_context(|| source.path.clone())?;
        let mut lines = Vec::new();
        collect(&tokens, &mut lines);
        findings.extend(lines.into_iter().map(|line| Finding {
            path: source.path.clone(),
            line,
            message: "the text says its cause, and `source()` says it again: drop one of them".to_owned(),
        }));
    }
    Ok(findings)
}

/// The lines of such texts among these tokens and in the groups below them.
fn collect(tokens: &[TokenTree], lines: &mut Vec<usize>) {
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        match text_of_error(group).filter(|_| at > 0 && tokens::is_punct(tokens.get(at - 1), '#')) {
            Some(text) => {
                let fields = fields_behind(tokens.get(at + 1..).unwrap_or_default());
                let repeats = fields.is_some_and(|fields| links(fields).iter().any(|name| says(&text, name)));
                lines.extend(repeats.then(|| group.span_open().start().line));
            }
            None => collect(&group.stream().into_iter().collect::<Vec<_>>(), lines),
        }
    }
}

/// The text of `[error("…")]`.
fn text_of_error(group: &Group) -> Option<String> {
    let mut inside = group.stream().into_iter();
    let is_error = matches!(inside.next()?, TokenTree::Ident(word) if word == "error");
    let TokenTree::Group(arguments) = inside.next().filter(|_| is_error)? else { return None };
    Some(arguments.stream().into_iter().next()?.to_string())
}

/// The fields of the variant or struct behind an attribute: the first group that is none of an attribute or of visibility.
fn fields_behind(tokens: &[TokenTree]) -> Option<&Group> {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {}
            TokenTree::Group(group) if group.stream().to_string() == "crate" => {}
            TokenTree::Group(group) => return Some(group),
            TokenTree::Punct(mark) if matches!(mark.as_char(), ',' | ';') => return None,
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
    }
    None
}

/// How a text would name the fields that are the next link: by place, or by name.
fn links(fields: &Group) -> Vec<String> {
    let tokens: Vec<TokenTree> = fields.stream().into_iter().collect();
    let all = tokens.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
    let name_of = |field: &[TokenTree]| {
        let colon = field.iter().position(|token| tokens::is_punct(Some(token), ':'))?;
        Some(field.get(colon.checked_sub(1)?)?.to_string())
    };
    let is_marked = |field: &[TokenTree]| {
        field.iter().any(|token| {
            let TokenTree::Group(group) = token else { return false };
            let is_attribute = group.delimiter() == Delimiter::Bracket;
            is_attribute && matches!(group.stream().to_string().as_str(), "from" | "source")
        })
    };
    let by_name = fields.delimiter() == Delimiter::Brace;
    let named = all.enumerate().map(|(at, field)| {
        let name = if by_name { name_of(field).unwrap_or_default() } else { at.to_string() };
        (is_marked(field) || name == "source", name)
    });
    named.filter(|(is_link, _)| *is_link).map(|(_, name)| name).collect()
}

/// Whether a text shows this field.
fn says(text: &str, name: &str) -> bool {
    [format!("{{{name}}}"), format!("{{{name}:")].iter().any(|shown| text.contains(shown.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn found(text: &str) -> usize {
        check(&[source("crates/a/src/b.rs", text)]).unwrap().len()
    }

    #[test]
    fn k_39_k_57_a_cause_is_said_once() {
        for (text, expected) in [
            (r#"enum E { #[error("a: {0}")] A(#[from] B) }"#, 1),
            (
                r#"enum E { /// A.
                #[error("a: {0:?}")] #[expect(missing_docs)] A(#[source] B), #[error("b")] C }"#,
                1,
            ),
            (r#"enum E { #[error("{path}: {source}; do")] A { path: P, source: io::Error } }"#, 1),
            (r#"enum E { #[error("a: {cause}")] A { #[source] cause: B } }"#, 1),
            (r#"mod m { #[error("a: {0}")] struct E(#[from] B); }"#, 1),
            (r#"enum E { #[error("a: {0}")] A(B), #[error("b")] C(#[from] D) }"#, 0),
            (r#"enum E { #[error(transparent)] A(#[from] B), #[error("a {0}")] C(u8, #[source] D) }"#, 0),
            (r#"enum E { #[error("{path}: {cause}")] A { path: P, cause: io::Error } }"#, 0),
            (r#"enum E { #[error("a")] A, #[error("b")] B { source: C } }"#, 0),
            (r#"struct S { error: E } fn f() { error("{0}") }"#, 0),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
