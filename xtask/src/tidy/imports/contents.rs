//! What one file says about modules and names, read from its tokens: paths inside the arguments of a macro count as well, which
//! a syntax tree would not show.

use anyhow::Result;
use proc_macro2::{Delimiter, TokenTree};

use super::path;
use crate::tidy::tokens;

/// A module: the file itself, or one written out inside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Below the file's own module; empty for that one.
    pub(super) inside: Vec<String>,
    pub(super) imports: Vec<Import>,
    pub(super) mentions: Vec<Mention>,
}

/// One name that a `use` brings in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// What it is called here; `None` for a glob.
    pub(super) alias: Option<String>,
    pub(super) line: usize,
    /// `pub use`, `pub(crate) use`: it hands a name on and needs nothing itself.
    pub(super) is_reexport: bool,
}

/// A path anywhere but in a `use`; of one segment where it is a type's name, a constant's, or a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// The modules of a file, and the children that exist for tests alone.
#[derive(Debug, Default)]
pub(super) struct FileContents {
    pub(super) modules: Vec<Contents>,
    /// Full paths below the file's module of what is declared as `#[cfg(test)] mod name;`.
    pub(super) test_children: Vec<Vec<String>>,
}

/// Reads a file without its tests.
pub(super) fn read(text: &str) -> Result<FileContents> {
    let mut file = FileContents::default();
    module(&tokens::read(text)?, Vec::new(), &mut file);
    Ok(file)
}

fn module(tokens: &[TokenTree], inside: Vec<String>, file: &mut FileContents) {
    let mut contents = Contents { inside, ..Contents::default() };
    scan(tokens, &mut contents, file);
    file.modules.push(contents);
}

fn scan(tokens: &[TokenTree], contents: &mut Contents, file: &mut FileContents) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = match token {
            _ if tokens::is_test_attribute(tokens, at) => skip_item(tokens, at + 2, contents, file),
            TokenTree::Ident(word) if word == "use" && !tokens::is_punct(tokens.get(at + 1), '<') => {
                import(tokens, at, contents)
            }
            TokenTree::Ident(word) if word == "mod" => inline_module(tokens, at, contents, file),
            TokenTree::Ident(_) if path::may_begin(tokens, at) => {
                let (found, next) = path::read(tokens, at);
                if found.len() > 1 || path::is_name_of_item(tokens, at) {
                    contents.mentions.push(Mention { path: found, line: token.span().start().line });
                }
                next
            }
            TokenTree::Group(group) if !is_visibility(group) => {
                scan(&group.stream().into_iter().collect::<Vec<_>>(), contents, file);
                at + 1
            }
            _ => at + 1,
        };
    }
}

/// `pub(in a::b)`: a path that takes nothing.
fn is_visibility(group: &proc_macro2::Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Parenthesis
        && matches!(first, Some(TokenTree::Ident(word)) if word == "in")
}

/// The place behind the test item that begins here; the children that it declares are noted.
fn skip_item(tokens: &[TokenTree], at: usize, contents: &Contents, file: &mut FileContents) -> usize {
    let end = tokens::end_of_item(tokens, at);
    for pair in tokens.get(at..end).unwrap_or_default().windows(2) {
        if let [TokenTree::Ident(word), TokenTree::Ident(name)] = pair
            && word == "mod"
        {
            let child = contents.inside.iter().cloned().chain([name.to_string()]);
            file.test_children.push(child.collect());
        }
    }
    end
}

fn import(tokens: &[TokenTree], at: usize, contents: &mut Contents) -> usize {
    let end = tokens.iter().skip(at).position(|token| tokens::is_punct(Some(token), ';'));
    let end = end.map_or(tokens.len(), |length| at + length);
    let line = tokens.get(at).map_or(0, |token| token.span().start().line);
    let is_reexport = is_public(tokens.get(..at).unwrap_or_default());
    for (path, alias) in path::tree(tokens.get(at + 1..end).unwrap_or_default(), &[]) {
        contents.imports.push(Import { path, alias, line, is_reexport });
    }
    end + 1
}

/// Whether these tokens end in `pub` or `pub(…)`.
fn is_public(before: &[TokenTree]) -> bool {
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    match before {
        [.., word, TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => is_pub(word),
        [.., word] => is_pub(word),
        [] => false,
    }
}

fn inline_module(tokens: &[TokenTree], at: usize, contents: &Contents, file: &mut FileContents) -> usize {
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
        (tokens.get(at + 1), tokens.get(at + 2))
    else {
        return at + 1;
    };
    let inside = contents.inside.iter().cloned().chain([name.to_string()]).collect();
    module(&body.stream().into_iter().collect::<Vec<_>>(), inside, file);
    at + 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(text: &str) -> Contents {
        read(text).unwrap().modules.pop().unwrap()
    }

    fn mentions(text: &str) -> Vec<String> {
        read_one(text).mentions.iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn imports_have_their_names_and_lines() {
        let contents = read_one("use a::{b, c::{self, D as E}};\npub(crate) use f::*;\nuse ::g;\n");
        let found: Vec<_> = contents
            .imports
            .iter()
            .map(|i| (i.path.join("::"), i.alias.clone().unwrap_or_default(), i.line, i.is_reexport))
            .collect();
        let expected = [
            ("a::b", "b", 1, false),
            ("a::c", "c", 1, false),
            ("a::c::D", "E", 1, false),
            ("f", "", 2, true),
        ];
        assert_eq!(
            found,
            expected.map(|(path, alias, line, is)| (path.to_owned(), alias.to_owned(), line, is))
        );
    }

    #[test]
    fn paths_in_bodies_and_macros_are_mentions_and_words_are_none() {
        let cases: [(&str, &[&str]); 8] = [
            ("fn a() { crate::b::c(); }", &["crate::b::c"]),
            ("fn a(b: &B) { b.c(); d(b.E); }", &["B", "d"]),
            ("fn a() { json!({\"x\": super::b::<u8>()}) }", &["super::b"]),
            ("macro_rules! a { () => { $crate::b::c() } }", &["crate::b::c"]),
            ("pub(in crate::a) fn b() {}", &["pub"]),
            ("/// crate::a::b\nfn a() { \"crate::b\"; }", &[]),
            ("fn a() { x.collect::<Vec<_>>(); let _ = <A as b::C>::d(); }", &["Vec", "A", "b::C"]),
            ("fn a() -> impl C + use<'_> { ::std::d() }", &["C"]),
        ];
        // A keyword leads nowhere, as the name of a variable does.
        for (text, expected) in cases {
            assert_eq!(mentions(text), expected, "{text}");
        }
    }

    #[test]
    fn tests_are_left_out() {
        let text = "#[cfg(test)]\nuse a::{b, c};\n#[cfg(test)]\nmod tests { use d::E; }\n#[cfg(all(test, unix))]\nmod f;\n\
                    #[cfg(test)]\nfn g<A, B>() { h::i(); }\nuse j::k;";
        let file = read(text).unwrap();
        assert_eq!(file.test_children, [["tests"], ["f"]]);
        let [contents] = file.modules.as_slice() else { panic!("one module") };
        assert_eq!(contents.imports.len(), 1);
        assert!(contents.mentions.is_empty());
    }

    #[test]
    fn modules_inside_a_file_are_modules() {
        let file = read("use a::b;\nmod c { use super::d; mod e { fn f() { super::g::h(); } } }").unwrap();
        let inside: Vec<_> = file.modules.iter().map(|module| module.inside.join("::")).collect();
        assert_eq!(inside, ["c::e", "c", ""]);
    }
}
