//! Rust read as tokens: what lies inside the arguments of a macro is seen as well, which a syntax tree would not show.

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of a file.
pub(super) fn read(text: &str) -> Result<Vec<TokenTree>> {
    let tokens: TokenStream = text.parse().ok().context("the file is no Rust")?;
    Ok(tokens.into_iter().collect())
}

/// Whether this token is that mark.
pub(super) fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

/// `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub(super) fn is_test_attribute(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(group)) = tokens.get(at + 1) else { return false };
    let text: String = group.stream().to_string().split_whitespace().collect();
    is_punct(tokens.get(at), '#') && (text == "cfg(test)" || text.starts_with("cfg(all(test"))
}

/// The place behind the item that begins here: behind its `;` or its braces. Those of a `use` tree do not end it.
pub(super) fn end_of_item(tokens: &[TokenTree], at: usize) -> usize {
    let mut is_use = false;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ';' => return place + 1,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !is_use => return place + 1,
            TokenTree::Ident(word) if word == "use" => is_use = true,
            _ => {}
        }
    }
    tokens.len()
}
