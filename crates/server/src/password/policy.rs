//! Which new passwords are good enough (NIST SP 800-63B-4 §3.1.1.2).
//!
//! Length and a blocklist, nothing else: no composition rule, no expiry, no hints. A refusal says why.

use super::typed::Password;

/// Common passwords and the stems that people pad to reach a length; lower case, one per line.
const COMMON: &str = include_str!("common.txt");

/// Keyboard rows and the usual sequences; a password made of stretches of them is one of the first that is tried.
const SEQUENCES: [&str; 9] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiopü",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "!@#$%^&*()",
];
/// The shortest stretch of a sequence that counts as one.
const STRETCH_MIN: usize = 4;
/// What must be left of a password once names, sequences or common words are taken out of it.
const REMAINDER_MIN: usize = 8;
/// Fewest different code points.
const DISTINCT_MIN: usize = 5;
/// Names shorter than this occur in ordinary words.
const NAME_MIN: usize = 3;

/// What a password must not be made of.
#[derive(Clone, Copy, Debug)]
pub struct PolicyContext<'a> {
    /// The user's name, or an e-mail address.
    pub username: &'a str,
    /// Names of this service, such as the operator's name and the host.
    pub service_names: &'a [&'a str],
    /// Fewest code points: 15 where the password stands alone, 8 beside a second factor.
    pub length_min: usize,
}

/// Why a password is not taken; each reads as the end of "Choose another password: …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unacceptable {
    /// Fewer code points than asked for.
    #[error("it has fewer than {length_min} characters")]
    TooShort {
        /// How many it needs.
        length_min: usize,
    },
    /// It stands in a list of common passwords, or pads one.
    #[error("it is one of the passwords that are tried first")]
    Common,
    /// It repeats itself.
    #[error("it repeats the same few characters")]
    Repetitive,
    /// It runs along the alphabet, the digits or the keyboard.
    #[error("it follows the alphabet, the digits or the keyboard")]
    Sequential,
    /// Little is left of it without the user's or the service's name.
    #[error("it is little more than your name or the name of this service")]
    Named,
}

/// Judges a new password.
pub fn acceptable(password: &Password, context: &PolicyContext<'_>) -> Result<(), Unacceptable> {
    let PolicyContext { username, service_names, length_min } = *context;
    if password.code_points() < length_min {
        return Err(Unacceptable::TooShort { length_min });
    }
    let folded = zeroize::Zeroizing::new(password.text().to_lowercase());
    if is_repetitive(&folded) {
        return Err(Unacceptable::Repetitive);
    }
    if is_common(&folded) {
        return Err(Unacceptable::Common);
    }
    if without_stretches(&folded) < REMAINDER_MIN {
        return Err(Unacceptable::Sequential);
    }
    let names = service_names.iter().copied().chain([username]).flat_map(name_parts);
    if without_names(&folded, names) < REMAINDER_MIN {
        return Err(Unacceptable::Named);
    }
    Ok(())
}

/// One unit over and over, or too few different code points.
fn is_repetitive(folded: &str) -> bool {
    let mut distinct: Vec<char> = folded.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < DISTINCT_MIN {
        return true;
    }
    let text: Vec<char> = folded.chars().collect();
    // A unit that fits twice or more, a cut-off last one included, adds nothing to the unit itself.
    (1..=text.len() / 2)
        .filter(|unit| *unit <= REMAINDER_MIN)
        .any(|unit| text.iter().zip(text.iter().skip(unit)).all(|(one, next)| one == next))
}

/// In the list as it stands, or a listed word with digits and signs around it or repeated.
fn is_common(folded: &str) -> bool {
    let is_listed = |text: &str| COMMON.lines().any(|common| common == text);
    let spaceless: String = folded.split_whitespace().collect();
    let stem = spaceless.trim_matches(|c: char| !c.is_alphabetic());
    if is_listed(folded) || is_listed(&spaceless) || is_listed(stem) {
        return true;
    }
    if stem.chars().count() < NAME_MIN {
        return false;
    }
    let listed_words = COMMON.lines().filter(|common| common.chars().count() > NAME_MIN);
    without_names(stem, listed_words.map(str::to_owned)) < NAME_MIN
}

/// How many code points lie outside of stretches along a sequence, forwards or backwards.
fn without_stretches(folded: &str) -> usize {
    let text: Vec<char> = folded.chars().collect();
    let backwards = |row: &str| row.chars().rev().collect::<Vec<char>>();
    let rows: Vec<Vec<char>> =
        SEQUENCES.iter().flat_map(|row| [row.chars().collect(), backwards(row)]).collect();
    let (mut at, mut outside) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let stretch = rows.iter().map(|row| stretch_length(rest, row)).max().unwrap_or(0);
        if stretch >= STRETCH_MIN {
            at += stretch;
        } else {
            (at, outside) = (at + 1, outside + 1);
        }
    }
    outside
}

/// How far the text follows the row, from wherever in the row it begins.
fn stretch_length(text: &[char], row: &[char]) -> usize {
    let follows = |start: usize| {
        text.iter().zip(row.iter().skip(start)).take_while(|(one, other)| one == other).count()
    };
    (0..row.len()).map(follows).max().unwrap_or(0)
}

/// How many code points are left once every name is cut out.
fn without_names(folded: &str, names: impl Iterator<Item = String>) -> usize {
    let mut left = folded.to_owned();
    for name in names {
        left = left.replace(&name, "");
    }
    left.chars().count()
}

/// A name and the words in it: `ada.lovelace@example.org` is also `ada`, `lovelace` and `example`.
fn name_parts(name: &str) -> Vec<String> {
    let folded = name.to_lowercase();
    let mut parts: Vec<String> = folded.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    parts.push(folded);
    parts.retain(|part| part.chars().count() >= NAME_MIN);
    // The longest first, or cutting out `ada` would hide `ada.lovelace`.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judge(text: &str) -> Result<(), Unacceptable> {
        let services = ["Proofkey", "id.example.org"];
        let context =
            PolicyContext { username: "ada.lovelace@mail.test", service_names: &services, length_min: 15 };
        acceptable(&Password::parse(text).unwrap(), &context)
    }

    #[test]
    fn lg_01_fifteen_code_points_at_least() {
        assert_eq!(judge("tidal gravel 14"), Ok(()));
        let refused = judge("tidal gravel 1").unwrap_err();
        assert_eq!(refused, Unacceptable::TooShort { length_min: 15 });
        assert!(refused.to_string().contains("15 characters"), "the limit is named: {refused}");
        assert_eq!(judge("grüße über säße"), Ok(()), "15 code points, more bytes");
        assert!(judge("🦀🌊🌵🍋🎻🧭🪁").is_err(), "7 code points, 28 bytes");
    }

    #[test]
    fn lg_02_sixty_four_and_more_are_accepted() {
        let long: String = (0..16).map(|n| format!("w{}q ", n * 37)).collect();
        assert!(long.chars().count() >= 64);
        assert_eq!(judge(&long), Ok(()));
    }

    #[test]
    fn lg_03_lg_04_no_composition_rule_and_every_character() {
        for good in [
            "nothing but small letters",
            "NOTHING BUT TALL LETTERS",
            "8316409527148306",
            "~ ` ! @ # { } | : \" < > ?",
            "ключ под ковриком лежит",
        ] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn lg_05_blocklist_with_a_reason() {
        let refused = [
            ("correcthorsebatterystaple", Unacceptable::Common),
            ("Correct Horse Battery Staple", Unacceptable::Common),
            ("password12345678!", Unacceptable::Common),
            ("iloveyouprincess2024", Unacceptable::Common),
            ("PasswordPassword1", Unacceptable::Common),
            ("aaaaaaaaaaaaaaaa", Unacceptable::Repetitive),
            ("xk4vqzxk4vqzxk4vqz", Unacceptable::Repetitive),
            ("abcdefghijklmnop", Unacceptable::Sequential),
            ("987654321098765432", Unacceptable::Sequential),
            ("qwertyuiopasdfghjkl", Unacceptable::Sequential),
            ("adalovelace-adalovelace-7", Unacceptable::Named),
            ("proofkey-proofkey-99", Unacceptable::Named),
            ("ada.lovelace@mail.test", Unacceptable::Named),
        ];
        for (text, expected) in refused {
            assert_eq!(judge(text), Err(expected), "{text}");
        }
        assert_eq!(judge("ada likes a warm granite stone"), Ok(()), "a name inside a long password is fine");
    }

    proptest! {
        #[test]
        fn lg_05_no_password_makes_the_policy_panic(text in "\\PC{0,60}", user in "\\PC{0,20}") {
            let context = PolicyContext { username: &user, service_names: &[&user], length_min: 8 };
            let _ = acceptable(&Password::parse(&text).unwrap(), &context);
        }
    }
}
