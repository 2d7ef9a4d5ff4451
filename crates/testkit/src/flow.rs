//! Whole flows and the endpoints that clients call.

use proofkey_oauth::AuthMethod;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::answer::Answer;
use crate::browser::Browser;
use crate::fixtures::{self, TestClient, TestUser};
use crate::request::{AuthorizeRequest, basic, form_body};
use crate::server::TestServer;

/// An authorization code with all that its client needs to redeem it.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code, as it came back.
    pub code: String,
    /// The verifier of its challenge.
    pub verifier: String,
    /// The redirect URI of its request.
    pub redirect_uri: String,
    /// The request that led to it.
    pub request: AuthorizeRequest,
}

/// The tokens of a successful token response.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token; empty where none came.
    pub access_token: String,
    /// The ID token; empty where none came.
    pub id_token: String,
    /// The refresh token; empty where none came.
    pub refresh_token: String,
    /// The whole response, for members that are not listed here.
    pub body: Value,
}

impl Tokens {
    /// Reads a token response; the test fails on any other.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (access_token, id_token, refresh_token) =
            (text("access_token"), text("id_token"), text("refresh_token"));
        Self { access_token, id_token, refresh_token, body }
    }
}

impl Code {
    /// The parameters of the token request that redeems it.
    pub fn form(&self) -> Vec<(&str, &str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", &self.code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &self.verifier),
        ]
    }
}

/// Flows from the authorization request to the tokens.
impl TestServer {
    /// A code for ada, from a browser of its own.
    pub async fn code(&self, client: &TestClient, scope: &str) -> Code {
        self.code_by(
            &mut Browser::new(self),
            &AuthorizeRequest::new(client).set("scope", scope),
            &fixtures::ada(),
        )
        .await
    }

    /// The code of a request, in a given browser.
    pub async fn code_by(&self, browser: &mut Browser, request: &AuthorizeRequest, user: &TestUser) -> Code {
        let departure = browser.complete(request, user).await;
        let code = departure.param("code");
        assert!(!code.is_empty(), "no code in {}", departure.location);
        let redirect_uri = request.get("redirect_uri").to_owned();
        Code { code, verifier: request.verifier.clone(), redirect_uri, request: request.clone() }
    }

    /// Redeems a code as its client does.
    pub async fn redeem(&self, client: &TestClient, code: &Code) -> Answer {
        self.token(client, &code.form()).await
    }

    /// The tokens of a whole flow for ada.
    pub async fn tokens(&self, client: &TestClient, scope: &str) -> Tokens {
        let code = self.code(client, scope).await;
        Tokens::of(&self.redeem(client, &code).await)
    }

    /// A token request with a refresh token.
    pub async fn refresh(&self, client: &TestClient, refresh_token: &str) -> Answer {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Asks for a token with the client's own credentials.
    pub async fn client_credentials(&self, client: &TestClient, extra: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(extra);
        self.token(client, &form).await
    }
}

/// The endpoints that clients call, authenticated as their client does.
impl TestServer {
    /// `POST /token`
    pub async fn token(&self, client: &TestClient, form: &[(&str, &str)]) -> Answer {
        self.post_as(client, "/token", form).await
    }

    /// `POST /introspect`
    pub async fn introspect(&self, caller: &TestClient, token: &str) -> Answer {
        self.post_as(caller, "/introspect", &[("token", token)]).await
    }

    /// Whether a token is active, as its confidential client sees it.
    pub async fn is_active(&self, caller: &TestClient, token: &str) -> bool {
        let answer = self.introspect(caller, token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["active"].as_bool().expect("active is a boolean")
    }

    /// `POST /revoke`
    pub async fn revoke(&self, client: &TestClient, token: &str) -> Answer {
        self.post_as(client, "/revoke", &[("token", token)]).await
    }

    /// `GET /userinfo`
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        Answer::of(
            self.http.get(self.url("/userinfo")).header(AUTHORIZATION, format!("Bearer {access_token}")),
        )
        .await
    }

    /// Posts a form with the client's credentials.
    pub async fn post_as(&self, client: &TestClient, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut form = form.to_vec();
        let secret = client.secret.as_deref().unwrap_or_default();
        match client.method {
            AuthMethod::None => form.push(("client_id", &client.id)),
            AuthMethod::ClientSecretPost => {
                form.extend([("client_id", client.id.as_str()), ("client_secret", secret)])
            }
            AuthMethod::ClientSecretBasic => {
                return self.post(path, &form, &[("authorization", &basic(&client.id, secret))]).await;
            }
        }
        self.post(path, &form, &[]).await
    }

    /// Posts a form with these headers.
    pub async fn post(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = form_body(form);
        self.send(
            "POST",
            path,
            &[&[("content-type", "application/x-www-form-urlencoded")], headers].concat(),
            body,
        )
        .await
    }

    /// A GET request with these headers.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, String::new()).await
    }

    /// A request with any method, headers and body; redirects are not followed.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, self.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request).await
    }
}
