//! Whole exchanges with each endpoint and page, as they were when they were last looked at: `../snapshots`.
//!
//! Every server starts from the first installation of the museum, with a clock that stands still and seeded randomness, so
//! that an answer is the same byte for byte in every run. After a change that is meant,
//! `INSTA_UPDATE=always cargo test -p proofkey-server --test it exchanges` writes the snapshots anew: read the difference.

mod authorize;
mod consent;
mod end_session;
mod introspect;
mod metadata;
mod printed;
mod revoke;
mod sign_in;
mod site;
mod token;
mod userinfo;

use std::path::Path;

use proofkey_jose::{JwkSet, KeySet};
use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Museum, StoredCookie, TestClient, TestServer, fixtures, tags,
};
use serde_json::json;

use printed::{Asked, printed};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server whose exchanges are compared with their snapshots.
struct Recorder {
    museum: Museum,
    server: TestServer,
    keys: KeySet,
}

impl Recorder {
    async fn start() -> Self {
        let museum = Museum::first();
        let server = museum.builder().seeded().start().await;
        let jwks = server.get("/jwks", &[]).await.body;
        let keys = KeySet::from_jwks(&JwkSet::from_json(jwks.as_bytes()).unwrap());
        Self { museum, server, keys }
    }

    /// A browser that has never been here.
    fn browser(&self) -> Browser {
        Browser::new(&self.server)
    }

    /// A browser with the live session that the museum keeps of a user.
    fn browser_of(&self, username: &str) -> Browser {
        let mut sessions = self.museum.list("sessions").iter();
        let session = sessions.find(|session| session["username"] == username && session["state"] == "live");
        let mut browser = self.browser();
        for (name, value) in session.unwrap()["cookies"].as_object().unwrap() {
            browser.jar.cookies.push(StoredCookie {
                name: name.clone(),
                value: value.as_str().unwrap().to_owned(),
                path: "/".into(),
                same_site: "lax".into(),
                is_session: true,
                header: String::new(),
            });
        }
        browser
    }

    /// A grant of the museum.
    fn grant(&self, client_id: &str, state: &str) -> &serde_json::Value {
        let mut grants = self.museum.list("grants").iter();
        grants.find(|grant| grant["client_id"] == client_id && grant["state"] == state).unwrap()
    }

    /// A client of the museum, with the secret that it has there.
    fn client(&self, id: &str) -> TestClient {
        self.museum.client(&json!(id))
    }

    /// A code for ada, who has allowed this client before.
    async fn code(&self, client: &TestClient, scope: &str) -> String {
        self.server.reseed(&format!("the code of {} for {scope}", client.id));
        let request = request(client).set("scope", scope);
        self.browser_of("ada").authorize(&request).await.redirect().param("code")
    }

    async fn get(&self, name: &str, browser: &mut Browser, path: &str) -> Answer {
        let asked = Asked::by_browser("GET", path, browser, None, &[]);
        self.server.reseed(name);
        let answer = browser.get(path).await;
        self.compare(name, &asked, answer)
    }

    async fn post(&self, name: &str, browser: &mut Browser, path: &str, form: &[(&str, &str)]) -> Answer {
        let asked = Asked::by_browser("POST", path, browser, Some(&self.server.issuer), form);
        self.server.reseed(name);
        let answer = browser.post(path, form).await;
        self.compare(name, &asked, answer)
    }

    /// A form post as a client sends it.
    async fn call(&self, name: &str, client: &TestClient, path: &str, form: &[(&str, &str)]) -> Answer {
        let asked = Asked::by_client(path, client, form);
        self.server.reseed(name);
        let answer = self.server.post_as(client, path, form).await;
        self.compare(name, &asked, answer)
    }

    /// A form post with these headers.
    async fn form(&self, name: &str, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let asked = Asked::bare("POST", path, headers, form);
        self.server.reseed(name);
        let answer = self.server.post(path, form, headers).await;
        self.compare(name, &asked, answer)
    }

    /// Any request without a body.
    async fn send(&self, name: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let asked = Asked::bare(method, path, headers, &[]);
        self.server.reseed(name);
        let answer = self.server.send(method, path, headers, String::new()).await;
        self.compare(name, &asked, answer)
    }

    fn compare(&self, name: &str, asked: &Asked, answer: Answer) -> Answer {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, printed(asked, &answer, &self.keys)));
        answer
    }
}

/// An authorization request without anything random.
fn request(client: &TestClient) -> AuthorizeRequest {
    AuthorizeRequest::new(client).set("state", "st-1").set("nonce", "n-1").set("code_challenge", CHALLENGE)
}

/// Where a request goes.
fn authorize(request: &AuthorizeRequest) -> String {
    format!("/authorize?{}", request.encoded())
}

/// The form that redeems a code of [`request`].
fn redemption<'a>(code: &'a str, client: &'a TestClient) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &client.redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

/// Where an answer leads on the server itself.
fn next(answer: &Answer) -> String {
    let location = answer.header("location");
    location.strip_prefix("https://id.example").unwrap_or(location).to_owned()
}

/// The sealed step in a page's form.
fn flow(answer: &Answer) -> String {
    let tags = tags(&answer.body);
    let input = tags.iter().find(|tag| tag.attribute("name") == Some("flow"));
    input
        .and_then(|input| input.attribute("value"))
        .unwrap_or_else(|| panic!("no step in {answer:?}"))
        .to_owned()
}

/// The sign-in page of a request by `web`, its step and the browser that it is bound to.
async fn asked_to_sign_in(recorder: &Recorder) -> (Browser, String) {
    let mut browser = recorder.browser();
    let page = browser.get(&authorize(&request(&fixtures::web()))).await;
    (browser, flow(&page))
}

#[test]
fn no_snapshot_is_kept_that_nothing_is_compared_with() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let files = |name: &str| {
        let entries = std::fs::read_dir(directory.join(name)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let sources: String =
        files("exchanges").iter().map(|source| std::fs::read_to_string(source).unwrap()).collect();
    for snapshot in files("snapshots") {
        let file = snapshot.file_name().unwrap().to_str().unwrap();
        // Others are what a comparison that failed left behind, and that test says so itself.
        if let Some(name) = file.strip_suffix(".snap") {
            assert!(sources.contains(&format!("\"{name}\"")), "{file} is left over");
        }
    }
}
