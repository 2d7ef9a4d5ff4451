//! How long a client secret must be that is given rather than made.

use proofkey_oauth::Secret;

/// Fewest characters of a client secret that is given rather than made. It is kept as a fast hash, which a secret that can be
/// guessed would not withstand.
pub(crate) const CLIENT_SECRET_CHARS_MIN: usize = 32;

/// Whether a client secret is shorter than one that may be given today. Those from before are still taken.
pub fn is_short_client_secret(secret: &Secret) -> bool {
    secret.expose().chars().count() < CLIENT_SECRET_CHARS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_20_characters_are_counted_and_not_bytes() {
        for (text, short) in [("a".repeat(31), true), ("a".repeat(32), false), ("\u{e4}".repeat(31), true)] {
            assert_eq!(is_short_client_secret(&Secret::new(text.clone())), short, "{text}");
        }
    }
}
