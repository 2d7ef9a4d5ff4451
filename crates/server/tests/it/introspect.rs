//! Introspection over the wire (RFC 7662): who may ask, and what a token that is not live looks like.

use proofkey_oauth::AuthMethod;
use proofkey_testkit::{Answer, TestApi, TestClient, TestServer, Tokens, basic, fixtures};
use serde_json::json;

const SCOPE: &str = "openid offline_access notes:read";

fn check_inactive(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {answer:?}");
    assert_eq!(answer.body, r#"{"active":false}"#, "{what}: no other member");
    assert_eq!(answer.header("content-type"), "application/json", "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
}

/// An API as the client that it is at introspection.
fn caller(api: &TestApi) -> TestClient {
    let method = AuthMethod::ClientSecretBasic;
    let (redirect_uri, scope) = (String::new(), String::new());
    TestClient { id: api.resource.clone(), secret: api.secret.clone(), method, redirect_uri, scope }
}

#[tokio::test]
async fn in_01_nobody_learns_anything_without_authentication_or_by_get() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, SCOPE).await;
    let token = ("token", tokens.access_token.as_str());
    let secret = web.secret.clone().unwrap_or_default();
    let wrong = basic(&web.id, "wrong");
    let unknown = basic("nobody", "secret");
    let an_api = basic(fixtures::NOTES, "secret");
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Option<&'a str>, bool);
    let cases: [Case<'_>; 7] = [
        ("nothing", vec![token], None, false),
        ("an id alone", vec![token, ("client_id", "web")], None, false),
        ("a public client", vec![token, ("client_id", "native")], None, false),
        ("a wrong secret", vec![token], Some(&wrong), true),
        ("an unknown client", vec![token], Some(&unknown), true),
        ("an API without that credential", vec![token], Some(&an_api), true),
        ("a bearer token", vec![token], Some("Bearer x"), true),
    ];
    for (what, form, authorization, challenged) in cases {
        let headers: Vec<(&str, &str)> =
            authorization.map(|value| ("authorization", value)).into_iter().collect();
        let answer = server.post("/introspect", &form, &headers).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".into()), "{what}");
        assert_eq!(answer.header("www-authenticate").starts_with("Basic "), challenged, "{what}");
        assert!(!answer.body.contains("active"), "{what}");
    }
    let good = basic(&web.id, &secret);
    let query = format!("/introspect?token={}", tokens.access_token);
    for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD"] {
        let answer = server.send(method, &query, &[("authorization", &good)], String::new()).await;
        assert_eq!(answer.status, 405, "{method}");
    }
    let answer = server.post(&query, &[("x", "y")], &[("authorization", &good)]).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".into()), "a token in the query does not count");
    assert!(server.is_active(&web, &tokens.access_token).await);
}

#[tokio::test]
async fn in_02_whatever_is_not_live_is_inactive_and_nothing_else() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let elsewhere = TestServer::start().await;
    let foreign = elsewhere.tokens(&web, SCOPE).await;
    let expired = server.tokens(&web, SCOPE).await;
    server.advance(600);
    let code = server.code(&web, SCOPE).await;
    let retired = server.tokens(&web, SCOPE).await;
    let next = Tokens::of(&server.refresh(&web, &retired.refresh_token).await);
    server.advance(60);
    let newest = Tokens::of(&server.refresh(&web, &next.refresh_token).await);
    server.advance(60);
    let jws = newest.access_token.clone();
    let long = "x".repeat(60_000);
    let cases = [
        ("unknown", "pk_at_nothing"),
        ("one letter", "x"),
        ("control characters", "\u{0}\r\n"),
        ("not ASCII", "töken"),
        ("long", &long),
        ("dots", "..."),
        ("a whole JWS with more behind", &format!("{jws}.x")),
        ("an ID token", &newest.id_token),
        ("a code", &code.code),
        ("expired", &expired.access_token),
        ("of another server", &foreign.access_token),
        ("a refresh token of another server", &foreign.refresh_token),
        ("retired", &retired.refresh_token),
        ("a client secret", web.secret.as_deref().unwrap_or_default()),
    ];
    for (what, token) in cases {
        for hint in ["", "access_token", "refresh_token", "made_up"] {
            let form = [("token", token), ("token_type_hint", hint)];
            check_inactive(&server.post_as(&web, "/introspect", &form).await, what);
        }
    }
    assert!(server.is_active(&web, &newest.access_token).await);
    assert!(server.is_active(&web, &newest.refresh_token).await, "asking retires nothing");
}

#[tokio::test]
async fn in_03_v_34_only_the_tokens_client_and_its_audience_learn_anything() {
    let server = TestServer::start().await;
    let tasks = server.api("https://tasks.example/api", &["tasks:read"], true).await;
    let other = server.api("https://other.example/api", &["other:read"], true).await;
    let secret = server
        .client(&json!({
            "client_id": "desk", "client_name": "Desk", "redirect_uris": ["https://desk.example/callback"],
            "scope": "openid offline_access tasks:read", "grant_types": ["authorization_code", "refresh_token"],
        }))
        .await;
    let desk = TestClient { id: "desk".into(), secret, ..fixtures::web() };
    let desk = TestClient { redirect_uri: "https://desk.example/callback".into(), ..desk };
    let tokens = server.tokens(&desk, "openid offline_access tasks:read").await;
    let callers = [
        ("the client", desk.clone(), true, true),
        ("its API", caller(&tasks), true, false),
        ("another API", caller(&other), false, false),
        ("another client", fixtures::web(), false, false),
        ("another client by post", fixtures::web_post(), false, false),
        ("a service", fixtures::service(), false, false),
    ];
    for (who, caller, access, refresh) in callers {
        for (token, told) in [(&tokens.access_token, access), (&tokens.refresh_token, refresh)] {
            for accept in ["application/json", "application/token-introspection+jwt", "*/*"] {
                let secret = caller.secret.clone().unwrap_or_default();
                let authorization = basic(&caller.id, &secret);
                let mut form = vec![("token", token.as_str())];
                let mut headers = vec![("accept", accept)];
                if caller.method == AuthMethod::ClientSecretPost {
                    form.extend([("client_id", caller.id.as_str()), ("client_secret", &secret)]);
                } else {
                    headers.push(("authorization", &authorization));
                }
                let answer = server.post("/introspect", &form, &headers).await;
                if told {
                    assert_eq!((answer.status, &answer.json()["active"]), (200, &json!(true)), "{who}");
                    assert_eq!(answer.json()["client_id"], "desk");
                } else {
                    check_inactive(&answer, who);
                }
            }
        }
    }
}

#[tokio::test]
async fn in_05_v_30_each_revoked_kind_is_inactive_on_the_next_call_and_after_a_restart() {
    let mut server = TestServer::start().await;
    let web = fixtures::web();
    let by_refresh = server.tokens(&web, SCOPE).await;
    let by_access = server.tokens(&web, SCOPE).await;
    let service = Tokens::of(&server.client_credentials(&fixtures::service(), &[]).await);
    let code = server.code(&web, SCOPE).await;
    let by_replay = Tokens::of(&server.redeem(&web, &code).await);
    let untouched = server.tokens(&web, SCOPE).await;
    for (client, token) in [
        (&web, &by_refresh.refresh_token),
        (&web, &by_access.access_token),
        (&fixtures::service(), &service.access_token),
    ] {
        assert!(server.is_active(client, token).await);
        assert_eq!(server.revoke(client, token).await.status, 200);
        check_inactive(&server.introspect(client, token).await, "on the next call");
    }
    assert_eq!(server.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
    for restarted in [false, true] {
        if restarted {
            server.restart().await;
        }
        for token in [
            &by_refresh.refresh_token,
            &by_refresh.access_token,
            &by_access.access_token,
            &by_replay.access_token,
            &by_replay.refresh_token,
        ] {
            check_inactive(&server.introspect(&web, token).await, "revoked");
        }
        check_inactive(&server.introspect(&fixtures::service(), &service.access_token).await, "a service's");
        assert!(server.is_active(&web, &by_access.refresh_token).await, "an access token goes alone");
        assert!(server.is_active(&web, &untouched.access_token).await);
        assert!(server.is_active(&web, &untouched.refresh_token).await);
    }
}
