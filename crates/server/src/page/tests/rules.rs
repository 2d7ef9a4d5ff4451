//! What the error page says of each rule, in German.

use std::collections::{BTreeMap, BTreeSet};

use proofkey_protocol::Refusal;

use super::super::Lang;
use super::sample::pages;

/// The command that a text tells the reader to run.
fn command(text: &str) -> Option<String> {
    let (_, named) = text.split_once("proofkey ")?;
    Some(named.chars().take_while(|char| char.is_ascii_lowercase() || " -".contains(*char)).collect())
}

#[test]
fn every_rule_is_explained_in_german_and_tells_the_same_command() {
    let pages = pages();
    for refusal in Refusal::ALL {
        let words = refusal.explain();
        let (what, fix) = pages.words(Lang::De).rule(words.rule);
        let (what, fix) = (what.expect(words.rule), fix.expect(words.rule));
        assert!(what != words.cause && fix != words.fix, "{} is not translated", words.rule);
        assert_eq!(command(&fix), command(words.fix), "{} tells another command", words.rule);
    }
}

/// What a text names that no language translates: parameters with their values, and numbers.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|char: char| !char.is_ascii_alphanumeric() && !"_=<>".contains(char))
        .filter(|word| word.contains(['_', '=', '<']) || word.contains(|char: char| char.is_ascii_digit()))
        .map(str::to_ascii_lowercase)
        .collect()
}

#[test]
fn what_is_named_in_a_text_is_named_in_its_translation() {
    let pages = pages();
    let mut english: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for refusal in Refusal::ALL {
        let words = refusal.explain();
        english.entry(words.rule).or_default().extend(names(words.cause).into_iter().chain(names(words.fix)));
    }
    for (rule, english) in english {
        let (what, fix) = pages.words(Lang::De).rule(rule);
        let (what, fix) = (what.unwrap(), fix.unwrap());
        let german: BTreeSet<String> = names(&what).into_iter().chain(names(&fix)).collect();
        assert_eq!(german, english, "{rule}: one language names what the other does not");
        assert!(
            !format!("{what}{fix}").contains('{'),
            "{rule}: what it is about is added, it has no place of its own"
        );
    }
}

/// The places that each message has for values.
fn places(source: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut key = "";
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|char: char| char.is_ascii_lowercase()) {
            key = line.split_once(" =").map_or(line, |(key, _)| key);
        }
        let named = line.split('$').skip(1).map(|rest| {
            rest.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').next().unwrap_or_default()
        });
        places.entry(key).or_default().extend(named);
    }
    places
}

#[test]
fn every_message_has_the_same_places_in_both_languages() {
    let english = places(include_str!("../../../locales/en/pages.ftl"));
    assert_eq!(places(include_str!("../../../locales/de/pages.ftl")), english);
    assert!(english.values().any(|places| !places.is_empty()));
}

#[test]
fn every_translated_rule_is_a_rule() {
    let rules: BTreeSet<String> =
        Refusal::ALL.iter().map(|refusal| refusal.explain().rule.replace('.', "-")).collect();
    let lines = include_str!("../../../locales/de/rules.ftl").lines();
    let keys: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("rule-"))
        .map(|line| line.split_once(" =").map_or(line, |(key, _)| key))
        .collect();
    for key in &keys {
        assert!(rules.contains(*key), "{key} is no rule");
    }
    assert_eq!(keys.len(), rules.len(), "a rule is translated twice");
}
