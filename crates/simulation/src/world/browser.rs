//! What browsers ask: signing in, authorization, pages, signing out. The facts as an endpoint loads them, and the decision.

use std::sync::Arc;

use proofkey_oauth::{AuthorizationRequest, LogoutRequest, Params};
use proofkey_protocol::authorize::{
    self, Answer as PageAnswer, AuthorizeFacts, ConsentGiven, ConsentedBy, Hint, Next, Progress,
};
use proofkey_protocol::interaction::{Consent, Logout, Opened, Sealed};
use proofkey_protocol::logout::{self, LogoutFacts};
use proofkey_protocol::session::{HeldSession, Login, SessionCookie, login};
use proofkey_protocol::sign_in::{
    Account, HashVerdict, SignInBrowser, SignInFacts, SignInOutcome, decide_password, reserve,
};
use proofkey_protocol::{Apis, AuthorizationCode, ClientId, Refusal, SubjectFacts, Verdict};

use super::answer::Answer;
use super::registered::stored;
use super::sent::{Authorize, Sent, SignIn};
use super::state::World;
use super::under_way::Request;

/// Sign-ins after which a password is stored under stronger parameters, in a thousand.
const REHASHED: usize = 100;

impl World {
    /// Loads the facts of a request, and decides it by them.
    pub(super) fn decide(&mut self, request: &Request) -> Verdict<Answer> {
        match &request.sent {
            Sent::SignIn(form) if form.reserved.is_none() => self.decide_reserve(request, form),
            Sent::SignIn(form) => self.decide_password(request, form),
            Sent::Authorize(asked) => self.decide_authorize(request, asked),
            Sent::Logout(_, cookie) => self.decide_logout(request, cookie.as_deref()),
            Sent::Redeem { client, code, verifier, .. } => {
                self.decide_code(request, (client, code, verifier))
            }
            Sent::Refresh { client, token, .. } => self.decide_refresh(request, client, token),
            Sent::RevokeRefresh { client, token, .. } => self.decide_revoke_refresh(request, client, token),
            Sent::RevokeAccess { client, claims } => self.decide_revoke_access(request, client, claims),
            Sent::Use(claims) => self.decide_use(request, claims),
            Sent::Introspect { client, token, .. } => self.decide_introspect(request, client, token),
            Sent::OwnToken(client) => self.decide_own(request, client),
        }
    }

    fn account(&mut self, request: &Request, form: &SignIn) -> Account {
        let apis = Arc::clone(&self.apis);
        let cx = self.cx(request.now, &apis, &request.keys);
        let account = Account::of(form.user, form.device.as_deref(), &cx);
        let user = self.model.credentials(form.user).map(|known| known.user);
        if account.is_on_known_device() { account.confirmed(user.as_ref()) } else { account }
    }

    fn decide_reserve(&mut self, request: &Request, form: &SignIn) -> Verdict<Answer> {
        let (apis, account) = (Arc::clone(&self.apis), self.account(request, form));
        let counted_as = account.counted_as(&self.cx(request.now, &apis, &request.keys));
        let failures = self.model.sign_in_failures(&counted_as);
        let facts = SignInFacts { failures, credentials: self.model.credentials(form.user) };
        let reserved = reserve(account, &facts, &self.cx(request.now, &apis, &request.keys));
        reserved.map(|outcome| outcome.map_or(Answer::Wait, Answer::Reserved))
    }

    fn decide_password(&mut self, request: &Request, form: &SignIn) -> Verdict<Answer> {
        let Some(reserved) = &form.reserved else { return Verdict::unchanged(Answer::NotSignedIn) };
        let apis = Arc::clone(&self.apis);
        let started = reserved.start(self.model.credentials(form.user));
        let rehashes = self.dice.per_mille(REHASHED);
        let typed = stored(&form.password);
        let verdict = match started.stored_password() {
            Some(known) if known == typed => {
                HashVerdict::Matches { rehashed: rehashes.then(|| format!("{typed}+")) }
            }
            Some(known) if known.strip_suffix('+') == Some(&typed) => HashVerdict::Matches { rehashed: None },
            _ => HashVerdict::Differs,
        };
        let cookie = form.cookie.as_deref().and_then(SessionCookie::parse);
        let held = cookie.and_then(|cookie| {
            let (session, _) = self.model.session(cookie.id)?;
            HeldSession::of(&cookie, session)
        });
        let browser = SignInBrowser { held, remember: form.remember };
        let mut cx = self.cx(request.now, &apis, &request.keys);
        decide_password(started, verdict, browser, &mut cx).map(|outcome| match outcome {
            SignInOutcome::Begun(begun) => Answer::SignedIn {
                cookie: begun.cookie.value().expose().to_owned(),
                device: begun.device.expose().to_owned(),
            },
            SignInOutcome::Refused(_) => Answer::NotSignedIn,
        })
    }

    fn decide_authorize(&mut self, request: &Request, asked: &Authorize) -> Verdict<Answer> {
        let apis = Arc::clone(&self.apis);
        let params = Params::parse(asked.ask.raw.as_bytes()).expect("a form");
        let sent = AuthorizationRequest::from_params(&params);
        let facts = self.authorize_facts(request, asked);
        let progress = self.progress(request, asked);
        let mut cx = self.cx(request.now, &apis, &request.keys);
        let Verdict { outcome, commit } = authorize::decide(&sent, facts, progress, &mut cx);
        let answer = match outcome {
            Next::SignIn(_) => Answer::SignInPage,
            Next::Consent(authenticated) => {
                let step = authenticated.consent_step(&cx);
                let flow = self.cast.browsers.get(asked.browser).map_or([0; 32], |browser| browser.flow);
                let mut cx = self.cx(request.now, &apis, &request.keys);
                let sealed = Sealed::seal(step, &asked.ask.raw, flow, &mut cx);
                Answer::ConsentPage(sealed.expose().to_owned())
            }
            Next::Issue(issued) => {
                let text = code_in(issued.location().expose());
                let code = AuthorizationCode::open(&cx, &text).expect("a code of ours");
                let by_memory = issued.consented_by() == ConsentedBy::Memory;
                Answer::Code { code: Box::new(code), text, by_memory }
            }
            Next::Page(refusal, _) => Answer::Refused(refusal),
            Next::PageWithReturn(refused) | Next::Refuse(refused) => Answer::Refused(refused.refusal),
        };
        Verdict { outcome: answer, commit }
    }

    fn authorize_facts(&mut self, request: &Request, asked: &Authorize) -> AuthorizeFacts {
        let client = ClientId::new(asked.ask.client);
        let facts = AuthorizeFacts {
            client: Some(self.registered.client(asked.ask.client)),
            client_status: None,
            client_valid_from: proofkey_oauth::Timestamp(0),
            hint: Hint::Absent,
            login: None,
            consent: None,
        };
        let cookie = asked.cookie.as_deref().and_then(SessionCookie::parse);
        let found = cookie.as_ref().and_then(|cookie| self.model.session_with_consent(cookie.id, &client));
        let (
            Some(cookie),
            Some(SubjectFacts { user, session: Some(session), consent, client, client_valid_from }),
        ) = (cookie, found)
        else {
            return facts;
        };
        let Some(login) = login(&cookie, &session, &user, request.now, &self.policy) else { return facts };
        self.touch(&login, request);
        AuthorizeFacts {
            client_status: Some(client),
            client_valid_from,
            login: Some(login),
            consent,
            ..facts
        }
    }

    /// The use of a session is noted beside the request.
    fn touch(&mut self, login: &Login, request: &Request) {
        if let Some(used) = login.touch(request.now) {
            let _ = self.model.commit(&used.into());
        }
    }

    fn progress(&mut self, request: &Request, asked: &Authorize) -> Progress {
        let Some(page) = &asked.page else { return Progress::default() };
        let flow = self.cast.browsers.get(asked.browser).map_or([0; 32], |browser| browser.flow);
        match Sealed::<Consent>::open(&request.keys, page, &[flow], request.now) {
            Ok(Opened::Fits(step)) => Progress {
                authenticated_as: step.step().authenticated_as(),
                consent: Some(ConsentGiven::from_page(&step, PageAnswer::Allow)),
            },
            Ok(Opened::Stale(_)) => {
                Progress { authenticated_as: None, consent: Some(ConsentGiven::on_stale_page()) }
            }
            Err(_) => Progress::default(),
        }
    }

    fn decide_logout(&mut self, request: &Request, cookie: Option<&str>) -> Verdict<Answer> {
        let apis = Arc::clone(&self.apis);
        let Some(cookie) = cookie.and_then(SessionCookie::parse) else {
            return Verdict::unchanged(Answer::Done);
        };
        let found = self.model.session(cookie.id);
        let login =
            found.and_then(|(session, user)| login(&cookie, &session, &user, request.now, &self.policy));
        let page = self.logout_page(request, &apis, &cookie);
        let Some(page) = page else {
            return Verdict::unchanged(Answer::Refused(Refusal::InteractionInvalid));
        };
        let sent = LogoutRequest::from_params(&Params::parse(b"").expect("an empty form"));
        let facts = LogoutFacts { hint: None, client: None, login };
        logout::confirmed(&page, &sent.expect("no parameter"), facts).map(|_| Answer::Done)
    }

    /// The page that asks whether to sign out, as it comes back at once.
    fn logout_page(
        &mut self,
        request: &Request,
        apis: &Apis,
        cookie: &SessionCookie,
    ) -> Option<Sealed<Logout>> {
        let mut cx = self.cx(request.now, apis, &request.keys);
        let sealed = Sealed::seal(Logout { session: cookie.id }, "", [0; 32], &mut cx);
        match Sealed::open(&request.keys, sealed.expose(), &[[0; 32]], request.now) {
            Ok(Opened::Fits(page)) => Some(page),
            Ok(Opened::Stale(_)) | Err(_) => None,
        }
    }
}

/// The code in the address that a browser is sent to.
fn code_in(location: &str) -> String {
    let (_, rest) = location.split_once("code=").expect("an address with a code");
    rest.split('&').next().unwrap_or(rest).to_owned()
}
