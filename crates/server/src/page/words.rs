//! The words of the pages: fluent bundles, and sentences in which some values are emphasised.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::lang::Lang;
use super::translated;

/// One language's messages. The concurrent kind, because pages are rendered on every worker.
pub(super) type Bundle = fluent_bundle::concurrent::FluentBundle<FluentResource>;

/// Stands for the n-th emphasised value while fluent places it; a private-use range that no message contains.
/// The value itself never passes through fluent, so it cannot be mistaken for a marker.
const MARKERS: std::ops::RangeInclusive<char> = '\u{e000}'..='\u{e0ff}';

const ENGLISH: &[&str] = &[include_str!("../../locales/en/pages.ftl")];
const GERMAN_RULES: &str = include_str!("../../locales/de/rules.ftl");
const GERMAN: &[&str] = &[include_str!("../../locales/de/pages.ftl"), GERMAN_RULES];

const _: () = translated::every_rule(GERMAN_RULES);

/// Part of a sentence; emphasised ones are values such as an app's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) emphasised: bool,
}

impl Piece {
    pub(super) fn value(text: impl Into<String>) -> Self {
        Self { text: text.into(), emphasised: true }
    }

    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), emphasised: false }
    }
}

/// A sentence in pieces.
pub(super) type Rich = Vec<Piece>;

/// The sentence without emphasis, for titles.
pub(super) fn flat(sentence: &[Piece]) -> String {
    sentence.iter().map(|piece| piece.text.as_str()).collect()
}

/// Parses the embedded messages of one language.
pub(super) fn bundle(lang: Lang) -> Bundle {
    let sources = match lang {
        Lang::En => ENGLISH,
        Lang::De => GERMAN,
    };
    let mut bundle = Bundle::new_concurrent(vec![lang.tag().parse().unwrap_or_default()]);
    // Isolation marks would end up in titles and attributes; values are isolated by markup instead.
    bundle.set_use_isolating(false);
    for source in sources {
        // The messages are part of the program and a test parses them; what parses is used in any case.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// Looks words up, in English where the language lacks them.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    bundle: &'a Bundle,
    fallback: &'a Bundle,
}

impl<'a> Words<'a> {
    pub(super) fn new(bundle: &'a Bundle, fallback: &'a Bundle) -> Self {
        Self { bundle, fallback }
    }

    /// A message without arguments.
    pub(super) fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// A message with arguments that are not emphasised.
    pub(super) fn say_with(&self, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        let found = message(self.bundle, key, &args).or_else(|| message(self.fallback, key, &args));
        found.unwrap_or_else(|| key.to_owned())
    }

    /// A message in which each argument is a sentence of its own, usually one emphasised value.
    pub(super) fn rich(&self, key: &str, args: &[(&'static str, Rich)]) -> Rich {
        let markers: Vec<(&'static str, FluentValue<'_>)> =
            args.iter().zip(MARKERS).map(|((name, _), marker)| (*name, marker.to_string().into())).collect();
        let mut sentence = Rich::new();
        let mut text = String::new();
        for char in self.say_with(key, &markers).chars() {
            match MARKERS.zip(args).find(|(marker, _)| *marker == char) {
                None => text.push(char),
                Some((_, (_, value))) => {
                    sentence.extend((!text.is_empty()).then(|| Piece::text(std::mem::take(&mut text))));
                    sentence.extend(value.iter().cloned());
                }
            }
        }
        sentence.extend((!text.is_empty()).then(|| Piece::text(text)));
        sentence
    }

    /// `A, B and C`, at most `shown_max` of them by name.
    pub(super) fn list(&self, names: &[String], shown_max: usize) -> Rich {
        let hidden = names.len().saturating_sub(shown_max);
        let mut items: Vec<Piece> = names.iter().take(shown_max).map(Piece::value).collect();
        if hidden > 0 {
            items.push(Piece::text(self.say_with("list-more", &[("count", hidden.into())])));
        }
        let last = items.len().saturating_sub(1);
        let mut sentence = Rich::new();
        for (index, item) in items.into_iter().enumerate() {
            match index {
                0 => {}
                _ if index == last => sentence.push(Piece::text(format!(" {} ", self.say("list-and")))),
                _ => sentence.push(Piece::text(", ")),
            }
            sentence.push(item);
        }
        sentence
    }

    /// What this language says about a broken rule: what happened, and what to change.
    pub(super) fn rule(&self, rule: &str) -> (Option<String>, Option<String>) {
        let key = format!("rule-{}", rule.replace('.', "-"));
        let Some(message) = self.bundle.get_message(&key) else { return (None, None) };
        let say = |pattern| self.bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned();
        (message.value().map(say), message.get_attribute("fix").map(|fix| say(fix.value())))
    }
}

fn message(bundle: &Bundle, key: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    Some(bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_parses() {
        for source in ENGLISH.iter().chain(GERMAN) {
            let errors = FluentResource::try_new((*source).to_owned()).err().map(|(_, errors)| errors);
            assert_eq!(errors, None);
        }
    }

    #[test]
    fn values_keep_marker_characters_as_text() {
        let english = bundle(Lang::En);
        let words = Words::new(&english, &english);
        let sentence = words.rich("sign-in-to-app", &[("app", vec![Piece::value("\u{e000}{ $app }")])]);
        assert_eq!(sentence, [Piece::text("to continue to "), Piece::value("\u{e000}{ $app }")]);
    }

    #[test]
    fn lists_are_joined_and_bounded() {
        let english = bundle(Lang::En);
        let words = Words::new(&english, &english);
        let names: Vec<String> = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
        let cases = [
            (1, 9, "A"),
            (2, 9, "A and B"),
            (3, 9, "A, B and C"),
            (4, 2, "A, B and 2 more apps"),
            (0, 9, ""),
        ];
        for (count, shown_max, expected) in cases {
            assert_eq!(flat(&words.list(&names[..count], shown_max)), expected);
        }
    }
}
