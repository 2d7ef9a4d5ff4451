//! Whole sign-ins against an issuer that breaks one rule at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Faults, Issuer};
use proofkey_client::{Client, Error, IdTokenError, SignIn, SignInOptions, SignedIn, TokenStore};
use serde_json::json;

/// Follows redirects as a browser does; gives the last page and its address.
async fn browse(url: &str) -> (String, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.url().to_string(), response.text().await.unwrap())
}

async fn finish(sign_in: SignIn) -> (Result<SignedIn, Error>, (String, String)) {
    let url = sign_in.url().as_str().to_owned();
    let browser = tokio::spawn(async move { browse(&url).await });
    let outcome = sign_in.finish().await;
    (outcome, browser.await.unwrap())
}

async fn sign_in(issuer: &Arc<Issuer>) -> (Result<SignedIn, Error>, (String, String)) {
    let directory = tempfile::tempdir().unwrap();
    let started = issuer.client(directory.path()).sign_in().await;
    finish(started.unwrap()).await
}

async fn failure(faults: Faults) -> (Error, String) {
    let issuer = Issuer::start_with(faults).await;
    let (outcome, (address, page)) = sign_in(&issuer).await;
    assert!(address.ends_with("/done") && page.contains("Sign-in did not finish"), "{address}: {page}");
    (outcome.unwrap_err(), page)
}

#[tokio::test]
async fn cl_06_cl_07_cl_11_a_person_signs_in_and_the_code_leaves_the_address_bar() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let client = issuer.client(directory.path());
    let started = client.sign_in().await.unwrap();
    let redirect_uri = reqwest::Url::parse(started.url().as_str()).unwrap();
    let redirect_uri =
        redirect_uri.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let (outcome, (address, page)) = finish(started).await;
    let session = outcome.unwrap().session;
    assert_eq!(session.identity().await.unwrap().display_name(), "Ada Lovelace");
    assert_eq!(address, redirect_uri.replace("/callback", "/done"));
    assert!(page.contains("Signed in") && !page.contains("code"), "{page}");
    assert!(reqwest::get(&redirect_uri).await.is_err(), "the listener closes after the response");
    // Another run finds the session without a network.
    let later = issuer.client(directory.path()).session().await.unwrap();
    assert_eq!(later.identity().await.unwrap().subject, "ada-1");
    let token = later.access_token(Duration::from_secs(60)).await.unwrap();
    assert_eq!(token.token.expose(), session.access_token(Duration::ZERO).await.unwrap().token.expose());
}

#[tokio::test]
async fn cl_11_v_76_no_wrong_id_token_signs_anybody_in() {
    let claims = |name, value| Faults { claims: vec![(name, value)], ..Faults::default() };
    let header = |header| Faults { id_token_header: Some(header), ..Faults::default() };
    let cases = [
        (claims("iss", json!("https://evil.example")), "Issuer"),
        (claims("aud", json!("other")), "Audience"),
        (claims("aud", json!(["app", "other"])), "AuthorizedParty"),
        (claims("exp", json!(1)), "Expired"),
        (claims("exp", json!("9999999999")), "Claims"),
        (claims("iat", json!(253_402_300_799_i64)), "IssuedInFuture"),
        (claims("nonce", json!("other")), "NonceDiffers"),
        (claims("nonce", json!(null)), "NonceMissing"),
        (claims("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), "AccessTokenDiffers"),
        (header("eyJhbGciOiJub25lIn0"), "Signature(UnsupportedAlgorithm)"),
        (header("eyJhbGciOiJIUzI1NiJ9"), "Signature(UnsupportedAlgorithm)"),
    ];
    for (faults, expected) in cases {
        let (error, _) = failure(faults).await;
        let Error::IdToken(broken) = error else { panic!("{expected}: {error:?}") };
        assert_eq!(format!("{broken:?}"), expected);
    }
    let (error, _) = failure(Faults { token: vec![("id_token", json!(null))], ..Faults::default() }).await;
    assert!(matches!(error, Error::IdTokenMissing), "{error:?}");
}

#[tokio::test]
async fn cl_11_the_age_of_a_sign_in_is_checked_when_asked_for() {
    for (auth_time, fits) in [(json!(null), false), (json!(1), false), (json!(4_000_000_000_u32), true)] {
        let faults = Faults { claims: vec![("auth_time", auth_time)], ..Faults::default() };
        let issuer = Issuer::start_with(faults).await;
        let directory = tempfile::tempdir().unwrap();
        let options = SignInOptions { max_age_seconds: Some(60), ..SignInOptions::default() };
        let started = issuer.client(directory.path()).sign_in_with(&options).await.unwrap();
        match finish(started).await.0 {
            Ok(_) => assert!(fits),
            Err(error) => {
                assert!(!fits && matches!(error, Error::IdToken(IdTokenError::AuthenticationTooOld)))
            }
        }
    }
}

#[tokio::test]
async fn cl_04_v_77_a_wrong_sender_ends_the_sign_in_and_the_code_stays_here() {
    let response = |changes| Faults { response: changes, ..Faults::default() };
    let evil = || Some("https://evil.example".to_owned());
    let cases = [
        (response(vec![("iss", evil())]), "ResponseIssuerDiffers"),
        (response(vec![("iss", None)]), "ResponseIssuerMissing"),
        (
            response(vec![("iss", evil()), ("code", None), ("error", Some("call 555".into()))]),
            "ResponseIssuerDiffers",
        ),
        (response(vec![("code", None), ("error", Some("access_denied".into()))]), "AuthorizationRefused"),
        (response(vec![("code", None), ("access_token", Some("t".into()))]), "TokenInResponse"),
        (response(vec![("code", None)]), "CodeMissing"),
    ];
    for (faults, expected) in cases {
        let issuer = Issuer::start_with(faults).await;
        let (outcome, (_, page)) = sign_in(&issuer).await;
        let error = outcome.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
        assert!(!error.to_string().contains("555") && !page.contains("555"));
        assert!(issuer.seen.lock().unwrap().token_forms.is_empty(), "{expected}: the code left");
    }
}

#[tokio::test]
async fn cl_03_v_78_a_server_that_breaks_a_rule_is_not_used() {
    let cases = [
        ("issuer", json!("https://evil.example"), "IssuerMismatch"),
        ("code_challenge_methods_supported", json!(["plain"]), "ChallengeMethodMissing"),
        ("code_challenge_methods_supported", json!(null), "ChallengeMethodMissing"),
        ("token_endpoint", json!("http://id.example/token"), "UrlInsecure"),
        ("token_endpoint", json!(null), "EndpointMissing"),
        ("authorization_endpoint", json!("file:///etc/passwd"), "Url"),
        ("authorization_endpoint", json!("--x"), "UrlMalformed"),
        ("authorization_endpoint", json!("ms-settings:x"), "Url"),
        ("authorization_endpoint", json!("$(calc)"), "UrlNotForBrowser"),
    ];
    for (name, value, expected) in cases {
        let issuer = Issuer::start_with(Faults { metadata: vec![(name, value)], ..Faults::default() }).await;
        let directory = tempfile::tempdir().unwrap();
        let error = issuer.client(directory.path()).sign_in().await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    }
}

#[tokio::test]
async fn cl_10_secrets_do_not_follow_redirects() {
    for status in [301, 302, 303, 307, 308] {
        let issuer = Issuer::start().await;
        let elsewhere = format!("{}/elsewhere", issuer.url);
        issuer.faults.lock().unwrap().token_status = Some((status, Some(elsewhere)));
        let error = sign_in(&issuer).await.0.unwrap_err();
        assert!(matches!(error, Error::Redirected { .. }), "{error:?}");
        assert!(!issuer.seen.lock().unwrap().redirect_followed);
    }
}

#[tokio::test]
async fn cl_05_an_unknown_state_is_ignored_and_the_wait_goes_on() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let started = issuer.client(directory.path()).sign_in().await.unwrap();
    let url = started.url().as_str().to_owned();
    let address = reqwest::Url::parse(&url).unwrap();
    let callback = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let stranger = tokio::spawn({
        let callback = callback.clone();
        async move {
            let http = reqwest::Client::new();
            for query in
                ["", "?state=wrong&code=evil", "?state=wrong&error=access_denied", "?code=evil", "?%zz"]
            {
                let answer = http.get(format!("{callback}{query}")).send().await.unwrap();
                assert_eq!(answer.status(), 400, "{query}");
            }
            assert_eq!(http.post(&callback).send().await.unwrap().status(), 405);
            for path in ["/", "/callback/", "/done", "/favicon.ico", "/callback2"] {
                let other = callback.replace("/callback", path);
                assert_eq!(http.get(other).send().await.unwrap().status(), 404, "{path}");
            }
            let rebound = http.get(&callback).header("host", "evil.example").send().await.unwrap();
            assert_eq!(rebound.status(), 400);
            let endless = http.get(format!("{callback}?{}", "x".repeat(9000))).send().await;
            assert!(endless.is_err(), "heads end at 8 KB");
            browse(&url).await
        }
    });
    let outcome = started.finish().await;
    assert!(stranger.await.unwrap().1.contains("Signed in"));
    outcome.unwrap();
    assert_eq!(issuer.seen.lock().unwrap().token_forms.len(), 1);
}

#[tokio::test]
async fn v_79_two_concurrent_sign_ins_do_not_mix() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let store = TokenStore::in_directory(directory.path());
    let mut second = issuer.application();
    second.account = "second".to_owned();
    let a = Client::with_store(issuer.application(), &store).sign_in().await.unwrap();
    let b = Client::with_store(second, &store).sign_in().await.unwrap();
    let (url_a, url_b) = (a.url().as_str().to_owned(), b.url().as_str().to_owned());
    let take = |url: &str, name: &str| {
        let url = reqwest::Url::parse(url).unwrap();
        url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
    };
    // The answer to A, delivered to B's listener, is not B's.
    let crossed =
        format!("{}?code=c&state={}&iss={}", take(&url_b, "redirect_uri"), take(&url_a, "state"), issuer.url);
    let browser = tokio::spawn(async move {
        assert_eq!(reqwest::get(crossed).await.unwrap().status(), 400);
        tokio::join!(browse(&url_b), browse(&url_a))
    });
    let (a, b) = tokio::join!(a.finish(), b.finish());
    browser.await.unwrap();
    let token = async |signed_in: SignedIn| {
        signed_in.session.access_token(Duration::ZERO).await.unwrap().token.expose().to_owned()
    };
    assert_ne!(token(a.unwrap()).await, token(b.unwrap()).await);
}

#[tokio::test]
async fn cl_11_userinfo_of_another_person_ends_the_sign_in() {
    let faults = Faults { userinfo_sub: Some("eve-2"), ..Faults::default() };
    let issuer = Issuer::start_with(faults).await;
    let directory = tempfile::tempdir().unwrap();
    let client = issuer.client(directory.path());
    let outcome = finish(client.sign_in().await.unwrap()).await.0;
    assert!(matches!(outcome, Err(Error::SubjectDiffers)));
    assert!(matches!(client.session().await, Err(Error::NotSignedIn)));
}

#[tokio::test]
async fn cl_18_tokens_of_a_sign_in_that_fails_are_taken_back() {
    let faults = [
        Faults { claims: vec![("nonce", json!("other"))], ..Faults::default() },
        Faults { token: vec![("id_token", json!(null))], ..Faults::default() },
        Faults { userinfo_sub: Some("eve-2"), ..Faults::default() },
    ];
    for faults in faults {
        let issuer = Issuer::start_with(faults).await;
        let (outcome, (_, page)) = sign_in(&issuer).await;
        assert!(outcome.is_err() && page.contains("Sign-in did not finish"), "{outcome:?}");
        assert_eq!(issuer.seen.lock().unwrap().revoked, ["refresh-1-1"], "{outcome:?}");
    }
    // A store that keeps nothing by then: its directory has become a file.
    let issuer = Issuer::start().await;
    let parent = tempfile::tempdir().unwrap();
    let place = parent.path().join("store");
    let started = issuer.client(&place).sign_in().await.unwrap();
    std::fs::remove_dir_all(&place).unwrap();
    std::fs::write(&place, b"").unwrap();
    let (outcome, _) = finish(started).await;
    assert!(matches!(outcome, Err(Error::StoreFailed { .. })), "{outcome:?}");
    assert_eq!(issuer.seen.lock().unwrap().revoked, ["refresh-1-1"]);
    // Taking back is a courtesy: the reason is reported even if it fails.
    let faults = Faults { userinfo_sub: Some("eve-2"), revocation_down: true, ..Faults::default() };
    let (outcome, _) = sign_in(&Issuer::start_with(faults).await).await;
    assert!(matches!(outcome, Err(Error::SubjectDiffers)), "{outcome:?}");
}

#[tokio::test]
async fn cl_18_a_second_sign_in_takes_back_what_it_replaces() {
    for down in [false, true] {
        let issuer = Issuer::start_with(Faults { revocation_down: down, ..Faults::default() }).await;
        let directory = tempfile::tempdir().unwrap();
        let client = issuer.client(directory.path());
        finish(client.sign_in().await.unwrap()).await.0.unwrap();
        assert!(issuer.seen.lock().unwrap().revoked.is_empty());
        let session = finish(client.sign_in().await.unwrap()).await.0.unwrap().session;
        let expected: &[&str] = if down { &[] } else { &["refresh-1-1"] };
        assert_eq!(issuer.seen.lock().unwrap().revoked, expected);
        session.access_token(Duration::from_secs(100_000)).await.unwrap();
    }
}

#[tokio::test]
async fn cl_06_one_silent_connection_does_not_hold_up_the_browser() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let started = issuer.client(directory.path()).sign_in().await.unwrap();
    let address = reqwest::Url::parse(started.url().as_str()).unwrap();
    let callback = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let callback = reqwest::Url::parse(&callback).unwrap();
    let place = format!("{}:{}", callback.host_str().unwrap(), callback.port().unwrap());
    let _silent = tokio::net::TcpStream::connect(place).await.unwrap();
    let began = Instant::now();
    finish(started).await.0.unwrap();
    assert!(began.elapsed() < Duration::from_secs(4));
}
