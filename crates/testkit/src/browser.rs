//! A browser double: cookies, redirects within the server, forms, meta refresh. No scripts, for no page needs one.
//!
//! It never leaves for a client's redirect URI: it says where it would have gone.

use reqwest::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};

use crate::answer::Answer;
use crate::fixtures::TestUser;
use crate::html;
use crate::jar::{Initiator, Jar};
use crate::page::{Departure, Navigated, Page, RedirectKind};
use crate::request::{AuthorizeRequest, form_body};
use crate::server::TestServer;

/// How many redirects in a row are followed at most.
const HOPS_MAX: usize = 8;

/// One browser of one person.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The cookies that it keeps.
    pub jar: Jar,
    /// The value of `Accept-Language` in each request.
    pub language: String,
    http: reqwest::Client,
    server: String,
    issuer_origin: String,
    /// What it sends as `Origin` from the server's own pages.
    web_origin: String,
    issuer_path: String,
}

impl Browser {
    /// A browser that has never been to the server.
    pub fn new(server: &TestServer) -> Self {
        let issuer_path = server.issuer_path().to_owned();
        Self {
            jar: Jar::default(),
            language: "en".into(),
            http: server.http.clone(),
            server: format!("http://{}", server.address),
            issuer_origin: server.issuer[..server.issuer.len() - issuer_path.len()].to_owned(),
            web_origin: proofkey_oauth::web_origin(&server.issuer).unwrap_or_default(),
            issuer_path,
        }
    }

    /// The same person's browser, with the same cookies, whose requests another node gets.
    #[must_use]
    pub fn at(&self, server: &TestServer) -> Self {
        Self { jar: self.jar.clone(), language: self.language.clone(), ..Self::new(server) }
    }

    /// Opens an authorization request by GET and follows redirects to a page or to a client.
    pub async fn authorize(&mut self, request: &AuthorizeRequest) -> Navigated {
        self.open(&format!("/authorize?{}", request.encoded())).await
    }

    /// Opens a path of the server (below the issuer's own path), as by a link in another site's page.
    pub async fn open(&mut self, path: &str) -> Navigated {
        let path = format!("{}{path}", self.issuer_path);
        let answer = self.get(&path).await;
        self.follow(&path, answer).await
    }

    /// One GET, as a top-level navigation; cookies are kept, redirects not followed.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.server)).header("sec-fetch-site", "cross-site");
        self.send(path, request, Initiator::Lax).await
    }

    /// One form post from our own page; cookies are kept, redirects not followed.
    pub async fn post<N: AsRef<str>, V: AsRef<str>>(&mut self, path: &str, form: &[(N, V)]) -> Answer {
        self.try_post(path, form).await.expect("the server answers")
    }

    async fn try_post<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        path: &str,
        form: &[(N, V)],
    ) -> reqwest::Result<Answer> {
        let request =
            self.form(path, form).header(ORIGIN, &self.web_origin).header("sec-fetch-site", "same-origin");
        self.try_send(path, request, Initiator::Lax).await
    }

    /// One form post from another site: our `Lax` cookies are not sent.
    pub async fn post_cross_site<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        path: &str,
        form: &[(N, V)],
    ) -> Answer {
        let request = self
            .form(path, form)
            .header(ORIGIN, "https://elsewhere.example")
            .header("sec-fetch-site", "cross-site");
        self.send(path, request, Initiator::CrossSitePost).await
    }

    /// Goes on from an answer, to the next page or the redirect to a client. Each redirect is a GET.
    pub async fn follow(&mut self, path: &str, answer: Answer) -> Navigated {
        let (mut path, mut answer) = (path.to_owned(), answer);
        for _ in 0..HOPS_MAX {
            let Some(location) =
                answer.headers.get(LOCATION).map(|value| value.to_str().expect("ASCII").to_owned())
            else {
                return self.arrived(path, answer);
            };
            match self.local(&location) {
                None => {
                    return Navigated::Redirect(Departure { location, via: RedirectKind::SeeOther, answer });
                }
                Some(local) => path = local,
            }
            answer = self.get(&path).await;
        }
        panic!("redirected {HOPS_MAX} times, at last to {path}");
    }

    /// Fills in the page's form by the given fields, ticks the boxes among them, presses the button that has this value, and goes on.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)], button: &str) -> Navigated {
        let action = page.form().action;
        let answer = self.post(&action, &filled(page, fields, button)).await;
        self.follow(&action, answer).await
    }

    /// Signs in on the sign-in page.
    pub async fn sign_in(&mut self, page: &Page, user: &TestUser) -> Navigated {
        self.submit(page, &[("username", &user.username), ("password", &user.password)], "").await
    }

    /// The same at a server that may die meanwhile, whose answer is not followed; `None` if no whole answer came.
    pub async fn try_sign_in(&mut self, page: &Page, user: &TestUser) -> Option<Answer> {
        let fields = [("username", user.username.as_str()), ("password", user.password.as_str())];
        self.try_post(&page.form().action, &filled(page, &fields, "")).await.ok()
    }

    /// Allows on the consent page.
    pub async fn allow(&mut self, page: &Page) -> Navigated {
        self.submit(page, &[], "allow").await
    }

    /// Denies on the consent page.
    pub async fn deny(&mut self, page: &Page) -> Navigated {
        self.submit(page, &[], "deny").await
    }

    /// Goes all the way: signs in where asked, allows where asked.
    pub async fn complete(&mut self, request: &AuthorizeRequest, user: &TestUser) -> Departure {
        let mut outcome = self.authorize(request).await;
        for _ in 0..3 {
            outcome = match outcome {
                Navigated::Redirect(departure) => return departure,
                Navigated::Page(page) if page.is_sign_in() => self.sign_in(&page, user).await,
                Navigated::Page(page) if page.is_consent() => self.allow(&page).await,
                Navigated::Page(page) => panic!("{} {} shows {}", page.status, page.path, page.html),
            };
        }
        outcome.redirect()
    }

    /// A browser in which the user has signed in, whatever became of the request.
    pub async fn signed_in(server: &TestServer, user: &TestUser) -> Self {
        let mut browser = Self::new(server);
        let page = browser.authorize(&AuthorizeRequest::new(&crate::fixtures::web())).await.page();
        let _ = browser.sign_in(&page, user).await;
        assert!(browser.jar.find("sid").is_some(), "signed in");
        browser
    }

    fn form<N: AsRef<str>, V: AsRef<str>>(&self, path: &str, form: &[(N, V)]) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.server));
        request.header("content-type", "application/x-www-form-urlencoded").body(form_body(form))
    }

    async fn send(&mut self, path: &str, request: reqwest::RequestBuilder, initiator: Initiator) -> Answer {
        self.try_send(path, request, initiator).await.expect("the server answers")
    }

    async fn try_send(
        &mut self,
        path: &str,
        request: reqwest::RequestBuilder,
        initiator: Initiator,
    ) -> reqwest::Result<Answer> {
        let request = request.header(ACCEPT, "text/html").header("accept-language", &self.language);
        let cookies = self.jar.header(path.split('?').next().unwrap_or(path), initiator);
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies) };
        let answer = Answer::try_of(request).await?;
        for header in answer.headers.get_all(SET_COOKIE) {
            self.jar.store(header.to_str().expect("ASCII"), self.issuer_origin.starts_with("https://"));
        }
        Ok(answer)
    }

    fn arrived(&self, path: String, answer: Answer) -> Navigated {
        match html::refresh(&answer.body) {
            Some(location) => {
                Navigated::Redirect(Departure { location, via: RedirectKind::HandOver, answer })
            }
            None => Navigated::Page(Page {
                path,
                status: answer.status,
                headers: answer.headers,
                html: answer.body,
            }),
        }
    }

    /// The path of an address of the server itself.
    fn local(&self, location: &str) -> Option<String> {
        let path = location.strip_prefix(&self.issuer_origin).unwrap_or(location);
        (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
    }
}

/// What the form of a page holds once it is filled in by these fields and this button is pressed.
fn filled(page: &Page, fields: &[(&str, &str)], button: &str) -> Vec<(String, String)> {
    let form = page.form();
    assert_eq!(form.method, "post", "forms post");
    let mut filled = form.inputs.clone();
    for (name, value) in fields {
        if let Some(ticked) = form.boxes.iter().find(|(known, _)| known == name) {
            filled.push(ticked.clone());
            continue;
        }
        let input = filled.iter_mut().find(|(known, _)| known == name);
        input.unwrap_or_else(|| panic!("no field {name} in {}", page.html)).1 = (*value).to_owned();
    }
    let pressed = form.buttons.iter().find(|(_, value)| value == button);
    let pressed = pressed.unwrap_or_else(|| panic!("no button {button:?} in {}", page.html));
    filled.extend((!pressed.0.is_empty()).then(|| pressed.clone()));
    filled
}
