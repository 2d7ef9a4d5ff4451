//! Text as a literal of a programming language: whatever the text is, the program that holds it has just this text, and runs none of
//! it.

use std::fmt::Write as _;

use crate::terminal::is_steering;

/// What a file is written in, as far as its string literals tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// JavaScript, JSX and TypeScript; inside a page as well.
    JavaScript,
    Go,
    Python,
    Rust,
    /// bash and sh.
    Shell,
    /// YAML, in which Spring looks for `${…}` once more.
    SpringYaml,
}

impl Language {
    /// `text` between quotation marks.
    pub(super) fn literal(self, text: &str) -> String {
        match self {
            // `'` ends what it began and nothing else does: the mark itself is added outside.
            Self::Shell => format!("'{}'", text.replace('\'', r"'\''")),
            Self::Go | Self::JavaScript | Self::Python => {
                double_quoted(text, |c| format!("\\u{:04x}", u32::from(c)))
            }
            // A backslash before `${` keeps Spring from looking for a value of that name.
            Self::SpringYaml => {
                double_quoted(text, |c| format!("\\u{:04x}", u32::from(c))).replace("${", r"\\${")
            }
            Self::Rust => double_quoted(text, |c| format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
}

/// Between double quotation marks. Besides the mark and the backslash, what could end the script around it (`</script>`, `-->`,
/// `]]>`), end a line or turn the direction of what is read is written as its number, where four digits are enough for it.
fn double_quoted(text: &str, number: impl Fn(char) -> String) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                let _written = write!(quoted, "\\{c}");
            }
            '<' | '>' | '&' => quoted.push_str(&number(c)),
            c if is_steering(c) && c <= '\u{ffff}' => quoted.push_str(&number(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
