//! A comment names who is meant by the noun of the field, and not an anonymous person.
//!
//! Strings are not searched: a text for people may use these words.

use crate::finding::Finding;
use crate::source::Source;

/// Words that leave open who is meant.
const ANONYMOUS: [&str; 5] = ["nobody", "somebody", "whoever", "anybody", "everybody"];
/// What to write instead.
const NAMED: &str = "the peer, the client, the user, the caller, the operator, another process, a stranger";

/// Such words in the comments of `src` folders.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let shipped = sources.iter().filter(|source| source.path.contains("/src/"));
    shipped
        .flat_map(|source| {
            comments(&source.text).into_iter().filter_map(|(line, comment)| {
                let word = anonymous(comment)?;
                let message = format!("`{word}`: say who is meant: {NAMED}");
                Some(Finding { path: source.path.clone(), line, message })
            })
        })
        .collect()
}

/// The first such word of a comment. What is only a part of an identifier is none.
fn anonymous(comment: &str) -> Option<&'static str> {
    let mut words = comment.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find_map(|word| ANONYMOUS.into_iter().find(|known| word.eq_ignore_ascii_case(known)))
}

/// Every comment of a Rust text, behind code too, with the line on which it begins.
fn comments(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let of_comment = comment(rest);
        let length = of_comment.or_else(|| literal(rest)).unwrap_or(first.len_utf8());
        let Some((piece, behind)) = rest.split_at_checked(length) else { break };
        if of_comment.is_some() {
            found.push((line, piece));
        }
        line += piece.matches('\n').count();
        rest = behind;
    }
    found
}

/// The length of the comment that begins here; `None` where none does.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |at| at + 2))
}

/// The length of the string or character that begins here; `None` where none does, as at a lifetime.
fn literal(rest: &str) -> Option<usize> {
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inside = raw.get(hashes..)?.strip_prefix('"')?;
        let end = inside.find(&format!("\"{}", "#".repeat(hashes)))?;
        return Some("r\"\"".len() + 2 * hashes + end);
    }
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let inside = rest.get(1..)?;
    let is_lifetime = quote == '\'' && !inside.starts_with('\\') && inside.chars().nth(1) != Some(quote);
    let mut is_escaped = false;
    let end = inside.find(|c: char| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    (!is_lifetime).then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[source(path, text)]).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn anonymous_persons_are_refused_in_comments_and_not_in_strings() {
        for word in ANONYMOUS {
            let capital = word.get(..1).unwrap().to_uppercase() + word.get(1..).unwrap();
            for (text, expected) in [
                (format!("//! {capital} serves.\n"), vec![1_usize]),
                (format!("fn a() {{}}\n\n    /// What is {word}'s.\n"), vec![3]),
                (format!("let a = \"b\"; // {word}\n"), vec![1]),
                (format!("/* a\n {word} */\n"), vec![1]),
                (format!("let a = \"// {word}\";\n"), vec![]),
                (format!("let a = \"\\\"// {word}\";\n"), vec![]),
                (format!("let a = \"b\nc // {word}\"; // {word}\n"), vec![2]),
                (format!("let a = r#\"\"// {word}\"#; // {word}\n"), vec![1]),
                (format!("let a = '\"'; // {word}\nlet b = '\\''; // {word} \"\n"), vec![1, 2]),
                (format!("fn a<'a>(b: &'a str) {{}} // {word}\n"), vec![1]),
                (format!("let {word} = 1;\n"), vec![]),
                (format!("// `refuses_{word}` and the peer\n"), vec![]),
            ] {
                assert_eq!(lines("crates/a/src/b.rs", &text), expected, "{text}");
                assert!(lines("crates/a/tests/b.rs", &text).is_empty(), "{text}");
            }
        }
    }
}
