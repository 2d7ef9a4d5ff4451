//! A password as typed: normalised, bounded, wiped.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Longest input that is looked at, in bytes, before normalisation: hashing must not be a lever (NIST SP 800-63B-4
/// §3.1.1.2 asks for at least 64 characters; this holds 256 of four bytes each).
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// NFKC can make a code point longer; the buffer is made for it at once, so that no shorter copy stays behind.
const GROWTH_MAX: usize = 18;

/// A password in NFKC. It is wiped when dropped and neither shown nor compared; the pool keeps a reference while it
/// hashes.
pub struct Password(Arc<Zeroizing<String>>);

/// The input was longer than [`PASSWORD_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
pub struct PasswordTooLong;

impl Password {
    /// Takes a password as it was typed. Normalisation is NFKC, fixed for ever: changing it would lock people out.
    pub fn parse(typed: &str) -> Result<Self, PasswordTooLong> {
        if typed.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordTooLong);
        }
        let growth = if typed.is_ascii() { 1 } else { GROWTH_MAX };
        let mut normal = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(growth)));
        normal.extend(typed.nfkc());
        Ok(Self(Arc::new(normal)))
    }

    /// How many code points it has (NIST counts code points, not bytes).
    pub fn code_points(&self) -> usize {
        self.text().chars().count()
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// A second reference for the thread that hashes. Not `Clone`, so that no other code keeps a password.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lg_02_more_than_1024_bytes_are_refused_before_hashing() {
        assert!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX)).is_ok());
        assert_eq!(Password::parse(&"x".repeat(PASSWORD_BYTES_MAX + 1)).unwrap_err(), PasswordTooLong);
        assert!(Password::parse(&"é".repeat(513)).is_err());
    }

    #[test]
    fn lg_03_unicode_is_normalised_and_counted_in_code_points() {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        let parse = |text: &str| Password::parse(text).unwrap();
        assert_eq!(parse(composed).bytes(), parse(decomposed).bytes());
        assert_eq!(parse("ﬁne Ａ").text(), "fine A");
        assert_eq!(parse("🦀🦀🦀").code_points(), 3);
        let printing: String = (' '..='~').collect();
        assert_eq!(parse(&printing).text(), printing, "every printing ASCII character and space is kept");
    }

    #[test]
    fn ht_07_debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::parse("canary-secret").unwrap()), "Password(…)");
    }

    proptest! {
        #[test]
        fn lg_03_any_text_parses_or_is_too_long(text in "\\PC{0,600}") {
            let parsed = Password::parse(&text);
            prop_assert_eq!(parsed.is_err(), text.len() > PASSWORD_BYTES_MAX);
            if let Ok(password) = parsed {
                let again = Password::parse(password.text());
                prop_assert!(again.is_err() || again.is_ok_and(|again| again.text() == password.text()));
            }
        }
    }
}
