//! A code that comes a second time, and two hundred that come at once.

use proofkey_testkit::{Answer, AuthorizeRequest, Code, TestClient, TestServer, Tokens, fixtures};

use crate::support::consented;

const SCOPE: &str = "openid offline_access notes:read";

fn refused() -> (u16, String) {
    (400, "invalid_grant".into())
}

/// Whether a grant's tokens work: at userinfo, at introspection, for a refresh.
async fn lives(server: &TestServer, client: &TestClient, tokens: &Tokens) -> bool {
    let userinfo = server.userinfo(&tokens.access_token).await.status == 200;
    if client.secret.is_some() {
        assert_eq!(server.is_active(client, &tokens.access_token).await, userinfo);
        assert_eq!(server.is_active(client, &tokens.refresh_token).await, userinfo);
    }
    userinfo
}

#[tokio::test]
async fn tk_05_a_valid_replay_revokes_everything_that_the_code_gave() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let code = server.code(&client, SCOPE).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        let refreshed = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
        assert!(lives(&server, &client, &refreshed).await);
        assert_eq!(server.redeem(&client, &code).await.refusal(), refused(), "{}", client.id);
        assert!(!lives(&server, &client, &refreshed).await, "{}", client.id);
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 401, "{}", client.id);
        assert_eq!(server.refresh(&client, &refreshed.refresh_token).await.refusal(), refused());
        assert_eq!(server.redeem(&client, &code).await.refusal(), refused(), "and stays so");
    }
}

/// What has changed since must not hide that a code comes back.
#[tokio::test]
async fn tk_05_a_valid_replay_is_one_after_a_logout_and_for_another_api_too() {
    for logged_out in [true, false] {
        let server = TestServer::start().await;
        for client in [fixtures::native(), fixtures::web()] {
            let mut browser = consented(&server, &client).await;
            let request = AuthorizeRequest::new(&client).set("scope", SCOPE);
            let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
            let tokens = Tokens::of(&server.redeem(&client, &code).await);
            let refused = if logged_out {
                let _ = browser.open(&format!("/end-session?id_token_hint={}", tokens.id_token)).await;
                assert!(
                    lives(&server, &client, &tokens).await,
                    "a native or web app's grant outlives a logout"
                );
                server.redeem(&client, &code).await
            } else {
                let mut form = code.form().to_vec();
                form.push(("resource", fixtures::FILES));
                server.token(&client, &form).await
            };
            assert_eq!(refused.refusal(), (400, "invalid_grant".into()), "{}", client.id);
            assert!(!lives(&server, &client, &tokens).await, "{}", client.id);
        }
    }
}

#[tokio::test]
async fn tk_06_a_replay_that_fails_any_check_is_no_kill_switch() {
    let server = TestServer::start().await;
    for (client, other) in [
        (fixtures::web(), fixtures::web_b()),
        (fixtures::spa(), fixtures::spa_b()),
        (fixtures::native(), fixtures::native_b()),
    ] {
        let code = server.code(&client, SCOPE).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        let wrong_verifier = Code { verifier: "x".repeat(43), ..code.clone() };
        let malformed = Code { verifier: "x".into(), ..code.clone() };
        let missing = Code { verifier: String::new(), ..code.clone() };
        let elsewhere = Code { redirect_uri: "https://evil.example/".into(), ..code.clone() };
        for replay in [wrong_verifier, malformed, missing, elsewhere] {
            assert_eq!(server.redeem(&client, &replay).await.refusal(), refused(), "{}", client.id);
        }
        assert_eq!(server.redeem(&other, &code).await.refusal(), refused());
        if client.secret.is_some() {
            let impostor = TestClient { secret: Some("wrong secret".into()), ..client.clone() };
            assert_eq!(server.redeem(&impostor, &code).await.refusal(), (401, "invalid_client".into()));
        }
        assert!(lives(&server, &client, &tokens).await, "{}", client.id);
    }
}

#[tokio::test]
async fn tk_05_a_replay_after_the_codes_own_life_is_no_kill_switch_either() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let code = server.code(&web, SCOPE).await;
    let tokens = Tokens::of(&server.redeem(&web, &code).await);
    server.advance(61);
    assert_eq!(server.redeem(&web, &code).await.refusal(), refused());
    assert!(lives(&server, &web, &tokens).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_07_of_two_hundred_at_once_one_wins_and_the_rest_revoke_it() {
    let server = std::sync::Arc::new(TestServer::start().await);
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let racers = (0..200).map(|_| {
        let (server, web, code) = (std::sync::Arc::clone(&server), web.clone(), code.clone());
        tokio::spawn(async move { server.redeem(&web, &code).await })
    });
    let mut winners: Vec<Answer> = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        let answer = racer.await.unwrap();
        match answer.status {
            200 => winners.push(answer),
            _ => assert_eq!(answer.refusal(), refused()),
        }
    }
    assert_eq!(winners.len(), 1);
    assert!(!lives(&server, &web, &Tokens::of(&winners[0])).await, "losers pass every check, so they revoke");
}

/// Losers that fail a check leave the winner alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_06_tk_07_losers_without_the_verifier_revoke_nothing() {
    let server = std::sync::Arc::new(TestServer::builder().set("limits.factor", 1000).start().await);
    let web = fixtures::web();
    let code = server.code(&web, SCOPE).await;
    let racers = (0..50).map(|at| {
        let (server, web) = (std::sync::Arc::clone(&server), web.clone());
        let verifier = if at == 25 { code.verifier.clone() } else { "x".repeat(43) };
        let code = Code { verifier, ..code.clone() };
        tokio::spawn(async move { server.redeem(&web, &code).await })
    });
    let mut winners = Vec::new();
    for racer in racers.collect::<Vec<_>>() {
        let answer = racer.await.unwrap();
        if answer.status == 200 {
            winners.push(Tokens::of(&answer));
        }
    }
    assert_eq!(winners.len(), 1);
    assert!(lives(&server, &web, &winners[0]).await);
}
