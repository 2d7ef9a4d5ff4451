//! The name that was meant, where one is unknown.

use super::template::{TEMPLATE, setting_of};

/// A name of more characters is no slip of the pen.
const NAME_CHARS_MAX: usize = 64;

/// What the grammar says of an unknown name, with the name that was meant: one of the same section that is spelled much alike,
/// or the same one in another section. Any other text is returned as it is.
pub(super) fn with_nearest(message: &str) -> String {
    const UNKNOWN: &str = "unknown field `";
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next().filter(|name| name.chars().count() <= NAME_CHARS_MAX);
    let Some(unknown) = unknown.filter(|_| message.starts_with(UNKNOWN)) else {
        return message.to_owned();
    };
    let near = names.map(|known| (distance(unknown, known), known)).min();
    let near =
        near.filter(|(distance, known)| *distance <= 1 + known.len() / 4).map(|(_, known)| known.to_owned());
    match near.or_else(|| of_a_section(unknown)) {
        Some(known) => format!("{message}; did you mean `{known}`?"),
        None => message.to_owned(),
    }
}

/// `section.key` of a key that some section has.
fn of_a_section(key: &str) -> Option<String> {
    let mut section = "";
    for line in TEMPLATE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        if !section.is_empty() && setting_of(line).is_some_and(|(known, _)| known == key) {
            return Some(format!("{section}.{key}"));
        }
    }
    None
}

/// How many characters have to be put in, taken out or replaced to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, left) in (1..).zip(one.chars()) {
        let (mut diagonal, mut before) = (at - 1, at);
        if let Some(first) = row.first_mut() {
            *first = at;
        }
        for (cell, right) in row.iter_mut().skip(1).zip(other.chars()) {
            before = (diagonal + usize::from(left != right)).min(before + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, before);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MINIMAL, refusal};
    use super::*;

    #[test]
    fn pk_11_an_unknown_key_names_the_nearest() {
        let cases = [
            ("[tokens]\ncod_seconds = 30\n", "did you mean `code_seconds`?"),
            ("[tokens]\naccess_second = 30\n", "did you mean `access_seconds`?"),
            ("[token]\ncode_seconds = 30\n", "did you mean `tokens`?"),
            ("[server]\ncode_seconds = 30\n", "did you mean `tokens.code_seconds`?"),
            ("[log]\nlevle = \"info\"\n", "did you mean `level`?"),
        ];
        for (text, expected) in cases {
            let message = refusal(&format!("{MINIMAL}{text}"), &[]);
            assert!(message.ends_with(expected), "{message}");
        }
        let message = refusal(MINIMAL, &[("PROOFKEY_LIMITS__FACTR", "2")]);
        assert!(
            message.contains("PROOFKEY_LIMITS__FACTR") && message.ends_with("did you mean `factor`?"),
            "{message}"
        );
        for nothing_alike in ["[tokens]\nx = 1\n", "[tokens]\nunheard_of_altogether = 1\n"] {
            let message = refusal(&format!("{MINIMAL}{nothing_alike}"), &[]);
            assert!(message.contains("unknown field") && !message.contains("did you mean"), "{message}");
        }
        let long = "code_seconds".repeat(1_000);
        assert!(!refusal(&format!("{MINIMAL}[tokens]\n{long} = 1\n"), &[]).contains("did you mean"));
    }

    #[test]
    fn distances_count_what_has_to_change() {
        for (one, other, expected) in
            [("", "", 0), ("a", "", 1), ("level", "levle", 2), ("cod", "code", 1), ("ab", "ba", 2)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected), "{one} {other}");
        }
    }
}
