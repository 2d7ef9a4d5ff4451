//! How a token request comes and how its answer goes.

use proofkey_testkit::{Answer, TestServer, Tokens, basic, fixtures, form_body};
use serde_json::Value;

#[tokio::test]
async fn tk_01_only_a_posted_form_is_a_token_request() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let authorization = basic(&web.id, web.secret.as_deref().unwrap());
    for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD"] {
        let answer = server.send(method, "/token", &[("authorization", &authorization)], String::new()).await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.header("allow").contains("POST"), "{method}: {:?}", answer.headers);
    }
    let code = server.code(&web, "openid").await;
    let form = form_body(&code.form());
    let json = "{\"grant_type\":\"client_credentials\"}".to_owned();
    for (content_type, body) in [
        ("application/json", json),
        ("text/plain", form.clone()),
        ("multipart/form-data; boundary=x", form.clone()),
        ("application/x-www-form-urlencodedx", form.clone()),
        ("", form.clone()),
    ] {
        let headers = [("content-type", content_type), ("authorization", &authorization)];
        let answer = server.send("POST", "/token", &headers, body).await;
        assert!([400, 415].contains(&answer.status), "{content_type}: {}", answer.status);
        assert_eq!(
            (answer.error().as_str(), answer.header("cache-control")),
            ("invalid_request", "no-store")
        );
    }
    let headers = [
        ("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
        ("authorization", &authorization),
    ];
    assert_eq!(server.send("POST", "/token", &headers, form).await.status, 200);
}

#[tokio::test]
async fn tk_01_nothing_in_the_query_counts() {
    let server = TestServer::start().await;
    let post = fixtures::web_post();
    let code = server.code(&post, "openid").await;
    let mut all = code.form();
    all.extend([("client_id", post.id.as_str()), ("client_secret", post.secret.as_deref().unwrap())]);
    let query = form_body(&all);
    assert_eq!(
        server.post(&format!("/token?{query}"), &[], &[]).await.refusal(),
        (400, "invalid_request".into())
    );
    // Each half alone in the query is missing.
    let credentials = form_body(&all[4..]);
    let answer = server.post(&format!("/token?{credentials}"), &code.form(), &[]).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".into()));
    let path = format!("/token?{}", form_body(&[("code", code.code.as_str())]));
    let form: Vec<_> = all.iter().copied().filter(|(name, _)| *name != "code").collect();
    assert_eq!(server.post(&path, &form, &[]).await.refusal(), (400, "invalid_request".into()));
    assert_eq!(server.redeem(&post, &code).await.status, 200, "the code was not touched");
}

#[tokio::test]
async fn tk_02_a_repeated_parameter_is_refused_an_unknown_one_ignored_an_empty_one_absent() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let code = server.code(&web, "openid").await;
    for name in ["grant_type", "code", "redirect_uri", "code_verifier", "scope"] {
        let mut form = code.form();
        let value = form.iter().find(|(known, _)| *known == name).map_or("x", |(_, value)| value);
        form.extend([(name, value)]);
        if !code.form().iter().any(|(known, _)| *known == name) {
            form.push((name, value));
        }
        let answer = server.token(&web, &form).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{name}");
        let description = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.ends_with(&format!(": {name}.")), "K-38: {description}");
    }
    for (name, error) in
        [("grant_type", "invalid_request"), ("code", "invalid_request"), ("code_verifier", "invalid_grant")]
    {
        let mut form = code.form();
        form.iter_mut().find(|(known, _)| *known == name).unwrap().1 = "";
        assert_eq!(server.token(&web, &form).await.refusal(), (400, error.into()), "{name}");
    }
    let mut form = code.form();
    form.extend([("unknown", "x"), ("unknown", "y"), ("resource", ""), ("scope", "")]);
    assert_eq!(server.token(&web, &form).await.status, 200);
}

#[tokio::test]
async fn tk_11_success_is_json_that_no_cache_keeps_and_nothing_in_it_is_null() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let answer =
            server.redeem(&client, &server.code(&client, "openid notes:read offline_access").await).await;
        check_success(&answer);
        let tokens = Tokens::of(&answer);
        check_success(&server.refresh(&client, &tokens.refresh_token).await);
    }
    check_success(&server.client_credentials(&fixtures::service(), &[]).await);
}

fn check_success(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"].as_u64(), Some(600));
    let members = body.as_object().unwrap();
    assert!(!members.values().any(Value::is_null), "{body}");
    for (name, value) in members.iter().filter(|(name, _)| *name != "expires_in") {
        assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
}

#[tokio::test]
async fn tk_12_a_refusal_is_json_with_its_id_and_a_challenge_where_basic_was_tried() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let form = [("grant_type", "client_credentials")];
    let wrong = basic(&web.id, "wrong secret");
    let unknown = basic("nobody", "wrong secret");
    for authorization in [wrong.as_str(), &unknown, "Basic", "Bearer x"] {
        let answer = server.post("/token", &form, &[("authorization", authorization)]).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".into()), "{authorization}");
        assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{authorization}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        assert!(body["error_id"].as_str().unwrap().starts_with("pk-"), "{body}");
        assert!(!answer.body.contains("wrong secret"));
    }
    let by_form =
        [("grant_type", "client_credentials"), ("client_id", "web-post"), ("client_secret", "wrong secret")];
    let answer = server.post("/token", &by_form, &[]).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".into()));
    assert_eq!(
        answer.header("www-authenticate"),
        "",
        "no challenge that a browser would show a dialogue for"
    );
    let nobody = server.post("/token", &form, &[]).await;
    assert_eq!(nobody.refusal(), (401, "invalid_client".into()));
    assert_eq!(nobody.header("www-authenticate"), "");
}
