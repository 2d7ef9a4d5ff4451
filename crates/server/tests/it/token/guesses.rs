//! Guesses at client secrets: what counts as one, and how many are told.

use std::sync::Arc;

use proofkey_testkit::{TestClient, TestServer, basic, fixtures};
use tokio::task::JoinSet;

/// How a request says who sends it.
type Credentials<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);

fn secret(client: &TestClient) -> &str {
    client.secret.as_deref().unwrap()
}

#[tokio::test]
async fn ca_04_failures_are_limited_per_client_and_address() {
    let server = TestServer::builder().set("server.trusted_proxies", "127.0.0.1").start().await;
    let (web, web_b) = (fixtures::web(), fixtures::web_b());
    let ask = async |client: &TestClient, secret: &str, address: &str| {
        let headers = [("authorization", basic(&client.id, secret)), ("x-forwarded-for", address.to_owned())];
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
        server.post("/introspect", &[("token", "x")], &headers).await
    };
    for _ in 0..20 {
        assert_eq!(ask(&web, "wrong", "192.0.2.1").await.status, 401);
    }
    let limited = ask(&web, "wrong", "192.0.2.1").await;
    assert_eq!(limited.status, 429);
    let wait_seconds: i64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait_seconds), "{wait_seconds}");
    assert_eq!(ask(&web, secret(&web), "192.0.2.1").await.status, 429, "not even the right one is tried");
    assert_eq!(ask(&web, secret(&web), "192.0.2.2").await.status, 200, "others are not locked out");
    assert_eq!(
        ask(&web_b, secret(&web_b), "192.0.2.1").await.status,
        200,
        "nor other clients behind that address"
    );
    server.advance(wait_seconds);
    assert_eq!(ask(&web, secret(&web), "192.0.2.1").await.status, 200, "time heals");
    for _ in 0..40 {
        assert_eq!(ask(&web_b, secret(&web_b), "192.0.2.1").await.status, 200, "success does not count");
    }
}

/// Every endpoint with client authentication, every grant of the token endpoint, and every way to be refused in which no
/// secret is compared: three times as often as a wrong secret may be tried.
#[tokio::test]
async fn k_06_what_cannot_be_guessed_is_not_counted_as_a_guess() {
    let server = TestServer::start().await;
    let (spa, web) = (fixtures::spa(), fixtures::web());
    let (bare, invented) = (basic(&spa.id, ""), basic(&spa.id, "x"));
    let (stranger, nameless) = (basic("nobody", "x"), basic(&web.id, ""));
    let named = ("client_id", spa.id.as_str());
    let refused: [(Credentials<'_>, &str); 7] = [
        ((&[named, ("client_secret", "x")], None), "client_auth.unexpected_secret"),
        ((&[], Some(&invented)), "client_auth.unexpected_secret"),
        ((&[], Some(&stranger)), "client.unknown"),
        ((&[], None), "client_auth.missing"),
        ((&[], Some("Basic !")), "client_auth.malformed"),
        ((&[named], Some(&stranger)), "client_auth.ambiguous"),
        ((&[], Some(&nameless)), "client_auth.no_secret"),
    ];
    let requests: [(&str, &[(&str, &str)]); 5] = [
        ("/token", &[("grant_type", "authorization_code"), ("code", "x")]),
        ("/token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]),
        ("/token", &[("grant_type", "client_credentials")]),
        ("/introspect", &[("token", "x")]),
        ("/revoke", &[("token", "x")]),
    ];
    for (path, form) in requests {
        for ((extra, authorization), rule) in refused {
            // At introspection a name proves nothing, whoever it names.
            let rule = if path == "/introspect" && rule == "client_auth.no_secret" {
                "client_auth.missing"
            } else {
                rule
            };
            let form = [form, extra].concat();
            let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
            for attempt in 0..60 {
                let answer = server.post(path, &form, &headers).await;
                assert_eq!(answer.json()["error_rule"], rule, "{path} {form:?}, attempt {attempt}");
            }
        }
        let form = [form, &[][..]].concat();
        let public = server.post(path, &form, &[("authorization", &bare)]).await;
        assert_ne!(public.status, 429, "{path}: the public client itself");
        assert_ne!(server.post_as(&web, path, &form).await.status, 429, "{path}: a client that has a secret");
    }
    let tokens = server.tokens(&spa, "openid").await;
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_04_ca_04_guesses_at_a_secret_at_once_are_told_no_more_than_one_after_another() {
    let server = Arc::new(TestServer::start().await);
    let guess = basic(&fixtures::web().id, "guessed");
    // The client is known: those who wait too long for a look-up of it are told to come back.
    assert_eq!(server.introspect(&fixtures::web(), "x").await.status, 200);
    let mut guesses = JoinSet::new();
    for _ in 0..240 {
        let (server, guess) = (Arc::clone(&server), guess.clone());
        guesses.spawn(async move {
            server.post("/introspect", &[("token", "x")], &[("authorization", &guess)]).await.status
        });
    }
    let told = guesses.join_all().await;
    assert_eq!(told.iter().filter(|status| **status == 401).count(), 20, "{told:?}");
    assert!(told.iter().all(|status| [401, 429].contains(status)), "{told:?}");
}
