//! Where two exact values differ, so that a developer sees the character and need not search for it.

/// A value in three parts, the middle one being what the other value lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) before: String,
    pub(super) differs: String,
    pub(super) after: String,
}

impl Marked {
    /// A value with nothing to compare it with.
    pub(super) fn whole(value: String) -> Self {
        Self { before: value, differs: String::new(), after: String::new() }
    }
}

/// Marks the difference. A port on a loopback address may differ (RFC 8252 §7.3), so it is not marked as long
/// as something else differs too.
pub(super) fn mark(sent: &str, registered: &str) -> (Marked, Marked) {
    if let (Some((sent_head, sent_rest)), Some((head, rest))) = (loopback(sent), loopback(registered))
        && sent_rest != rest
        && host(sent_head) == host(head)
    {
        let (mut sent, mut registered) = mark_parts(sent_rest, rest);
        sent.before.insert_str(0, sent_head);
        registered.before.insert_str(0, head);
        return (sent, registered);
    }
    mark_parts(sent, registered)
}

fn mark_parts(left: &str, right: &str) -> (Marked, Marked) {
    let prefix = common(left.chars(), right.chars());
    let (left_rest, right_rest) = (tail(left, prefix), tail(right, prefix));
    let suffix = common(left_rest.chars().rev(), right_rest.chars().rev());
    let both_differ = left_rest.chars().nth(suffix).is_some() && right_rest.chars().nth(suffix).is_some();
    // A whole segment reads better than the letters in which two words happen to differ; where one side only
    // lacks something, the exact place says more.
    let (prefix, suffix) = if both_differ {
        let start: String = left.chars().take(prefix).collect();
        let end: String = tail(left_rest, left_rest.chars().count().saturating_sub(suffix)).to_owned();
        let within = start.chars().rev().take_while(|&char| !is_boundary(char)).count();
        let beyond = end.chars().take_while(|&char| !is_boundary(char)).count();
        (prefix - within, suffix - beyond)
    } else {
        (prefix, suffix)
    };
    (cut(left, prefix, suffix), cut(right, prefix, suffix))
}

fn cut(text: &str, prefix: usize, suffix: usize) -> Marked {
    let middle = text.chars().count().saturating_sub(prefix + suffix);
    let mut chars = text.chars();
    let before = chars.by_ref().take(prefix).collect();
    let differs = chars.by_ref().take(middle).collect();
    Marked { before, differs, after: chars.collect() }
}

fn common(left: impl Iterator<Item = char>, right: impl Iterator<Item = char>) -> usize {
    left.zip(right).take_while(|(a, b)| a == b).count()
}

fn tail(text: &str, skip: usize) -> &str {
    text.char_indices().nth(skip).and_then(|(at, _)| text.get(at..)).unwrap_or_default()
}

fn is_boundary(char: char) -> bool {
    matches!(char, '/' | '?' | '&' | '=' | '#' | ':' | '@' | '.')
}

/// A loopback http address as authority and the rest.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let authority = uri.strip_prefix("http://")?;
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let (head, rest) = uri.split_at_checked("http://".len() + end)?;
    matches!(host(head), "http://127.0.0.1" | "http://[::1]").then_some((head, rest))
}

fn host(head: &str) -> &str {
    match head.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_difference_is_marked() {
        let cases = [
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1/callback", "cb", "callback"),
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1:80/cb", "51004", "80"),
            ("http://[::1]:9/a", "http://[::1]/b", "a", "b"),
            ("https://app.example/cb/", "https://app.example/cb", "/", ""),
            ("https://app.example/cb", "https://app.example/cb?x=1", "", "?x=1"),
            ("https://evil.example/cb", "https://app.example/cb", "evil", "app"),
            ("https://app.example/CB", "https://app.example/cb", "CB", "cb"),
            ("same", "same", "", ""),
            ("", "x", "", "x"),
            ("äöü", "äxü", "äöü", "äxü"),
        ];
        for (sent, registered, left, right) in cases {
            let (a, b) = mark(sent, registered);
            assert_eq!((a.differs.as_str(), b.differs.as_str()), (left, right), "{sent} {registered}");
        }
    }

    proptest! {
        #[test]
        fn parts_make_the_whole(a in "(http://127\\.0\\.0\\.1)?[a-c:/.ä\\d]{0,12}", b in "(http://127\\.0\\.0\\.1)?[a-c:/.ä\\d]{0,12}") {
            let (left, right) = mark(&a, &b);
            prop_assert_eq!(format!("{}{}{}", left.before, left.differs, left.after), a.clone());
            prop_assert_eq!(format!("{}{}{}", right.before, right.differs, right.after), b.clone());
            prop_assert_eq!(left.differs.is_empty() && right.differs.is_empty(), a == b);
        }
    }
}
