//! The trace: what `proofkey dev` draws of steps 3 and 4 is what happened, and nothing that did not.

use std::sync::{Arc, Mutex};

use proofkey_server::trace::{Event, StepOutcome, Tracer};
use proofkey_testkit::{AuthorizeRequest, Browser, Departure, Page, TestServer, fixtures};

struct Traced {
    _server: TestServer,
    browser: Browser,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Traced {
    async fn start() -> Self {
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let sink = Arc::clone(&events);
        let tracer = Tracer::to(Arc::new(move |event| sink.lock().unwrap().push(event)));
        let server = TestServer::builder().tracer(tracer).start().await;
        let browser = Browser::new(&server);
        Self { _server: server, browser, events }
    }

    /// One request of a browser app, as far as a page or the app; the browser keeps its session.
    async fn ask(&mut self, prompt: &str) -> proofkey_testkit::Navigated {
        let request = AuthorizeRequest::new(&fixtures::spa()).set("prompt", prompt);
        self.events.lock().unwrap().clear();
        self.browser.authorize(&request).await
    }

    async fn sign_in(&mut self, page: &Page) -> proofkey_testkit::Navigated {
        self.browser.sign_in(page, &fixtures::ada()).await
    }

    /// What was told since the last request: the prompt's page, and the acts of step 4.
    fn told(&self) -> (Vec<String>, String) {
        let events = self.events.lock().unwrap();
        let value = |event: &Event, key: &str| {
            event.values.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
        };
        let page =
            |event: &Event| format!("{} {}", value(event, "status").unwrap(), value(event, "page").unwrap());
        let prompts = events.iter().filter(|event| event.step == 3).map(page).collect();
        let acts = events.iter().filter(|event| event.step == 4).map(|event| {
            let acts = ["method", "consent"].iter().filter_map(|key| value(event, key));
            let acts = acts.collect::<Vec<_>>().join(" ");
            if event.outcome == StepOutcome::Failed { format!("failed: {acts}") } else { acts }
        });
        (prompts, acts.collect::<Vec<_>>().join("; "))
    }

    fn check(&self, prompts: &[&str], acts: &str) {
        assert_eq!(self.told(), (prompts.iter().map(ToString::to_string).collect(), acts.to_owned()));
    }
}

fn code(departure: &Departure) {
    assert_ne!(departure.param("code"), "", "{}", departure.location);
}

#[tokio::test]
async fn the_trace_tells_which_page_was_shown_and_what_the_person_did_there() {
    let mut traced = Traced::start().await;
    let page = traced.ask("login").await.page();
    traced.check(&["200 sign-in"], "");
    let page = traced.sign_in(&page).await.page();
    code(&traced.browser.allow(&page).await.redirect());
    traced.check(&["200 sign-in"], "password allowed");

    code(&traced.ask("").await.redirect());
    traced.check(&[], "remembered");

    let page = traced.ask("consent").await.page();
    code(&traced.browser.allow(&page).await.redirect());
    traced.check(&["200 consent"], "allowed");

    let page = traced.ask("login").await.page();
    code(&traced.sign_in(&page).await.redirect());
    traced.check(&["200 sign-in"], "password remembered");
}

#[tokio::test]
async fn the_trace_tells_of_a_denial_and_of_the_sign_in_before_it_if_there_was_one() {
    let mut traced = Traced::start().await;
    let page = traced.ask("login").await.page();
    let page = traced.sign_in(&page).await.page();
    assert_eq!(traced.browser.deny(&page).await.redirect().param("error"), "access_denied");
    traced.check(&["200 sign-in"], "failed: password denied");

    let page = traced.ask("consent").await.page();
    assert_eq!(traced.browser.deny(&page).await.redirect().param("error"), "access_denied");
    traced.check(&["200 consent"], "failed: denied");
}
