//! Paths and `use` trees, read from tokens.

use proc_macro2::{Delimiter, Spacing, TokenTree};

use crate::tidy::tokens::is_punct;

/// A path, and the name that it gets where it is imported; `None` for a glob.
type Named = (Vec<String>, Option<String>);

/// Whether a path can begin at this word: one behind `::` is inside another path, one behind `.` is a method.
pub(super) fn may_begin(tokens: &[TokenTree], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    let is_behind_colons = before.checked_sub(1).is_some_and(|start| is_separator(tokens, start));
    !is_behind_colons && !is_punct(tokens.get(before), '.')
}

/// Whether this word alone names a type, a constant or a function that is called: what a `use` may have brought in. Fields and
/// variables are none.
pub(super) fn is_name_of_item(tokens: &[TokenTree], at: usize) -> bool {
    let is_call = matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    let is_definition = at.checked_sub(1).is_some_and(|before| is_word(tokens.get(before), "fn"));
    let is_capital =
        tokens.get(at).is_some_and(|token| token.to_string().starts_with(|c: char| c.is_ascii_uppercase()));
    is_capital || (is_call && !is_definition)
}

/// The segments of the path that begins at this word, and the place behind it.
pub(super) fn read(tokens: &[TokenTree], at: usize) -> (Vec<String>, usize) {
    let (mut segments, mut next) = (Vec::new(), at);
    while let Some(TokenTree::Ident(word)) = tokens.get(next) {
        segments.push(word.to_string());
        next += 1;
        if !is_separator(tokens, next) || !matches!(tokens.get(next + 2), Some(TokenTree::Ident(_))) {
            break;
        }
        next += 2;
    }
    (segments, next)
}

/// Every name that a `use` tree brings in; none for a path that begins with `::`, which leads out of the crate.
pub(super) fn tree(tokens: &[TokenTree], prefix: &[String]) -> Vec<Named> {
    // `$crate`, inside a macro of ours.
    let tokens = match tokens {
        [mark, rest @ ..] if is_punct(Some(mark), '$') => rest,
        _ => tokens,
    };
    if tokens.is_empty() || is_separator(tokens, 0) {
        return Vec::new();
    }
    let (segments, next) = read(tokens, 0);
    let mut path: Vec<String> = prefix.iter().cloned().chain(segments).collect();
    let next = if is_separator(tokens, next) { next + 2 } else { next };
    match tokens.get(next) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            inner.split(|token| is_punct(Some(token), ',')).flat_map(|branch| tree(branch, &path)).collect()
        }
        Some(TokenTree::Punct(mark)) if mark.as_char() == '*' => vec![(path, None)],
        renamed => {
            if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
                path.pop();
            }
            let alias = match renamed {
                Some(TokenTree::Ident(word)) if word == "as" => tokens.get(next + 1).map(ToString::to_string),
                _ => path.last().cloned(),
            };
            vec![(path, alias)]
        }
    }
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let is_joint = matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.spacing() == Spacing::Joint);
    is_joint && is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}
