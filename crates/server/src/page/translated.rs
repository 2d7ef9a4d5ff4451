//! That a language has the text of every rule: looked at while the crate is compiled, so that a refusal without it does not
//! compile. It compares keys only; that the messages parse is a test of `words`.

use proofkey_protocol::Refusal;

/// Finds the message of every rule, with what to change, in the order of [`Refusal::ALL`]. To be called for a constant: the
/// error of the compiler then names the rule that has no text, or has it in another place.
#[expect(clippy::panic, reason = "it ends the compilation, never the server")]
pub(super) const fn every_rule(messages: &str) {
    let mut messages = messages.as_bytes();
    let mut refusals = Refusal::ALL;
    while let [refusal, later @ ..] = refusals {
        let rule = refusal.explain().rule;
        // The search goes on at the message that was found, for several refusals in a row may share a rule.
        match message_of(messages, rule) {
            Some(found) => messages = found,
            None => panic!("{}", rule),
        }
        refusals = later;
    }
}

/// The messages from that of a rule on.
const fn message_of<'a>(mut messages: &'a [u8], rule: &str) -> Option<&'a [u8]> {
    while !messages.is_empty() {
        if is_message_of(messages, rule) {
            return Some(messages);
        }
        messages = next_line(messages);
    }
    None
}

/// Whether the text begins with the message of a rule, what to change in the line below.
const fn is_message_of(text: &[u8], rule: &str) -> bool {
    let Some(text) = after(text, b"rule-") else { return false };
    let Some(text) = after_key(text, rule.as_bytes()) else { return false };
    let Some(text) = after(text, b" = ") else { return false };
    after(next_line(text), b"    .fix = ").is_some()
}

const fn next_line(mut text: &[u8]) -> &[u8] {
    while let [byte, rest @ ..] = text {
        text = rest;
        if *byte == b'\n' {
            break;
        }
    }
    text
}

/// What follows `front` in a text that begins with it.
const fn after<'a>(mut text: &'a [u8], mut front: &[u8]) -> Option<&'a [u8]> {
    while let [expected, later @ ..] = front {
        match text {
            [found, rest @ ..] if *found == *expected => (text, front) = (rest, later),
            _ => return None,
        }
    }
    Some(text)
}

/// The same for the name of a rule, in which `-` stands for each dot.
const fn after_key<'a>(mut text: &'a [u8], mut rule: &[u8]) -> Option<&'a [u8]> {
    while let [expected, later @ ..] = rule {
        let expected = if *expected == b'.' { b'-' } else { *expected };
        match text {
            [found, rest @ ..] if *found == expected => (text, rule) = (rest, later),
            _ => return None,
        }
    }
    Some(text)
}
