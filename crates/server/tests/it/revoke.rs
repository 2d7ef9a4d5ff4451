//! Revocation over the wire (RFC 7009).

use proofkey_testkit::{Answer, TestClient, TestServer, Tokens, fixtures};

const SCOPE: &str = "openid offline_access notes:read";

async fn opens_userinfo(server: &TestServer, tokens: &Tokens) -> bool {
    server.userinfo(&tokens.access_token).await.status == 200
}

fn check_revoked(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn rv_01_an_unknown_token_is_revoked_and_a_wrong_hint_still_finds_one() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        for token in ["", "x", "pk_rt_unknown", "a.b.c", "töken"] {
            let answer = server.revoke(&client, token).await;
            match token {
                "" => assert_eq!(answer.refusal(), (400, "invalid_request".into())),
                _ => check_revoked(&answer),
            }
        }
        for hint in ["access_token", "refresh_token", "made_up"] {
            let tokens = server.tokens(&client, SCOPE).await;
            let form = [("token", tokens.refresh_token.as_str()), ("token_type_hint", hint)];
            check_revoked(&server.post_as(&client, "/revoke", &form).await);
            assert!(!opens_userinfo(&server, &tokens).await, "{} {hint}", client.id);
            check_revoked(&server.revoke(&client, &tokens.refresh_token).await);
            let tokens = server.tokens(&client, SCOPE).await;
            let form = [("token", tokens.access_token.as_str()), ("token_type_hint", hint)];
            check_revoked(&server.post_as(&client, "/revoke", &form).await);
            assert!(!opens_userinfo(&server, &tokens).await, "{} {hint}", client.id);
        }
    }
}

#[tokio::test]
async fn rv_02_v_32_nobody_revokes_a_token_of_another_client_or_without_its_credentials() {
    let server = TestServer::start().await;
    let others = [fixtures::native_b(), fixtures::spa_b(), fixtures::web_b(), fixtures::web_post_b()];
    for owner in fixtures::user_clients() {
        let tokens = server.tokens(&owner, SCOPE).await;
        for token in [&tokens.access_token, &tokens.refresh_token] {
            for thief in &others {
                let answer = server.revoke(thief, token).await;
                assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{} by {}", owner.id, thief.id);
            }
            if owner.secret.is_some() {
                let wrong = TestClient { secret: Some("wrong".into()), ..owner.clone() };
                let none = TestClient { method: proofkey_oauth::AuthMethod::None, ..owner.clone() };
                for impostor in [wrong, none] {
                    let answer = server.revoke(&impostor, token).await;
                    assert_eq!(answer.refusal(), (401, "invalid_client".into()), "{}", owner.id);
                }
            }
        }
        assert!(opens_userinfo(&server, &tokens).await, "{}: nothing was revoked", owner.id);
        let next = Tokens::of(&server.refresh(&owner, &tokens.refresh_token).await);
        check_revoked(&server.revoke(&owner, &next.refresh_token).await);
        assert!(!opens_userinfo(&server, &next).await);
    }
}

#[tokio::test]
async fn rv_03_a_refresh_token_takes_the_grant_with_it_and_an_access_token_goes_alone() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let first = server.tokens(&client, SCOPE).await;
        let second = Tokens::of(&server.refresh(&client, &first.refresh_token).await);
        check_revoked(&server.revoke(&client, &second.access_token).await);
        assert!(!opens_userinfo(&server, &second).await && opens_userinfo(&server, &first).await);
        let third = Tokens::of(&server.refresh(&client, &second.refresh_token).await);
        assert!(opens_userinfo(&server, &third).await);
        // Even a retired one ends the grant: it names it.
        check_revoked(&server.revoke(&client, &first.refresh_token).await);
        for tokens in [&first, &second, &third] {
            assert!(!opens_userinfo(&server, tokens).await, "{}", client.id);
            let answer = server.refresh(&client, &tokens.refresh_token).await;
            assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
        }
    }
}
