//! Text that others supply, made safe to look at. Escaping is the templates' work; this is about what a name
//! may do to its surroundings, and about values that must not look alike when they differ.

use unicode_normalization::char::is_combining_mark;

/// Longest name shown; a longer one ends in an ellipsis.
pub(super) const NAME_CHARS_MAX: usize = 60;
/// Marks kept on one letter: enough for every living script, too few to overprint the line above.
const MARKS_MAX: usize = 3;
/// Longest client id that an error page repeats.
const CLIENT_ID_CHARS_MAX: usize = 48;
/// Longest address of a stranger's making that a page repeats.
const ADDRESS_CHARS_MAX: usize = 200;
/// Longest exact value shown.
const EXACT_CHARS_MAX: usize = 2048;

/// A name as plain text: one line, no invisible or direction-changing characters, bounded length.
pub(super) fn name(text: &str) -> String {
    let spaced = text.chars().map(|char| if char.is_whitespace() { ' ' } else { char });
    let visible: String = spaced.filter(|&char| !is_unseen(char)).collect();
    let line = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut marks = 0;
    let mut chars = line.chars().filter(|&char| {
        marks = if is_combining_mark(char) { marks + 1 } else { 0 };
        marks <= MARKS_MAX
    });
    let mut shown: String = chars.by_ref().take(NAME_CHARS_MAX).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A value that a machine sent, each character told apart: whatever is not printable ASCII is written as its
/// code point, so a look-alike letter or an invisible one shows.
pub(super) fn exact(text: &str) -> String {
    let mut shown = String::new();
    for char in text.chars().take(EXACT_CHARS_MAX) {
        match char {
            ' '..='~' => shown.push(char),
            _ => shown.push_str(&format!("\\u{{{:x}}}", u32::from(char))),
        }
    }
    let left = text.chars().skip(EXACT_CHARS_MAX).count();
    if left > 0 {
        shown.push_str(&format!("… (+{left})"));
    }
    shown
}

/// A client id as an error page may repeat it: only what has the form of an id or of an address, and shortened. A sentence that
/// the maker of a link put there does not get onto a page of ours.
pub(super) fn client_id(text: &str) -> Option<String> {
    let in_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte);
    (!text.is_empty() && text.bytes().all(in_id)).then(|| shortened(text, CLIENT_ID_CHARS_MAX))
}

/// An address as a page may repeat it: it begins with a scheme, whatever no address has in it is written as its code point,
/// and it is shortened. `None` for what is no address.
pub(super) fn address(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme =
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(in_scheme);
    (is_scheme && !rest.is_empty())
        .then(|| shortened(&exact(text).replace(' ', "\\u{20}"), ADDRESS_CHARS_MAX))
}

/// The front of an ASCII text, and how much of it is left out.
fn shortened(text: &str, chars_max: usize) -> String {
    match text.split_at_checked(chars_max) {
        Some((front, rest)) if !rest.is_empty() => format!("{front}… (+{})", rest.len()),
        _ => text.to_owned(),
    }
}

/// Control and format characters, and letters that draw nothing (after Unicode's Default_Ignorable_Code_Point).
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn v_23_names_cannot_hide_or_turn_their_surroundings() {
        let cases = [
            ("Notes for Desktop", "Notes for Desktop"),
            ("  Notes \n\t for\u{a0}Desktop ", "Notes for Desktop"),
            ("a\u{202e}b\u{2066}c\u{200f}", "abc"),
            ("\u{200b}\u{3164}\u{2800}", ""),
            ("Z\u{301}\u{301}\u{301}\u{301}\u{301}o", "Z\u{301}\u{301}\u{301}o"),
            ("Überblick 日本", "Überblick 日本"),
            ("nul\0byte\u{1b}[31m", "nulbyte[31m"),
        ];
        for (text, expected) in cases {
            assert_eq!(name(text), expected, "{text:?}");
        }
        assert_eq!(name(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(name(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
    }

    #[test]
    fn exact_values_show_what_differs() {
        assert_eq!(exact("https://a.example/cb?x=1"), "https://a.example/cb?x=1");
        assert_eq!(exact("https://\u{430}.example/\u{202e}"), "https://\\u{430}.example/\\u{202e}");
        assert_eq!(exact(&"x".repeat(2050)), format!("{}… (+2)", "x".repeat(2048)));
    }

    #[test]
    fn k_42_only_ids_and_addresses_are_repeated_and_those_shortened() {
        let sentence = "Your account is suspended. Call +1 555 0100";
        for (text, expected) in [
            ("notes-desktop", Some("notes-desktop".to_owned())),
            ("https://app.example/client", Some("https://app.example/client".to_owned())),
            (sentence, None),
            ("https://app.example/?q=Your%20account", None),
            ("n\u{f6}tes", None),
            ("", None),
            (&"x".repeat(50), Some(format!("{}… (+2)", "x".repeat(48)))),
        ] {
            assert_eq!(client_id(text), expected, "{text}");
        }
        for (text, expected) in [
            ("https://app.example/cb", Some("https://app.example/cb".to_owned())),
            ("com.example.app:/cb", Some("com.example.app:/cb".to_owned())),
            ("https://app.example/call back", Some("https://app.example/call\\u{20}back".to_owned())),
            (sentence, None),
            ("Call: +1 555 0100", Some("Call:\\u{20}+1\\u{20}555\\u{20}0100".to_owned())),
            ("", None),
            (&format!("x:{}", "y".repeat(200)), Some(format!("x:{}… (+2)", "y".repeat(198)))),
        ] {
            assert_eq!(address(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_bounded_and_visible(text in ".{0,300}") {
            let shown = name(&text);
            prop_assert!(shown.chars().count() <= NAME_CHARS_MAX + 1);
            prop_assert!(!shown.chars().any(is_unseen));
            prop_assert!(exact(&text).chars().all(|char| matches!(char, ' '..='~')));
        }
    }
}
