//! Every refusal, reached over the wire as its callers reach it: in JSON, on a page, or in the redirect to the client.
//!
//! One file per group of families of `protocol/src/refusal`; a refusal of [`Refusal::ALL`] that no request here provokes
//! fails the test.

mod authorize;
mod bearer;
mod client;
mod code;
mod grant;
mod interaction;

use proofkey_protocol::Refusal;
use proofkey_testkit::{Answer, Departure, Page, TestServer};
use serde_json::json;

/// The refusals that a request was answered with so far.
#[derive(Default)]
struct Reached(Vec<Refusal>);

impl Reached {
    /// A JSON answer explains the refusal.
    #[track_caller]
    fn in_json(&mut self, refusal: Refusal, answer: &Answer) {
        check_json(&refusal, answer);
        self.add(refusal);
    }

    /// An error page explains it.
    #[track_caller]
    fn on_page(&mut self, refusal: Refusal, page: &Page) {
        let words = refusal.explain();
        assert!(page.html.contains(&format!("<code>{}</code>", words.rule)), "{refusal:?}: {}", page.html);
        assert_eq!(page.error_code(), refusal.code().as_str(), "{refusal:?}");
        for text in [&*refusal.cause(), words.fix, words.standard] {
            assert!(page.text().contains(text), "{refusal:?}: {}", page.text());
        }
        self.add(refusal);
    }

    /// The redirect to the client names code and cause; no two refusals share a cause.
    #[track_caller]
    fn in_redirect(&mut self, refusal: Refusal, departure: &Departure) {
        let told = (departure.param("error_description"), departure.param("error"));
        let expected = (refusal.cause().into_owned(), refusal.code().as_str().to_owned());
        assert_eq!(told, expected, "{refusal:?}");
        self.add(refusal);
    }

    /// Whatever it was about.
    fn has(&self, refusal: &Refusal) -> bool {
        self.0.iter().any(|reached| reached.explain() == refusal.explain())
    }

    #[track_caller]
    fn add(&mut self, refusal: Refusal) {
        assert!(!self.has(&refusal), "{refusal:?} is reached twice");
        self.0.push(refusal);
    }
}

/// The answer says all of the refusal.
#[track_caller]
fn check_json(refusal: &Refusal, answer: &Answer) {
    let (body, words) = (answer.json(), refusal.explain());
    for (member, expected) in [
        ("error_rule", words.rule),
        ("error", refusal.code().as_str()),
        ("error_description", &*refusal.cause()),
        ("error_fix", words.fix),
        ("error_standard", words.standard),
    ] {
        assert_eq!(body[member], json!(expected), "{refusal:?}: {answer:?}");
    }
}

#[tokio::test]
async fn every_refusal_is_reached_over_the_wire() {
    let server = TestServer::start().await;
    let mut reached = Reached::default();
    client::reach(&server, &mut reached).await;
    authorize::reach(&server, &mut reached).await;
    interaction::reach(&server, &mut reached).await;
    code::reach(&server, &mut reached).await;
    bearer::reach(&server, &mut reached).await;
    grant::reach(&server, &mut reached).await;
    let missed: Vec<_> = Refusal::ALL.iter().filter(|refusal| !reached.has(refusal)).collect();
    assert!(missed.is_empty(), "no request here is refused by {missed:?}");
}
