//! What the error page says of each rule, in German.

use std::collections::BTreeSet;

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
