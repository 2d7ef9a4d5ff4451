//! Every rule by its name, for those who read of a refusal afterwards: the rules of `protocol`, and those that this server has
//! beside them; and where operators have published what each means. It knows no request.

#[cfg(test)]
mod page;

use proofkey_protocol::{Explanation, Refusal};

/// What the caller reads of any fault of ours: the log says the rest, under the same error id.
pub(crate) const OUR_FAULT: Explanation = Explanation {
    rule: "server.fault",
    cause: "The server failed to answer this request.",
    fix: "Try again shortly; if it stays, give the operator the error id.",
    standard: "OAuth 2.1 §4.1.2.1",
};

/// What the record says where nothing answers; the page explains no rule, and the log has no line.
pub(crate) const NO_ADDRESS: Explanation = Explanation {
    rule: "address.unknown",
    cause: "Nothing answers at this address.",
    fix: "Take the addresses from the metadata document.",
    standard: "RFC 9110 §15.5.5",
};

/// A body that a network kept back.
pub(crate) const BODY_TOO_SLOW: Explanation = Explanation {
    rule: "body.too_slow",
    cause: "The body did not arrive in time.",
    fix: "Send the whole request at once.",
    standard: "RFC 9110 §15.5.9",
};

/// A body that a network cut off.
pub(crate) const BODY_BROKEN: Explanation = Explanation {
    rule: "body.broken",
    cause: "The body could not be read to its end.",
    fix: "Send as many bytes as Content-Length announces.",
    standard: "RFC 9112 §6.3",
};

/// The rules that are no rules of the protocol.
const OF_THIS_SERVER: [Explanation; 4] = [BODY_TOO_SLOW, BODY_BROKEN, NO_ADDRESS, OUR_FAULT];

/// Every explanation. A rule whose cause depends on a value has several, one after the other.
fn all() -> impl Iterator<Item = Explanation> {
    Refusal::ALL.iter().map(Refusal::explain).chain(OF_THIS_SERVER)
}

/// What is said of the rule of this name; `None` if this version has none of it.
pub(crate) fn explanation(rule: &str) -> Option<Explanation> {
    all().find(|explanation| explanation.rule == rule)
}

/// Where the operator has published docs/errors.md, if that is done.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorsPage(Option<String>);

impl ErrorsPage {
    /// The page at this URL.
    pub(crate) fn at(url: Option<&str>) -> Self {
        Self(url.map(str::to_owned))
    }

    /// The address of what the page says of a rule; `None` where there is no page.
    pub(crate) fn link(&self, rule: &str) -> Option<String> {
        self.0.as_ref().map(|url| format!("{url}#{rule}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn pk_08_every_rule_is_found_by_its_name_and_has_a_link_of_its_own() {
        let page = ErrorsPage::at(Some("https://docs.example/errors"));
        let rules: HashSet<_> = all().map(|explanation| explanation.rule).collect();
        let links: HashSet<_> = rules.iter().map(|rule| page.link(rule)).collect();
        assert_eq!(links.len(), rules.len());
        assert!(rules.iter().all(|rule| explanation(rule).is_some_and(|found| found.rule == *rule)));
        assert!(explanation("code.expire").is_none());
        assert_eq!(page.link("code.expired").as_deref(), Some("https://docs.example/errors#code.expired"));
        assert_eq!(ErrorsPage::default().link("code.expired"), None);
    }
}
