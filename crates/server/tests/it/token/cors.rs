//! Which web origins may read an answer.

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, TestClient, TestServer, basic, fixtures};
use serde_json::{Value, json};

/// Where the browser app of the fixtures runs.
const OWN: &str = "https://app.example";
/// Where another client's app runs.
const REGISTERED: &str = "https://other-app.example";
/// Origins that nobody has registered.
const FOREIGN: [&str; 9] = [
    "https://evil.example",
    "https://app.example.evil.example",
    "http://app.example",
    "https://APP.example",
    "https://app.example:443",
    "https://app.example:8443",
    "null",
    "",
    "*",
];

#[tokio::test]
async fn tk_19_v_45_k_32_a_clients_own_origin_reads_all_and_a_registered_one_errors() {
    let server = TestServer::start().await;
    let spa = fixtures::spa();
    for origin in FOREIGN.into_iter().chain([OWN, REGISTERED]) {
        let (own, registered) = (origin == OWN, origin == OWN || origin == REGISTERED);
        let from = [("origin", origin)];
        let tokens = server.tokens(&spa, "openid").await;
        let code = server.code(&spa, "openid").await;
        let mut form = code.form();
        form.push(("client_id", &spa.id));
        let token = server.post("/token", &form, &from).await;
        let bearer = format!("Bearer {}", tokens.access_token);
        let userinfo = server.get("/userinfo", &[("authorization", &bearer), from[0]]).await;
        let revoke = [("token", tokens.access_token.as_str()), ("client_id", &spa.id)];
        let revoke = server.post("/revoke", &revoke, &from).await;
        for answer in [&token, &userinfo, &revoke] {
            assert_eq!(answer.status, 200);
            check(answer, origin, own);
        }
        for refused in errors(&server, &from).await {
            check(&refused, origin, registered);
        }
    }
}

/// Refusals of every kind that can be told before or after the client is known.
async fn errors(server: &TestServer, from: &[(&str, &str)]) -> Vec<Answer> {
    let spa = fixtures::spa();
    let with = |more: &[(&'static str, String)]| -> Vec<(String, String)> {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        from.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).chain(more).collect()
    };
    let secret = basic(&fixtures::web().id, "wrong");
    let mut answers = Vec::new();
    for path in ["/token", "/revoke"] {
        let junk = [("grant_type", "authorization_code"), ("code", "x"), ("token", "x")];
        let typo = [&junk[..], &[("client_id", "typo")]].concat();
        answers.push(server.post(path, &typo, from).await);
        answers.push(server.post(path, &junk, from).await);
        let headers = with(&[("authorization", secret.clone())]);
        answers.push(server.post(path, &junk, &borrowed(&headers)).await);
        let json = with(&[("content-type", "application/json".to_owned())]);
        answers.push(server.send("POST", path, &borrowed(&json), "{}".to_owned()).await);
        let torn = with(&[("content-type", "application/x-www-form-urlencoded".to_owned())]);
        answers.push(server.send("POST", path, &borrowed(&torn), "a=%zz".to_owned()).await);
        answers.push(server.send("POST", path, &borrowed(&torn), "a".repeat(200_000)).await);
    }
    answers.push(server.post("/token", &[("grant_type", "x"), ("client_id", &spa.id)], from).await);
    answers.push(server.get("/userinfo", from).await);
    for junk in ["Bearer junk", "Bearer", "Bearer a b"] {
        answers.push(server.get("/userinfo", &borrowed(&with(&[("authorization", junk.to_owned())]))).await);
    }
    for answer in &answers {
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    answers
}

fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn tk_19_k_32_preflights_pass_for_registered_origins_with_every_header_they_name() {
    let server = TestServer::start().await;
    let wanted = "content-type, traceparent, sentry-trace, baggage, x-requested-with";
    for path in ["/token", "/revoke", "/userinfo"] {
        for origin in FOREIGN.into_iter().chain([OWN, REGISTERED]) {
            let allowed = origin == OWN || origin == REGISTERED;
            for (sent, expected) in [
                (wanted, wanted),
                ("authorization", "authorization"),
                ("", ""),
                (&*"x-a,".repeat(300), "authorization, content-type"),
                ("\"quoted\"", "authorization, content-type"),
            ] {
                let headers = [
                    ("origin", origin),
                    ("access-control-request-method", "POST"),
                    ("access-control-request-headers", sent),
                ];
                let answer = server.send("OPTIONS", path, &headers, String::new()).await;
                assert_eq!(answer.status, 204, "{path}");
                check(&answer, origin, allowed);
                assert!(varies(&answer), "{origin}: a cache must not mix origins");
                let expected = if allowed { expected } else { "" };
                assert_eq!(answer.header("access-control-allow-headers"), expected, "{path} {origin}");
                assert_eq!(answer.header("access-control-allow-methods").contains("POST"), allowed, "{path}");
            }
        }
    }
    // Introspection is for servers.
    let answer = server.send("OPTIONS", "/introspect", &[("origin", OWN)], String::new()).await;
    assert_eq!(answer.status, 405);
    assert!(!answer.has_header_like("access-control-"));
}

#[tokio::test]
async fn tk_19_k_32_public_documents_are_open_to_all_with_any_header() {
    let server = TestServer::start().await;
    for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        for origin in ["https://evil.example", OWN, "null"] {
            let answer = server.get(path, &[("origin", origin)]).await;
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "GET"),
                ("access-control-request-headers", "traceparent"),
            ];
            let answer = server.send("OPTIONS", path, &headers, String::new()).await;
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(answer.header("access-control-allow-headers"), "traceparent", "{path}");
        }
    }
}

/// What makes credentials harmless: whoever sends every cookie that we set gets what is told without them.
#[tokio::test]
async fn tk_19_cookies_make_no_difference_where_credentials_are_allowed() {
    let server = TestServer::start().await;
    let spa = fixtures::spa();
    let mut browser = Browser::new(&server);
    let request = AuthorizeRequest::new(&spa).set("scope", "openid offline_access");
    let _code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let cookies: Vec<_> =
        browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
    let cookies = cookies.join("; ");
    assert!(["sid", "device"].iter().all(|name| cookies.contains(name)), "{cookies}");
    let mut answers = Vec::new();
    for cookies in ["", cookies.as_str()] {
        let from = [("origin", OWN), ("cookie", cookies)];
        let tokens = server.tokens(&spa, "openid").await;
        let bearer = format!("Bearer {}", tokens.access_token);
        let told = [
            server.get("/userinfo", &[("authorization", &bearer), from[0], from[1]]).await,
            server.get("/userinfo", &from).await,
            server.post("/revoke", &[("token", &tokens.access_token), ("client_id", &spa.id)], &from).await,
            server
                .post("/token", &[("grant_type", "authorization_code"), ("client_id", &spa.id)], &from)
                .await,
        ];
        let mut seen = Vec::new();
        for answer in told {
            check(&answer, OWN, true);
            assert!(answer.headers.get("set-cookie").is_none());
            // The id of a request is its own; nothing else may differ.
            let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let _id = body.as_object_mut().and_then(|body| body.remove("error_id"));
            seen.push((answer.status, body));
        }
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn k_31_origins_are_compared_as_browsers_write_them_and_further_ones_can_be_registered() {
    let server = TestServer::start().await;
    for (id, application, registered, sent, origins) in [
        (
            "c443",
            "web",
            "https://c443.example:443/cb",
            "https://c443.example:443/cb",
            vec!["https://c443.example"],
        ),
        ("cup", "web", "https://Cup.example/cb", "https://Cup.example/cb", vec!["https://cup.example"]),
        ("loop", "web", "http://127.0.0.1/cb", "http://127.0.0.1:5173/cb", vec!["http://127.0.0.1:5173"]),
        ("app", "native", "http://[::1]:1/cb", "http://[::1]:5174/cb", vec!["http://[::1]:5174"]),
        (
            "more",
            "web",
            "https://more.example/cb",
            "https://more.example/cb",
            vec!["https://more.example", "https://further.example:8443", "capacitor://localhost"],
        ),
    ] {
        let metadata = json!({
            "client_id": id, "token_endpoint_auth_method": "none", "scope": "openid", "redirect_uris": [registered],
            "application_type": application,
            "allowed_cors_origins": if id == "more" { json!(&origins[1..]) } else { json!([]) },
        });
        server.client(&metadata).await;
        let client = TestClient {
            id: id.to_owned(),
            redirect_uri: sent.to_owned(),
            scope: "openid".to_owned(),
            ..fixtures::spa()
        };
        for origin in origins {
            let code = server.code(&client, "openid").await;
            let mut form = code.form();
            form.push(("client_id", id));
            let token = server.post("/token", &form, &[("origin", origin)]).await;
            assert_eq!(token.status, 200, "{id}");
            check(&token, origin, true);
            let ask = [("origin", origin), ("access-control-request-method", "POST")];
            check(&server.send("OPTIONS", "/token", &ask, String::new()).await, origin, true);
        }
    }
}

fn varies(answer: &Answer) -> bool {
    answer.headers.get_all("vary").iter().any(|value| value == "origin")
}

fn check(answer: &Answer, origin: &str, allowed: bool) {
    let expected = if allowed { origin } else { "" };
    assert_eq!(answer.header("access-control-allow-origin"), expected, "{origin}: {answer:?}");
    let credentials = if allowed { "true" } else { "" };
    assert_eq!(answer.header("access-control-allow-credentials"), credentials, "{origin}");
    assert!(varies(answer) || !allowed, "{origin}: a cache must not mix origins");
}
