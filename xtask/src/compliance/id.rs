//! The id of a row, and how names of tests cite it: `az_09_…` is AZ-09.

use std::fmt;

/// A row of docs/requirements.md: its group, and its number with what may follow it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) group: String,
    number: String,
}

impl Id {
    /// Reads `AZ-09`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (group, number) = text.split_once('-')?;
        (is_group(group) && is_number(number))
            .then(|| Self { group: group.to_owned(), number: number.to_owned() })
    }

    /// Every id that a name cites, and whether it stands at the beginning, where nothing but an id looks like one.
    pub(super) fn cited(name: &str) -> Vec<(Self, bool)> {
        let words: Vec<String> = name.split('_').map(str::to_uppercase).collect();
        let (mut found, mut at, mut is_leading) = (Vec::new(), 0, true);
        while let Some(group) = words.get(at) {
            let number = words.get(at + 1).map_or("", String::as_str);
            if is_group(group) && is_number(&number.to_lowercase()) {
                found.push((Self { group: group.clone(), number: number.to_lowercase() }, is_leading));
                at += 2;
            } else {
                is_leading = false;
                at += 1;
            }
        }
        found
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.group, self.number)
    }
}

/// One or two capitals.
pub(super) fn is_group(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Two or three digits, then perhaps a small letter.
fn is_number(text: &str) -> bool {
    let digits = text.strip_suffix(|last: char| last.is_ascii_lowercase()).unwrap_or(text);
    (2..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_both_spellings() {
        let cases: [(&str, &[(&str, bool)]); 7] = [
            ("az_09_a_challenge_is_there", &[("AZ-09", true)]),
            ("v_72_v_75a_keys", &[("V-72", true), ("V-75a", true)]),
            ("tk_09_a_verifier_is_43_long", &[("TK-09", true), ("IS-43", false)]),
            ("replays_az_09", &[("AZ-09", false)]),
            ("az_9_az_0009_abc_12_x", &[]),
            ("a_word", &[]),
            ("", &[]),
        ];
        for (name, expected) in cases {
            let found = Id::cited(name);
            let found: Vec<(String, bool)> = found.iter().map(|(id, is)| (id.to_string(), *is)).collect();
            let expected: Vec<(String, bool)> =
                expected.iter().map(|(id, is)| ((*id).to_owned(), *is)).collect();
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(Id::read("AZ-09").unwrap().to_string(), "AZ-09");
        for text in ["AZ", "AZ-9", "az-09", "AZX-09", "AZ-09-1", "AZ-a9"] {
            assert!(Id::read(text).is_none(), "{text}");
        }
    }
}
