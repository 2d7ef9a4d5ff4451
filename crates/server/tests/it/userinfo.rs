//! `/userinfo` over the wire.

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, decode, fixtures};

#[tokio::test]
async fn ui_01_the_token_comes_in_the_header_by_get_or_post() {
    let server = TestServer::start().await;
    let tokens = server.tokens(&fixtures::web(), "openid profile").await;
    let bearer = format!("Bearer {}", tokens.access_token);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let authorization = format!("{scheme} {}", tokens.access_token);
        assert_eq!(
            server.get("/userinfo", &[("authorization", &authorization)]).await.status,
            200,
            "{scheme}"
        );
    }
    let posted = server.send("POST", "/userinfo", &[("authorization", &bearer)], String::new()).await;
    assert_eq!((posted.status, posted.header("cache-control")), (200, "no-store"));
    let query = format!("/userinfo?access_token={}", tokens.access_token);
    for method in ["GET", "POST"] {
        let answer = server.send(method, &query, &[], String::new()).await;
        assert_eq!(answer.status, 401, "{method}");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error="), "{challenge}");
    }
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    assert_eq!(server.get("/userinfo", &twice).await.status, 400, "one token, one way");
    for method in ["PUT", "DELETE", "PATCH"] {
        assert_eq!(
            server.send(method, "/userinfo", &[("authorization", &bearer)], String::new()).await.status,
            405
        );
    }
}

/// RFC 6750 §2.2 and OpenID Connect Core §5.3.1: header or form, and not both.
#[tokio::test]
async fn ui_01_k_21_the_token_may_come_in_a_form_and_in_one_place_alone() {
    let server = TestServer::start().await;
    let token = server.tokens(&fixtures::web(), "openid").await.access_token;
    let bearer = format!("Bearer {token}");
    let (in_form, in_header) = (("access_token", token.as_str()), ("authorization", bearer.as_str()));
    let basic = ("authorization", "Basic d2ViOng=");
    for (form, headers, expected) in [
        (&[in_form][..], &[][..], (200, "")),
        (&[in_form, ("other", "1"), ("other", "2")], &[], (200, "")),
        (&[in_form], &[basic], (200, "")),
        (&[("other", "1")], &[in_header], (200, "")),
        (&[in_form], &[in_header], (400, "token.transports")),
        (&[("access_token", "x")], &[in_header], (400, "token.transports")),
        (&[in_form, in_form], &[], (400, "parameters.repeated")),
        (&[("access_token", "x")], &[], (401, "token.invalid")),
        (&[("access_token", "")], &[], (401, "token.missing")),
    ] {
        let answer = server.post("/userinfo", form, headers).await;
        let rule = answer.json()["error_rule"].as_str().unwrap_or_default().to_owned();
        assert_eq!((answer.status, rule.as_str()), expected, "{form:?} {headers:?}");
    }
    // A body that is no form says nothing of a token.
    let json = [("content-type", "application/json"), in_header];
    assert_eq!(server.send("POST", "/userinfo", &json, "{}".into()).await.status, 200);
}

#[tokio::test]
async fn ui_02_sub_is_the_id_tokens_and_a_disabled_user_is_nobody() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let tokens = server.tokens(&client, "openid").await;
        let answer = server.userinfo(&tokens.access_token).await;
        assert_eq!(answer.json()["sub"], decode(&tokens.id_token).claims["sub"], "{}", client.id);
        server.disable_user(&fixtures::ada(), true).await;
        let refused = server.userinfo(&tokens.access_token).await;
        assert_eq!(refused.refusal(), (401, "invalid_token".into()), "{}", client.id);
        assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
        server.disable_user(&fixtures::ada(), false).await;
        let revived = server.userinfo(&tokens.access_token).await;
        assert_eq!(revived.status, 401, "enabling the account revives nothing");
        server.advance(1);
    }
}

#[tokio::test]
async fn ui_03_a_token_opens_what_its_scope_and_audience_say() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    for (scope, claims) in [
        ("openid", vec!["sub"]),
        ("openid email", vec!["email", "email_verified", "sub"]),
        (
            "openid profile",
            vec!["family_name", "given_name", "locale", "name", "preferred_username", "sub", "updated_at"],
        ),
    ] {
        let tokens = server.tokens(&web, scope).await;
        let body = server.userinfo(&tokens.access_token).await.json();
        let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, claims, "{scope}");
    }
    let without = server.tokens(&web, "profile email").await;
    let refused = server.userinfo(&without.access_token).await;
    assert_eq!(refused.refusal(), (403, "insufficient_scope".into()));
    assert!(refused.header("www-authenticate").contains("scope=\"openid\""), "{refused:?}");
    let code = server.code(&web, "openid notes:read").await;
    let mut form = code.form();
    form.push(("resource", fixtures::NOTES));
    let for_api = Tokens::of(&server.token(&web, &form).await);
    assert_eq!(server.userinfo(&for_api.access_token).await.refusal(), (401, "invalid_token".into()));
}

#[tokio::test]
async fn ui_03_a_malformed_claims_parameter_is_no_fault_of_ours() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let nested = "[".repeat(2_000);
    for claims in [
        "{",
        "null",
        "[]",
        "{\"userinfo\":7}",
        "{\"userinfo\":{\"email\":{\"essential\":\"x\"}}}",
        "\u{0}",
        &nested,
    ] {
        let request = AuthorizeRequest::new(&web).set("claims", claims);
        let code = server.code_by(&mut Browser::new(&server), &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&web, &code).await);
        let body = server.userinfo(&tokens.access_token).await;
        assert_eq!((body.status, body.json().as_object().unwrap().len()), (200, 1), "sub alone: {claims}");
    }
}
