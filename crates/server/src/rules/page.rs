//! docs/errors.md, made from the rules themselves: it cannot say anything else than pages, JSON and log do.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proofkey_oauth::ErrorCode;
use proofkey_protocol::{Explanation, Refusal};

use super::OF_THIS_SERVER;

const HEAD: &str = "\
# Why a request was refused

Made from the rules in the code by `cargo xtask errors`; a test fails when it is stale. Each answer that refuses something names
its rule: an error page under *Rule*, JSON as `error_rule`, the log as `rule`. The name of a rule stays across releases.

The error id (`pk-7Q4M-2XKD`) stands on the page and in the JSON, and in the log as far as `log.refusals_per_second` lets lines
in; requests for addresses at which nothing answers are not logged. `proofkey explain ID` tells the operator what was recorded of
that one refusal. An answer that shows a *request id* and no error id came before every rule: the request could not be read, or
there was no room for it. Nothing is recorded of it.

An operator who publishes this page sets `pages.errors_url` to its address: error pages, JSON and redirects (`error_uri`, RFC 6749
§4.1.2.1 and §5.2) and the log then link to the rule.
";

/// The error code of what is no rule of the protocol.
const fn code_of_server_rule(explanation: &Explanation) -> &'static str {
    match explanation.rule.as_bytes() {
        [b's', ..] => "server_error` or `temporarily_unavailable",
        _ => ErrorCode::InvalidRequest.as_str(),
    }
}

fn render() -> String {
    let mut page = HEAD.to_owned();
    let rules = Refusal::ALL.iter().map(|refusal| (refusal.explain(), refusal.code().as_str()));
    let of_server = OF_THIS_SERVER.map(|explanation| (explanation, code_of_server_rule(&explanation)));
    let mut all: Vec<_> = rules.chain(of_server).collect();
    // Families in the order of their names; within one, and for the causes of one rule, the order of the table.
    all.sort_by_key(|(explanation, _)| family(explanation));
    let mut last: Option<Explanation> = None;
    for (explanation, code) in all {
        if last.map(|last| family(&last)) != Some(family(&explanation)) {
            write!(page, "\n## {}\n", family(&explanation)).unwrap();
        }
        let Explanation { rule, standard, .. } = explanation;
        let [cause, fix] = [explanation.cause, explanation.fix].map(as_text);
        if last.is_some_and(|last| last.rule == rule) {
            writeln!(page, "- or: {cause}").unwrap();
        } else {
            write!(
                page,
                "\n### <a id=\"{rule}\"></a>`{rule}`\n\n- error code: `{code}`\n- standard: {standard}\n\
                 - what to change: {fix}\n- what happened: {cause}\n"
            )
            .unwrap();
        }
        last = Some(explanation);
    }
    page
}

/// Words as the page shows them: what stands in angle brackets would be taken for markup, and not be seen.
fn as_text(words: &str) -> String {
    words.replace('<', "\\<")
}

fn family(explanation: &Explanation) -> &'static str {
    explanation.rule.split('.').next().unwrap_or_default()
}

#[test]
fn pk_08_docs_errors_is_what_the_rules_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = render();
    #[expect(clippy::disallowed_methods, reason = "a test's own switch, which `cargo xtask errors` sets")]
    let is_to_be_written = std::env::var_os("WRITE_DOCS_ERRORS").is_some();
    if is_to_be_written {
        fs::write(path, page).unwrap();
        return;
    }
    assert!(fs::read_to_string(path).is_ok_and(|written| written == page), "stale: run `cargo xtask errors`");
}

#[test]
fn pk_08_every_rule_has_one_anchor() {
    let page = render();
    for explanation in super::all() {
        let anchor = format!("<a id=\"{}\"></a>", explanation.rule);
        assert_eq!(page.matches(&anchor).count(), 1, "{anchor}");
        assert!(page.contains(&as_text(explanation.cause)), "{}", explanation.rule);
    }
}
