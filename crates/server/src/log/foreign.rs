//! Text that was chosen outside of this server, on its way into the log.

use std::fmt::{self, Write as _};

/// Most characters of it that are shown.
pub(crate) const FOREIGN_CHARS_MAX: usize = 128;

/// Shows text of a stranger: so much of it as tells what it is, on one line, without control or invisible characters. All
/// such text goes into the log through here: a client's id comes out of a request of 64 KiB, and a log line must not.
#[derive(Clone, Copy, Debug)]
pub struct Foreign<T>(pub T);

impl<T: fmt::Display> fmt::Display for Foreign<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut beginning = Beginning { out, chars: 0, bytes: 0 };
        write!(beginning, "{}", self.0)?;
        let Beginning { chars, bytes, .. } = beginning;
        if chars > FOREIGN_CHARS_MAX { write!(out, "… ({bytes} bytes)") } else { Ok(()) }
    }
}

/// Lets through how a text begins, and counts it to its end.
struct Beginning<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    chars: usize,
    bytes: usize,
}

impl fmt::Write for Beginning<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes += text.len();
        for c in text.chars() {
            self.chars += 1;
            if self.chars > FOREIGN_CHARS_MAX {
                break;
            }
            // One mark for each: six bytes would let a stranger write six times what he sends.
            self.out.write_char(if is_seen(c) { c } else { '\u{fffd}' })?;
        }
        Ok(())
    }
}

/// Controls, direction marks, and what has no width: in a terminal they would make one text look like another.
fn is_seen(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn k_01_text_of_a_stranger_is_shown_so_far_as_it_tells_what_it_is() {
        for (text, shown) in [
            ("web", "web"),
            ("", ""),
            ("a\nb\u{9b}\u{202e}c\u{200b}", "a\u{fffd}b\u{fffd}\u{fffd}c\u{fffd}"),
            ("J\u{fc}rgen \u{1f600}", "J\u{fc}rgen \u{1f600}"),
        ] {
            assert_eq!(Foreign(text).to_string(), shown);
        }
        let long = Foreign(&"\u{1}".repeat(30_000)).to_string();
        assert!(long.ends_with("\u{fffd}… (30000 bytes)"), "{long}");
        assert_eq!(long.matches('\u{fffd}').count(), FOREIGN_CHARS_MAX);
    }

    proptest! {
        #[test]
        fn k_01_whatever_is_sent_the_log_grows_by_a_named_maximum(text in "(?s).{0,1000}") {
            let shown = Foreign(&text).to_string();
            prop_assert!(shown.len() <= 4 * FOREIGN_CHARS_MAX + 32);
            prop_assert!(shown.chars().all(is_seen));
        }
    }
}
