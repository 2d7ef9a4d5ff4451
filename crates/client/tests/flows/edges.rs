//! Servers that answer otherwise than ours does, and machines on which a browser is not where the command is.

use std::time::Duration;

use proofkey_client::{
    Client, ClientAuthentication, ClientSecret, Error, IdTokenError, SignInOptions, TokenStore, UserInfoError,
};
use proofkey_jose::{Algorithm, SigningKey, Typ};
use serde_json::{Value, json};

use crate::session::{ALWAYS, signed_in, signed_in_as};
use crate::support::{Faults, Issuer};

/// Each way by which an ID token comes with a refresh, and each claim that must agree.
#[tokio::test]
async fn k_50_an_id_token_is_checked_on_every_path_that_brings_one() {
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("sub", json!("eve-2")),
        ("aud", json!("other")),
        ("nonce", json!("other")),
        ("exp", json!(1)),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        for by_userinfo in [false, true] {
            let issuer = Issuer::start().await;
            let directory = tempfile::tempdir().unwrap();
            let store = TokenStore::in_directory(directory.path());
            let session = signed_in_as(&Client::with_store(issuer.application_for_notes(), &store)).await;
            issuer.faults.lock().unwrap().claims = vec![(name, value.clone())];
            let error = if by_userinfo {
                session.user_info().await.unwrap_err()
            } else {
                session.access_token(ALWAYS).await.unwrap_err()
            };
            assert!(matches!(error, Error::IdToken(_)), "{name} {by_userinfo}: {error:?}");
            // What was rotated is kept: the next refresh, by a server that has come to its senses, goes on.
            issuer.faults.lock().unwrap().claims.clear();
            session.access_token(ALWAYS).await.unwrap();
            session.user_info().await.unwrap();
        }
    }
}

#[tokio::test]
async fn k_51_a_refresh_token_of_any_grammatical_text_works_and_is_never_lost() {
    let issuer = Issuer::start_with(Faults {
        token: vec![("refresh_token", json!("refresh ~\"\\-1-2"))],
        ..Faults::default()
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let session = signed_in(&issuer, directory.path()).await;
    let mut generation = 2;
    for (name, value) in [
        ("token_type", json!("mac")),
        ("token_type", json!(null)),
        ("access_token", json!("a b")),
        ("access_token", json!(7)),
        ("expires_in", json!(-1)),
        ("scope", json!("\u{e9}")),
        ("id_token", json!("")),
    ] {
        generation += 1;
        let rotated = format!("refresh ~-1-{generation}");
        issuer.faults.lock().unwrap().token = vec![("refresh_token", json!(rotated)), (name, value.clone())];
        let error = session.access_token(ALWAYS).await.unwrap_err();
        assert!(
            matches!(error, Error::TokenResponseMalformed(_) | Error::TokenTypeUnsupported(_)),
            "{name}: {error:?}"
        );
        issuer.faults.lock().unwrap().token = vec![("refresh_token", json!(rotated))];
        session.access_token(ALWAYS).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let sent =
            issuer.seen.lock().unwrap().token_forms.last().unwrap().first("refresh_token").map(str::to_owned);
        assert_eq!(sent.as_deref(), Some(rotated.as_str()), "{name} = {value}");
    }
}

#[tokio::test]
async fn k_53_a_store_that_keeps_nothing_is_found_out_before_the_browser_opens() {
    let issuer = Issuer::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = issuer.client(file.path()).sign_in().await.unwrap_err();
    assert!(matches!(error, Error::StoreFailed { .. }), "{error:?}");
    assert!(issuer.seen.lock().unwrap().codes.is_empty());
    // What is tried leaves nothing behind.
    let directory = tempfile::tempdir().unwrap();
    drop(issuer.client(directory.path()).sign_in().await.unwrap());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// The browser runs elsewhere: it ends at an address that it cannot open, which a person carries over.
#[tokio::test]
async fn k_54_the_address_at_which_a_browser_elsewhere_ends_can_be_pasted() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let started = issuer.client(directory.path()).sign_in().await.unwrap();
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.get(started.url().as_str()).send().await.unwrap();
    let ended_at = answer.headers()["location"].to_str().unwrap().to_owned();
    let mut lines = vec![ended_at.clone(), "https://elsewhere.example/".to_owned(), String::new()];
    let mut told = Vec::new();
    let outcome = started
        .finish_or_paste(async |was_foreign| {
            told.push(was_foreign);
            lines.pop()
        })
        .await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(told, [false, true, true]);
    // A terminal that closes leaves the listener open.
    let started = issuer.client(directory.path()).sign_in().await.unwrap();
    let url = started.url().as_str().to_owned();
    let browser = tokio::spawn(async move { reqwest::get(url).await.unwrap().text().await.unwrap() });
    started.finish_or_paste(async |_| None).await.unwrap();
    assert!(browser.await.unwrap().contains("Signed in"));
}

#[tokio::test]
async fn k_54_a_port_can_be_chosen_and_one_that_is_taken_is_named() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = SignInOptions { callback_port: Some(port), ..SignInOptions::default() };
    let client = issuer.client(directory.path());
    let error = client.sign_in_with(&options).await.unwrap_err();
    assert!(matches!(error, Error::PortUnavailable { port: named, .. } if named == port), "{error:?}");
    drop(taken);
    let started = client.sign_in_with(&options).await.unwrap();
    assert!(started.url().as_str().contains(&format!("127.0.0.1%3A{port}%2Fcallback")));
}

#[tokio::test]
async fn k_54_a_server_that_does_pkce_without_saying_so_is_used_when_that_is_known() {
    let faults =
        Faults { metadata: vec![("code_challenge_methods_supported", json!(null))], ..Faults::default() };
    let issuer = Issuer::start_with(faults).await;
    let directory = tempfile::tempdir().unwrap();
    let error = issuer.client(directory.path()).sign_in().await.unwrap_err();
    assert!(matches!(error, Error::ChallengeMethodMissing), "{error:?}");
    let mut app = issuer.application();
    app.assume_pkce = true;
    let store = TokenStore::in_directory(directory.path());
    signed_in_as(&Client::with_store(app, &store)).await;
    // Whoever goes on with the sign-in need not know.
    issuer.client(directory.path()).session().await.unwrap().access_token(ALWAYS).await.unwrap();
}

#[tokio::test]
async fn k_54_a_confidential_client_sends_its_secret_by_one_way_wherever_it_calls() {
    for by_header in [true, false] {
        let issuer = Issuer::start().await;
        let directory = tempfile::tempdir().unwrap();
        let store = TokenStore::in_directory(directory.path());
        let secret = ClientSecret::new("s/cret".to_owned());
        let mut app = issuer.application();
        app.authentication = if by_header {
            ClientAuthentication::SecretBasic(secret)
        } else {
            ClientAuthentication::SecretPost(secret)
        };
        let session = signed_in_as(&Client::with_store(app, &store)).await;
        session.access_token(ALWAYS).await.unwrap();
        session.sign_out().await.unwrap().revoked.unwrap();
        let seen = issuer.seen.lock().unwrap();
        let header = by_header.then(|| "Basic YXBwOnMlMkZjcmV0".to_owned());
        assert_eq!(seen.authorizations, vec![header; 3], "code, refresh, revocation");
        for form in &seen.token_forms {
            assert_eq!(form.first("client_secret"), (!by_header).then_some("s/cret"));
            assert_eq!(form.first("client_id"), (!by_header).then_some("app"));
        }
    }
}

#[tokio::test]
async fn k_55_the_end_session_address_is_there_whenever_the_server_has_one() {
    let without = |name| Faults { metadata: vec![(name, json!(null))], ..Faults::default() };
    for (faults, revoked, ends) in [
        (Faults::default(), true, true),
        (without("revocation_endpoint"), false, true),
        (Faults { revocation_down: true, ..Faults::default() }, false, true),
        (without("end_session_endpoint"), true, false),
    ] {
        let issuer = Issuer::start_with(faults).await;
        let directory = tempfile::tempdir().unwrap();
        let out = signed_in(&issuer, directory.path()).await.sign_out().await.unwrap();
        assert_eq!((out.revoked.is_ok(), out.end_session_url.is_some()), (revoked, ends));
    }
}

#[tokio::test]
async fn k_55_the_browser_comes_back_from_signing_out_by_its_state_alone() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let client = issuer.client(directory.path());
    signed_in_as(&client).await;
    let (out, way_back) = client.sign_out_and_return().await.unwrap();
    let url = reqwest::Url::parse(out.end_session_url.unwrap().as_str()).unwrap();
    let take = |name: &str| url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
    let (address, state) = (take("post_logout_redirect_uri"), take("state"));
    assert!(address.starts_with("http://127.0.0.1:") && address.ends_with("/signed-out"), "{address}");
    assert_eq!(take("client_id"), "app");
    let waiting = tokio::spawn(way_back.unwrap().wait());
    for wrong in ["", "?state=x", "?state="] {
        assert_eq!(reqwest::get(format!("{address}{wrong}")).await.unwrap().status(), 400, "{wrong}");
    }
    let page = reqwest::get(format!("{address}?state={state}")).await.unwrap().text().await.unwrap();
    assert!(page.contains("Signed out"), "{page}");
    waiting.await.unwrap().unwrap();
    assert!(reqwest::get(address).await.is_err(), "the listener closes");
}

#[tokio::test]
async fn k_57_no_error_says_its_cause_twice() {
    let io = || std::io::Error::other("the cause");
    for error in [
        Error::IdToken(IdTokenError::Signature(proofkey_jose::JwsError::Signature)),
        Error::UserInfoSignature(UserInfoError::Signature(proofkey_jose::JwsError::Signature)),
        Error::ListenerUnavailable(io()),
        Error::PortUnavailable { port: 1, cause: io() },
        Error::BrowserUnavailable(io()),
        Error::StoreFailed { path: "x".into(), cause: io() },
    ] {
        let chain: Vec<String> =
            std::iter::successors(Some(&error as &dyn std::error::Error), |link| link.source())
                .map(ToString::to_string)
                .collect();
        for (at, link) in chain.iter().enumerate() {
            assert!(chain.iter().skip(at + 1).all(|cause| !link.contains(cause.as_str())), "{chain:?}");
        }
    }
}

#[tokio::test]
async fn k_58_signed_userinfo_is_read_or_refused_with_the_reason() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let session = signed_in(&issuer, directory.path()).await;
    let answer = async |content_type: &'static str, body: String| {
        issuer.faults.lock().unwrap().userinfo_answer = Some((content_type, body));
        session.user_info().await
    };
    let claims = json!({"iss": issuer.url, "aud": "app", "sub": "ada-1", "name": "Ada Byron"});
    let signed = |claims: &Value| issuer.key.sign(Typ::IdToken, claims).unwrap();
    for content_type in ["application/jwt", "Application/JWT; charset=utf-8"] {
        assert_eq!(answer(content_type, signed(&claims)).await.unwrap()["name"], "Ada Byron");
    }
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(&claims)
    };
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwt = "application/jwt";
    for (body, reason) in [
        (with("iss", json!("https://evil.example")), "another issuer"),
        (with("aud", json!("other")), "another app"),
        (other.sign(Typ::IdToken, &claims).unwrap(), "not what this server signed"),
        ("a.b.c.d.e".to_owned(), "encrypted"),
        (with("sub", json!("eve-2")), "another person"),
        ("no token".to_owned(), "not what this server signed"),
    ] {
        let error = whole(&answer(jwt, body).await.unwrap_err());
        assert!(error.contains(reason), "{reason}: {error}");
    }
    // What is signed and called JSON is no JSON; what is JSON and called signed is not signed.
    assert!(matches!(answer("application/json", signed(&claims)).await, Err(Error::UserInfoMalformed)));
    assert!(answer(jwt, json!({"sub": "ada-1"}).to_string()).await.is_err());
    let _ = session.access_token(Duration::ZERO).await.unwrap();
}

fn whole(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |link| link.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
