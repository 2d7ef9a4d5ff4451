//! Which web origins may read an answer.

use proofkey_testkit::{Answer, TestServer, fixtures};

#[tokio::test]
async fn tk_19_v_45_only_a_clients_own_origin_reads_its_answers_and_never_with_cookies() {
    let server = TestServer::start().await;
    let spa = fixtures::spa();
    for (origin, allowed) in [
        ("https://app.example", true),
        ("https://other-app.example", false),
        ("https://evil.example", false),
        ("https://app.example.evil.example", false),
        ("http://app.example", false),
        ("https://APP.example", false),
        ("https://app.example:443", false),
        ("null", false),
        ("", false),
        ("*", false),
    ] {
        let tokens = server.tokens(&spa, "openid").await;
        let bearer = format!("Bearer {}", tokens.access_token);
        let code = server.code(&spa, "openid").await;
        let mut form = code.form();
        form.push(("client_id", &spa.id));
        let token = server.post("/token", &form, &[("origin", origin)]).await;
        let refused = server
            .post("/token", &[("grant_type", "x"), ("client_id", &spa.id)], &[("origin", origin)])
            .await;
        let revoke = server
            .post(
                "/revoke",
                &[("token", &tokens.access_token), ("client_id", &spa.id)],
                &[("origin", origin)],
            )
            .await;
        let fresh = server.tokens(&spa, "openid").await;
        let bearer_fresh = format!("Bearer {}", fresh.access_token);
        let userinfo = server.get("/userinfo", &[("authorization", &bearer_fresh), ("origin", origin)]).await;
        assert_eq!((token.status, refused.status, revoke.status, userinfo.status), (200, 400, 200, 200));
        for answer in [&token, &refused, &revoke, &userinfo] {
            check(answer, origin, allowed);
        }
        let no_client = server.get("/userinfo", &[("authorization", "Bearer x"), ("origin", origin)]).await;
        check(&no_client, origin, false);
        let _ = bearer;
    }
}

#[tokio::test]
async fn tk_19_preflights_pass_for_registered_origins_alone() {
    let server = TestServer::start().await;
    for path in ["/token", "/revoke", "/userinfo"] {
        for (origin, allowed) in
            [("https://app.example", true), ("https://evil.example", false), ("null", false)]
        {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization"),
            ];
            let answer = server.send("OPTIONS", path, &headers, String::new()).await;
            assert_eq!(answer.status, 204, "{path}");
            check(&answer, origin, allowed);
            if allowed {
                assert!(answer.header("access-control-allow-headers").contains("authorization"), "{path}");
                assert!(answer.header("access-control-allow-methods").contains("POST"), "{path}");
            }
        }
    }
    // Introspection is for servers.
    let answer =
        server.send("OPTIONS", "/introspect", &[("origin", "https://app.example")], String::new()).await;
    assert_eq!(answer.status, 405);
    assert!(!answer.has_header_like("access-control-"));
}

fn check(answer: &Answer, origin: &str, allowed: bool) {
    let expected = if allowed { origin } else { "" };
    assert_eq!(answer.header("access-control-allow-origin"), expected, "{origin}: {answer:?}");
    assert!(answer.headers.get("access-control-allow-credentials").is_none());
    let varies = answer.headers.get_all("vary").iter().any(|value| value == "origin");
    assert!(varies || !allowed, "{origin}: a cache must not mix origins");
}
