//! What of a stranger's text the record keeps: what tells a developer which value is meant, and nothing that may be a secret.

use crate::log::Foreign;

/// Shortest run of characters that is looked at: shorter secrets are none of ours, and no token of others is so short.
const RUN_CHARS_MIN: usize = 16;
/// In text that was drawn at random letters of one size, of the other and digits follow each other at every second or third place;
/// in words and names they do so far less often than at every so many places.
const CHANGE_EVERY: usize = 5;

/// The text with each run of characters that looks drawn at random replaced by its length, as one line and cut.
pub(crate) fn redacted(text: &str) -> String {
    let (mut kept, mut run) = (String::new(), String::new());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '=' | '~') {
            run.push(c);
        } else {
            end(&mut run, &mut kept);
            kept.push(c);
        }
    }
    end(&mut run, &mut kept);
    Foreign(&kept).to_string()
}

/// The same of an address, without what may carry secrets by its meaning: user, query and fragment.
pub(crate) fn redacted_address(address: &str) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (address, rest) = address.split_at(end);
    let without_user = match address.split_once("//") {
        Some((scheme, rest)) => {
            let host = rest.find('/').unwrap_or(rest.len());
            let begin = rest.get(..host).and_then(|authority| authority.rfind('@')).map_or(0, |at| at + 1);
            format!("{scheme}//{}", rest.get(begin..).unwrap_or_default())
        }
        None => address.to_owned(),
    };
    redacted(&without_user) + if rest.is_empty() { "" } else { "…" }
}

fn end(run: &mut String, kept: &mut String) {
    if looks_random(run) {
        kept.push_str(&format!("[{} characters]", run.len()));
    } else {
        kept.push_str(run);
    }
    run.clear();
}

fn looks_random(run: &str) -> bool {
    let kinds: Vec<u8> = run.bytes().filter_map(kind).collect();
    let changes = kinds.windows(2).filter(|pair| pair.first() != pair.last()).count();
    run.len() >= RUN_CHARS_MIN && changes * CHANGE_EVERY >= run.len()
}

/// Which of three kinds a character is of; `None` for signs, which change nothing.
const fn kind(byte: u8) -> Option<u8> {
    match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::{CodeVerifier, TokenKind, encode_token};
    use proofkey_protocol::Random as _;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn pk_08_what_names_something_stays_and_what_was_drawn_at_random_goes() {
        for stays in [
            "notes:read",
            "https://www.googleapis.com/auth/calendar.readonly",
            "urn:example:payments:create-standing-order",
            "shop-production-2026-eu-west-1",
            "response_type",
            "com.example.app:/oauth2redirect",
            "http://127.0.0.1:51004/cb",
        ] {
            assert_eq!(redacted(stays), stays);
        }
        for (text, kept) in [
            ("notes:read dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "notes:read [43 characters]"),
            ("9f86d081884c7d659a2feaa0c55ad015", "[32 characters]"),
            (
                "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhZGEi0.AbCd",
                "[34 characters].[17 characters].AbCd",
            ),
        ] {
            assert_eq!(redacted(text), kept);
        }
    }

    #[test]
    fn pk_08_an_address_is_kept_without_user_query_and_fragment() {
        for (address, kept) in [
            ("https://app.example/cb", "https://app.example/cb"),
            ("https://app.example/cb?token=hunter2#x", "https://app.example/cb…"),
            ("https://ada:hunter2@app.example/a@b", "https://app.example/a@b"),
            ("https://ada:hunter2@", "https://"),
            ("cb", "cb"),
            ("a//b@c", "a//c"),
        ] {
            assert_eq!(redacted_address(address), kept);
        }
    }

    #[test]
    fn pk_08_no_secret_of_ours_is_kept_of_ten_thousand() {
        for _ in 0..10_000 {
            let mut bytes = [0; 32];
            SystemRandom.fill(&mut bytes);
            let secret = encode_token(TokenKind::ClientSecret, &bytes);
            let verifier = CodeVerifier::from_random(&bytes);
            for text in [secret.expose(), verifier.expose()] {
                let kept = redacted(text);
                assert!(kept.ends_with(" characters]") && kept.len() < 20, "{kept}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn pk_08_any_text_is_cut_to_a_line(text in "(?s).{0,600}") {
            for kept in [redacted(&text), redacted_address(&text)] {
                proptest::prop_assert!(kept.chars().count() < 180 && !kept.contains('\n'));
            }
        }
    }
}
