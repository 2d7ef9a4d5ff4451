//! Text that a terminal shows and does not obey.
//!
//! What others wrote may hold control characters, of the second set (C1) too, and marks that turn the direction of what
//! stands beside them. A terminal would obey them, and its reader would be misled.

/// Whether a character can steer a terminal, or change how what stands beside it is read.
pub(crate) fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// JSON with the same meaning, in which such characters stand as escapes. Outside of texts JSON has none of them but white
/// space, which stays.
pub(crate) fn json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_steering(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Lines of text: each such character but line breaks and tabs is replaced by a mark.
pub(crate) fn lines(text: &str) -> String {
    let stays = |c| matches!(c, '\n' | '\t') || !is_steering(c);
    text.chars().map(|c| if stays(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// One line of text: line breaks and tabs are replaced too.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_steering(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn k_45_whatever_a_text_holds_its_json_steers_no_terminal_and_reads_back() {
        let unsafe_ones: String =
            (0..=0x10_ffff_u32).filter_map(char::from_u32).filter(|c| is_steering(*c)).collect();
        for listed in
            ["\u{9b}", "\u{85}", "\u{7f}", "\u{202e}", "\u{2066}", "\u{200f}", "\u{e0041}", "\u{1b}"]
        {
            assert!(unsafe_ones.contains(listed), "{listed:?}");
        }
        let value = json!({ (unsafe_ones.clone()): [unsafe_ones, "a\nb\tc"] });
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let safe = json(&text);
            assert!(!safe.chars().any(|c| is_steering(c) && c != '\n'), "{safe}");
            assert_eq!(serde_json::from_str::<Value>(&safe).unwrap(), value);
        }
        assert_eq!(plain("a\u{9b}b\nc"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(lines("a\u{9b}b\nc\t\u{202e}d"), "a\u{fffd}b\nc\t\u{fffd}d");
    }

    proptest! {
        #[test]
        fn k_45_any_text_reads_back(text in any::<String>()) {
            let written = json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!written.chars().any(is_steering));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
