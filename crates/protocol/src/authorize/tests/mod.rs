//! The authorization endpoint, rule by rule: every case is data, and one `Scene::shown` judges it.

mod browser;
mod consent;
mod request;
mod target;

use std::sync::Arc;

use proofkey_oauth::{Sha256, Timestamp};

use super::{Answer, AuthorizeFacts, ConsentGiven, Hint, Next, Progress, decide};
use crate::client::Client;
use crate::commit::{Commit, Verdict};
use crate::consent::ConsentFacts;
use crate::facts::ClientStatus;
use crate::fixtures::{NOW, World, authorization_request, came_back, consent, keys, subject};
use crate::ids::SessionId;
use crate::interaction::{Consent, Logout, Opened, Sealed, SignIn};
use crate::refusal::Refusal;
use crate::session::Login;

/// What the browser sees, without what is on it.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Page(Refusal),
    PageWithReturn(Refusal),
    Refuse(Refusal),
    SignIn,
    Consent,
    Issue,
}

/// A request's surroundings: by default Ada is signed in and has allowed everything.
struct Scene {
    world: World,
    client: Option<Arc<Client>>,
    client_status: Option<ClientStatus>,
    client_valid_from: Timestamp,
    hint: Hint,
    login: Option<Login>,
    consent: Option<ConsentFacts>,
    authenticated_as: Option<SessionId>,
    /// What was answered, in which session, and what the page showed; what it shows now, if that is left open.
    answer: Option<(SessionId, Answer, Option<Sha256>)>,
}

impl Scene {
    fn new(client: Arc<Client>) -> Self {
        let mut world = World::new();
        let (login, subject) = subject(&mut world);
        Self {
            world,
            client: Some(client),
            client_status: Some(ClientStatus::Active),
            client_valid_from: Timestamp(0),
            hint: Hint::Absent,
            login: Some(login),
            consent: subject.consent,
            authenticated_as: None,
            answer: None,
        }
    }

    fn allowed(mut self, scope: Option<&str>) -> Self {
        self.consent = scope.map(consent);
        self
    }

    fn answered(mut self, session: SessionId, answer: Answer) -> Self {
        self.answer = Some((session, answer, None));
        self
    }

    fn session(&self) -> SessionId {
        self.login.as_ref().unwrap().session()
    }

    fn decide(&mut self, changes: &[(&str, &str)]) -> Verdict<Next> {
        let facts = AuthorizeFacts {
            client: self.client.clone(),
            client_status: self.client_status,
            client_valid_from: self.client_valid_from,
            hint: self.hint.clone(),
            login: self.login.clone(),
            consent: self.consent.clone(),
        };
        let consent = self.answer.map(|(session, answer, page)| {
            let shown = page.or_else(|| self.page_of(changes)).unwrap_or_default();
            consent_page(session, answer, shown)
        });
        let progress = Progress { authenticated_as: self.authenticated_as, consent };
        decide(&authorization_request(changes), facts, progress, &mut self.world.cx())
    }

    /// A digest of the page that asks about the request, if one would be shown to a user who has allowed nothing.
    fn page_of(&mut self, changes: &[(&str, &str)]) -> Option<Sha256> {
        let (answer, consent) = (self.answer.take(), self.consent.take());
        let next = self.decide(changes).outcome;
        (self.answer, self.consent) = (answer, consent);
        match next {
            Next::Consent(asked) => Some(asked.consent_step(&self.world.cx()).shown),
            _ => None,
        }
    }

    /// The next step; whatever is no code leaves no trace, and what is one leaves at most a consent.
    fn shown(&mut self, changes: &[(&str, &str)]) -> Shown {
        let Verdict { outcome, commit } = self.decide(changes);
        let shown = match outcome {
            Next::Page(refusal, _) => Shown::Page(refusal),
            Next::PageWithReturn(response) => Shown::PageWithReturn(response.refusal),
            Next::Refuse(response) => Shown::Refuse(response.refusal),
            Next::SignIn(_) => Shown::SignIn,
            Next::Consent(_) => Shown::Consent,
            Next::Issue(_) => Shown::Issue,
        };
        match commit {
            None => {}
            Some(Commit::GiveConsent { .. }) => assert_eq!(shown, Shown::Issue),
            Some(other) => panic!("{other:?}"),
        }
        shown
    }
}

/// The answer of a consent page that was shown in `session`.
fn consent_page(session: SessionId, answer: Answer, shown: Sha256) -> ConsentGiven {
    let mut world = World::new();
    let step = Consent { session, fresh: false, shown };
    ConsentGiven::from_page(&came_back(step, &mut world.cx()), answer)
}

#[test]
fn v_38_only_the_consent_pages_own_step_is_an_answer() {
    let world = &mut World::new();
    let session = SessionId([1; 16]);
    let sealed = [
        (Sealed::seal(Consent { session, fresh: false, shown: [0; 32] }, "", [0; 32], &mut world.cx()), true),
        (Sealed::seal(SignIn::default(), "", [0; 32], &mut world.cx()), false),
        (Sealed::seal(Logout { session }, "", [0; 32], &mut world.cx()), false),
        (Sealed::pause("", &mut world.cx()), false),
    ];
    for (index, (text, ok)) in sealed.iter().enumerate() {
        for (now, fits) in [(NOW, true), (NOW + 86_400, false)] {
            let opened = Sealed::<Consent>::open(&keys(), text.expose(), &[[0; 32]], now);
            match opened {
                Ok(Opened::Fits(page)) => {
                    assert!(*ok && fits, "{index}");
                    let _ = ConsentGiven::from_page(&page, Answer::Allow);
                }
                Ok(Opened::Stale(_)) => assert!(*ok && !fits, "{index}"),
                Err(refusal) => assert_eq!((*ok, refusal), (false, Refusal::InteractionInvalid), "{index}"),
            }
        }
    }
}
