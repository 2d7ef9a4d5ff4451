//! What a request must say: every refusal goes to the client with `state` and `iss`.

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use crate::support::{check_answer, consented, refused};

/// Requests that differ from a right one in one way, with the error that each is answered by.
async fn matrix(changes: impl IntoIterator<Item = (AuthorizeRequest, &'static str)>) {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::web()).await;
    for (request, error) in changes {
        assert_eq!(refused(&server, &browser, &request).await, error, "{:?}", request.params);
    }
}

fn right() -> AuthorizeRequest {
    AuthorizeRequest::new(&fixtures::web())
}

#[tokio::test]
async fn az_08_v_38_only_the_code_response_type_exists() {
    let missing = [
        (right().without("response_type"), "invalid_request"),
        (right().set("response_type", ""), "invalid_request"),
    ];
    let others = [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
        "CODE",
        "code code",
        "code ",
    ];
    let others = others.map(|kind| (right().set("response_type", kind), "unsupported_response_type"));
    matrix(missing.into_iter().chain(others)).await;
}

#[tokio::test]
async fn az_09_v_02_v_04_no_client_goes_without_a_challenge() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let browser = consented(&server, &client).await;
        let request = AuthorizeRequest::new(&client);
        let stripped = request.clone().without("code_challenge").without("code_challenge_method");
        assert_eq!(refused(&server, &browser, &stripped).await, "invalid_request", "{}", client.id);
        let half = request.clone().without("code_challenge");
        assert_eq!(refused(&server, &browser, &half).await, "invalid_request", "{}", client.id);
        let empty = request.clone().set("code_challenge", "");
        assert_eq!(refused(&server, &browser, &empty).await, "invalid_request", "{}", client.id);
        // A made-up secret beside it changes nothing.
        let secret = stripped.push("client_secret", "made up");
        assert_eq!(refused(&server, &browser, &secret).await, "invalid_request", "{}", client.id);
    }
}

#[tokio::test]
async fn az_10_az_11_the_challenge_is_s256_and_43_base64url_characters() {
    let challenge = right().get("code_challenge").to_owned();
    let methods = ["plain", "", "s256", "S512", "S256 ", "none"];
    let methods = methods.map(|method| (right().set("code_challenge_method", method), "invalid_request"));
    let absent = [(right().without("code_challenge_method"), "invalid_request")];
    let malformed = [
        challenge[..42].to_owned(),
        format!("{challenge}A"),
        format!("{challenge}="),
        format!("{}+", &challenge[..42]),
        format!("{}/", &challenge[..42]),
        format!("{} ", &challenge[..42]),
        "é".repeat(22),
        "a".into(),
    ];
    let malformed = malformed.map(|text| (right().set("code_challenge", &text), "invalid_request"));
    matrix(methods.into_iter().chain(absent).chain(malformed)).await;
}

#[tokio::test]
async fn az_12_k_38_any_other_parameter_twice_is_refused_at_the_client_and_named() {
    let names = ["response_type", "scope", "nonce", "code_challenge", "code_challenge_method"];
    let twice = names.map(|name| (right().push(name, right().get(name)), "invalid_request"));
    let others = ["prompt", "max_age", "login_hint", "ui_locales", "request"];
    let others = others.map(|name| (right().push(name, "1").push(name, "1"), "invalid_request"));
    matrix(twice.into_iter().chain(others)).await;
}

#[tokio::test]
async fn az_12_k_38_an_unknown_parameter_may_repeat_and_max_age_is_any_number() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    for request in [
        right().push("foo", "1").push("foo", "2"),
        right().set("max_age", "4294967296"),
        right().set("max_age", "99999999999999999999"),
    ] {
        assert_ne!(browser.authorize(&request).await.redirect().param("code"), "", "{:?}", request.params);
    }
    let departure = browser.authorize(&right().push("prompt", "x").push("prompt", "y")).await.redirect();
    assert_eq!(departure.param("error_description"), "A parameter was sent more than once: prompt.");
}

#[tokio::test]
async fn az_12_a_repeated_state_is_refused_and_resource_may_repeat() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    let departure = browser.authorize(&right().push("state", "other")).await.redirect();
    assert_eq!(departure.param("error"), "invalid_request");
    let twice = right().set("scope", "openid notes:read files:read");
    let twice = twice.push("resource", fixtures::NOTES).push("resource", fixtures::FILES);
    assert_ne!(browser.authorize(&twice).await.redirect().param("code"), "");
}

#[tokio::test]
async fn az_13_empty_is_absent_and_unknown_is_ignored() {
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    let mut request = right();
    for name in [
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "request",
        "request_uri",
        "response_mode",
        "resource",
        "display",
    ] {
        request = request.set(name, "");
    }
    for name in [
        "next",
        "redirect",
        "continue",
        "return_to",
        "target_link_uri",
        "flow",
        "post_login_redirect",
        "x-anything",
    ] {
        request = request.set(name, "https://evil.example/");
    }
    let departure = browser.authorize(&request).await.redirect();
    check_answer(&server, &request, &departure);
    assert_ne!(departure.param("code"), "");
}

#[tokio::test]
async fn az_27_request_objects_are_refused_rather_than_ignored() {
    matrix([
        (right().set("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (right().set("request_uri", "https://evil.example/request"), "request_uri_not_supported"),
        (right().set("request_uri", "urn:ietf:params:oauth:request_uri:x"), "request_uri_not_supported"),
    ])
    .await;
}

#[tokio::test]
async fn az_28_a_resource_is_absolute_and_known() {
    let bad = [
        "https://unknown.example/",
        "/api",
        "notes",
        "https://notes.example/api#x",
        "https://notes.example/api/",
        "HTTP://notes.example/api",
    ];
    let bad = bad.map(|resource| (right().set("resource", resource), "invalid_target"));
    let one_of_two = (
        right().push("resource", fixtures::NOTES).push("resource", "https://unknown.example/"),
        "invalid_target",
    );
    matrix(bad.into_iter().chain([one_of_two])).await;
}

#[tokio::test]
async fn az_29_v_35_v_45_a_scope_is_well_formed_known_and_registered() {
    let bad = [
        "notes:read admin",
        "notes:delete",
        "OPENID",
        "openid phone",
        "openid \"x\"",
        "openid a\\b",
        "openid a\u{7f}b",
        "openid\tprofile",
        "openid\nprofile",
        "openid é",
    ];
    matrix(bad.map(|scope| (right().set("scope", scope), "invalid_scope"))).await;
}

#[tokio::test]
async fn az_29_v_35_a_client_gets_no_scope_that_another_registered() {
    let server = TestServer::start().await;
    let metadata = serde_json::json!({
        "client_id": "narrow", "token_endpoint_auth_method": "none", "redirect_uris": ["https://narrow.example/cb"],
        "scope": "openid notes:read",
    });
    let _ = server.client(&metadata).await;
    let client = proofkey_testkit::TestClient {
        id: "narrow".into(),
        redirect_uri: "https://narrow.example/cb".into(),
        scope: "openid notes:read".into(),
        ..fixtures::spa()
    };
    let browser = consented(&server, &client).await;
    for scope in ["openid profile", "openid notes:write", "openid files:read"] {
        let request = AuthorizeRequest::new(&client).set("scope", scope);
        assert_eq!(refused(&server, &browser, &request).await, "invalid_scope", "{scope}");
    }
}

#[tokio::test]
async fn az_34_only_the_query_response_mode_exists() {
    let modes = ["fragment", "form_post", "query.jwt", "jwt", "QUERY"];
    matrix(modes.map(|mode| (right().set("response_mode", mode), "invalid_request"))).await;
    let server = TestServer::start().await;
    let mut browser = consented(&server, &fixtures::web()).await;
    let request = right().set("response_mode", "query");
    let departure = browser.authorize(&request).await.redirect();
    check_answer(&server, &request, &departure);
    assert_ne!(departure.param("code"), "");
}

#[tokio::test]
async fn v_35_a_client_without_the_grant_type_starts_no_flow() {
    let server = TestServer::start().await;
    let browser = Browser::signed_in(&server, &fixtures::ada()).await;
    // A service has no redirect URI, so only the person can be told.
    let request =
        AuthorizeRequest::new(&fixtures::service()).set("redirect_uri", "https://web.example/callback");
    let page = browser.clone().authorize(&request).await.page();
    assert_eq!((page.status, page.error_code().as_str()), (400, "invalid_request"));
}
