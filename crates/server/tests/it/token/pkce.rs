//! The proof key at redemption.

use proofkey_testkit::{AuthorizeRequest, Browser, Code, TestClient, TestServer, fixtures};

use crate::support::consented;

fn refused() -> (u16, String) {
    (400, "invalid_grant".into())
}

fn with(code: &Code, verifier: &str) -> Code {
    Code { verifier: verifier.to_owned(), ..code.clone() }
}

#[tokio::test]
async fn tk_08_v_01_a_challenge_demands_its_verifier() {
    let server = TestServer::start().await;
    for client in
        [fixtures::native(), fixtures::spa(), fixtures::web(), fixtures::web_post(), fixtures::legacy()]
    {
        let code = server.code(&client, "openid").await;
        assert_eq!(server.redeem(&client, &with(&code, "")).await.refusal(), refused(), "{}", client.id);
        let absent: Vec<_> = code.form().into_iter().filter(|(name, _)| *name != "code_verifier").collect();
        assert_eq!(server.token(&client, &absent).await.refusal(), refused(), "{}", client.id);
        assert_eq!(server.redeem(&client, &code).await.status, 200, "{}", client.id);
    }
}

/// The one client that may do without: a stripped challenge does not let it keep its verifier.
#[tokio::test]
async fn tk_08_v_02_a_verifier_without_a_challenge_is_a_downgrade() {
    let server = TestServer::start().await;
    let legacy = fixtures::legacy();
    let stripped = AuthorizeRequest::new(&legacy).without("code_challenge").without("code_challenge_method");
    let mut browser = Browser::new(&server);
    let code = server.code_by(&mut browser, &stripped, &fixtures::ada()).await;
    assert_eq!(server.redeem(&legacy, &code).await.refusal(), refused());
    assert_eq!(
        server.redeem(&legacy, &with(&code, "")).await.status,
        200,
        "without either it is an OpenID client of old"
    );
    let half = AuthorizeRequest::new(&legacy).without("code_challenge");
    assert_eq!(browser.authorize(&half).await.redirect().param("error"), "invalid_request");
}

#[tokio::test]
async fn tk_09_v_03_a_verifier_is_43_to_128_unreserved_characters() {
    let server = TestServer::builder().set("limits.factor", 1000).start().await;
    let web = fixtures::web();
    let mut browser = consented(&server, &web).await;
    for (verifier, holds) in [
        ("a".repeat(43), true),
        ("a".repeat(128), true),
        (format!("{}-._~", "Az09".repeat(10)), true),
        ("a".repeat(42), false),
        ("a".repeat(129), false),
        ("a".into(), false),
        (format!("{}+", "a".repeat(42)), false),
        (format!("{}=", "a".repeat(43)), false),
        (format!("{} ", "a".repeat(43)), false),
        (format!("{}é", "a".repeat(43)), false),
        (format!("{}\u{0}", "a".repeat(43)), false),
    ] {
        // A challenge of exactly this text, as an attacker's client might compute it.
        let challenge =
            proofkey_oauth::CodeChallenge::from_digest(proofkey_oauth::sha256(verifier.as_bytes()));
        let request = AuthorizeRequest::new(&web).set("code_challenge", &challenge.to_string());
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let answer = server.redeem(&web, &with(&code, &verifier)).await;
        let expected = if holds { (200, String::new()) } else { refused() };
        assert_eq!(answer.refusal(), expected, "{verifier:?}");
    }
}

async fn burn(server: &TestServer, client: &TestClient, code: &Code, wrong: &[String]) {
    for verifier in wrong {
        assert_eq!(server.redeem(client, &with(code, verifier)).await.refusal(), refused(), "{verifier}");
    }
}

#[tokio::test]
async fn tk_09_v_03_five_wrong_verifiers_burn_a_code_for_good() {
    let mut server = TestServer::start().await;
    for client in [fixtures::native(), fixtures::web()] {
        let wrong: Vec<String> = (0..5).map(|at| format!("{at}").repeat(43)).collect();
        let code = server.code(&client, "openid").await;
        burn(&server, &client, &code, &wrong[..4]).await;
        assert_eq!(server.redeem(&client, &code).await.status, 200, "four leave it alive: {}", client.id);
        let code = server.code(&client, "openid").await;
        burn(&server, &client, &code, &wrong).await;
        assert_eq!(server.redeem(&client, &code).await.refusal(), refused(), "five burn it: {}", client.id);
        server.restart().await;
        assert_eq!(
            server.redeem(&client, &code).await.refusal(),
            refused(),
            "across a restart: {}",
            client.id
        );
    }
}

/// A stranger who knows a code cannot burn it: only guesses that pass every earlier check count.
#[tokio::test]
async fn tk_09_others_cannot_burn_a_code() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let code = server.code(&web, "openid").await;
    let guess = with(&code, &"x".repeat(43));
    for _ in 0..6 {
        assert_eq!(server.redeem(&fixtures::web_b(), &guess).await.refusal(), refused());
        let elsewhere = Code { redirect_uri: "https://evil.example/".into(), ..guess.clone() };
        assert_eq!(server.redeem(&web, &elsewhere).await.refusal(), refused());
        assert_eq!(server.redeem(&web, &with(&code, "")).await.refusal(), refused());
    }
    assert_eq!(server.redeem(&web, &code).await.status, 200);
}
