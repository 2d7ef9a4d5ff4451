//! Nothing that opens a door is written down: not in the log at its loudest, not in the database.

use proofkey_testkit::{AuthorizeRequest, Browser, Logs, TestServer, Tokens, fixtures};

#[tokio::test]
async fn tk_13_no_token_code_secret_or_password_is_stored_or_logged() {
    let logs = Logs::capture();
    let mut server = TestServer::builder().issuer("https://id.example").start().await;
    let (web, ada) = (fixtures::web_post(), fixtures::ada());
    let mut browser = Browser::new(&server);
    let request = AuthorizeRequest::new(&web).set("scope", "openid profile offline_access notes:read");
    let page = browser.authorize(&request).await.page();
    let sign_in_step = page.form().inputs[0].1.clone();
    let wrong = "a-wrong-password-canary-55";
    let page = browser.submit(&page, &[("username", "ada"), ("password", wrong)], "").await.page();
    let consent = browser.sign_in(&page, &ada).await.page();
    let consent_step = consent.form().inputs[0].1.clone();
    let code = browser.allow(&consent).await.redirect().param("code");
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", &request.verifier),
        ("redirect_uri", &web.redirect_uri),
    ];
    let tokens = Tokens::of(&server.token(&web, &redeem).await);
    let refreshed = Tokens::of(&server.refresh(&web, &tokens.refresh_token).await);
    assert_eq!(server.userinfo(&refreshed.access_token).await.status, 200);
    assert!(server.is_active(&web, &refreshed.refresh_token).await);
    // Refusals are logged too: none may quote what it refuses.
    let wrong_secret =
        proofkey_testkit::TestClient { secret: Some("a-wrong-secret-canary-77".into()), ..web.clone() };
    assert_eq!(server.refresh(&wrong_secret, &refreshed.refresh_token).await.status, 401);
    assert_eq!(server.token(&web, &redeem).await.status, 400);
    assert_eq!(server.userinfo("a-made-up-token-canary-99").await.status, 401);
    assert_eq!(server.revoke(&web, &refreshed.refresh_token).await.status, 200);
    let made = server
        .client(&serde_json::json!({"client_id": "made", "redirect_uris": ["https://made.example/cb"]}))
        .await
        .unwrap();
    let cookies: Vec<String> = browser.jar.cookies.iter().map(|cookie| cookie.value.clone()).collect();
    server.stop().await;

    let mut secrets = vec![
        code,
        request.verifier.clone(),
        tokens.access_token,
        tokens.id_token,
        tokens.refresh_token,
        refreshed.access_token,
        refreshed.id_token,
        refreshed.refresh_token,
        ada.password,
        wrong.into(),
        web.secret.clone().unwrap(),
        "a-wrong-secret-canary-77".into(),
        "a-made-up-token-canary-99".into(),
        sign_in_step,
        consent_step,
        made,
    ];
    secrets.extend(
        cookies.iter().flat_map(|value| value.split('.').map(str::to_owned)).filter(|half| half.len() > 30),
    );
    let text = logs.text();
    assert!(text.contains("tokens issued") && text.contains("signed in"), "the log is there");
    for (name, stored) in server.stored().await {
        for secret in &secrets {
            assert!(!contains(&stored, secret), "{name} holds {secret}");
        }
    }
    for secret in &secrets {
        let line = text.lines().find(|line| line.contains(secret.as_str()) && is_ours(line));
        assert!(line.is_none(), "{secret} is logged: {}", line.unwrap_or_default());
    }
}

/// The test's own HTTP client logs what it sends, in the same process.
fn is_ours(line: &str) -> bool {
    !["reqwest", "hyper_util::client"].iter().any(|target| line.contains(target))
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}
