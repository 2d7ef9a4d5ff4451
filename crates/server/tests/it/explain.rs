//! The record of refusals, and the pages that explain rules: what an operator finds under the id that a caller was shown.

use std::time::Duration;

use proofkey_server::admin::{AdminRefused, ExplainedRefusal};
use proofkey_testkit::{
    AuthorizeRequest, Browser, Logs, TestServer, Tokens, fixtures, form_body, raw_exchange,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{AUTHORIZE_PARAMETERS, TOKEN_PARAMETERS, registered_elsewhere};

const DAY_SECONDS: i64 = 86_400;

/// What was recorded under an id: servers write once a second.
async fn explained(server: &TestServer, error_id: &str) -> ExplainedRefusal {
    let admin = server.admin();
    for _ in 0..1_000 {
        match admin.refusal(error_id).await {
            Ok(found) => return found,
            Err(AdminRefused::Missing { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("{error_id} was never recorded")
}

fn error_id(page: &str) -> String {
    let at = page.find("<code>pk-").unwrap_or_else(|| panic!("no error id in {page}"));
    page[at + 6..at + 18].to_owned()
}

#[tokio::test]
async fn pk_08_ht_06_one_id_leads_from_json_page_and_log_to_what_was_recorded() {
    let server = TestServer::start().await;
    let logs = Logs::capture();
    let spa = fixtures::spa();
    let answer = server.token(&spa, &[("grant_type", "authorization_code"), ("code", "x")]).await.json();
    let of_json = answer["error_id"].as_str().unwrap();
    let found = explained(&server, of_json).await;
    assert_eq!(answer["error_rule"], *found.record.rule);
    let told = answer["error_description"].as_str().unwrap();
    assert!(told.starts_with(found.record.cause.trim_end_matches('.')), "{told}");
    let rule = found.rule.unwrap();
    assert_eq!(
        (answer["error_fix"].as_str(), answer["error_standard"].as_str()),
        (Some(rule.fix), Some(rule.standard))
    );
    let record = &found.record;
    assert_eq!(
        (record.client_id.as_deref(), &*record.request, record.status),
        (Some("spa"), "POST /token", 400)
    );
    assert_eq!(record.recorded_at, server.now());

    let request =
        AuthorizeRequest::new(&spa).set("redirect_uri", "https://ada:hunter2@evil.example/cb?code=hunter3");
    let page = Browser::new(&server).authorize(&request).await.page();
    let of_page = error_id(&page.html);
    // The operator is told what is registered; the page, which anyone can provoke, is not.
    let found = explained(&server, &of_page).await;
    let (record, registered) = (found.record, found.registered.unwrap());
    assert!(
        registered.contains(&spa.redirect_uri) && !page.html.contains(&spa.redirect_uri),
        "{registered:?}"
    );
    assert_eq!((&*record.rule, record.client_id.as_deref()), ("redirect_uri.unregistered", Some("spa")));
    assert_eq!(record.about.as_deref(), Some("…@[4 characters].example/[2 characters]…"));

    let nowhere = server.get("/nowhere", &[]).await;
    let of_nowhere = error_id(&nowhere.body);
    assert_eq!(explained(&server, &of_nowhere).await.record.rule, "address.unknown");
    let text = logs.text();
    for id in [of_json, &of_page] {
        assert_eq!(text.matches(&format!("error_id={id}")).count(), 1, "{id}");
    }
}

#[tokio::test]
async fn pk_08_an_unknown_id_and_one_of_no_form_are_told_apart_from_none() {
    let server = TestServer::start().await;
    for id in ["pk-0000-0000", "nonsense", ""] {
        let refused = server.admin().refusal(id).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("there is no recorded refusal {id}"));
    }
}

#[tokio::test]
async fn pk_08_what_was_recorded_is_told_for_seven_days() {
    let server = TestServer::start().await;
    let answer = server.token(&fixtures::spa(), &[("grant_type", "password")]).await.json();
    let id = answer["error_id"].as_str().unwrap();
    let _found = explained(&server, id).await;
    server.advance(7 * DAY_SECONDS - 1);
    assert!(server.admin().refusal(id).await.is_ok());
    server.advance(1);
    assert!(matches!(server.admin().refusal(id).await, Err(AdminRefused::Missing { .. })));
}

#[tokio::test]
async fn pk_08_where_the_operator_turns_it_off_nothing_is_recorded() {
    let mut server = TestServer::builder().set("log.record_refusals", false).start().await;
    let refused = server.token(&fixtures::spa(), &[("grant_type", "password")]).await;
    assert_eq!(refused.status, 400);
    // What is left is written when it stops.
    server.stop().await;
    server.restart().await;
    assert_eq!(server.sibling().await.number("SELECT count(*) FROM refusals").await, 0);
}

#[tokio::test]
async fn pk_08_what_was_noted_is_written_before_the_server_has_stopped() {
    let mut server = TestServer::start().await;
    let answer = server.token(&fixtures::spa(), &[("grant_type", "password")]).await.json();
    server.restart().await;
    assert!(server.admin().refusal(answer["error_id"].as_str().unwrap()).await.is_ok());
}

#[tokio::test]
async fn pk_08_what_is_refused_while_the_server_drains_is_recorded_too() {
    let mut server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = "grant_type=password&client_id=spa";
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nexpect: 100-continue\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server waits for the body, and so drains until it has come.
    let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut interim).await.unwrap();
    let late = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (answer, ()) = tokio::join!(late, server.stop());
    let at = answer.find("pk-").unwrap_or_else(|| panic!("{answer}"));
    server.restart().await;
    let record = server.admin().refusal(&answer[at..at + 12]).await.unwrap().record;
    assert!(answer.contains(&record.rule) && record.status == 400, "{answer}");
}

#[tokio::test]
async fn pk_08_answers_link_to_the_rule_where_its_page_is_published() {
    let url = "https://docs.example/errors";
    let server = TestServer::builder().set("pages.errors_url", url).start().await;
    let (logs, spa) = (Logs::capture(), fixtures::spa());
    let json = server.token(&spa, &[("grant_type", "password")]).await.json();
    let link = format!("{url}#{}", json["error_rule"].as_str().unwrap());
    assert_eq!(json["error_uri"], *link);
    let id = json["error_id"].as_str().unwrap();
    let line = logs.text().lines().find(|line| line.contains(id)).unwrap().to_owned();
    assert!(line.contains(&format!("page=\"{link}\"")), "{line}");

    let unregistered = AuthorizeRequest::new(&spa).set("redirect_uri", "https://evil.example/cb");
    let page = Browser::new(&server).authorize(&unregistered).await.page();
    assert!(page.html.contains(&format!("<a href=\"{url}#redirect_uri.unregistered\">")), "{}", page.html);

    let silent = AuthorizeRequest::new(&spa).set("prompt", "none");
    let departure = Browser::new(&server).authorize(&silent).await.redirect();
    assert_eq!(departure.param("error_uri"), format!("{url}#prompt.login_required"));

    let challenge = server.userinfo("x").await;
    let header = challenge.header("www-authenticate");
    assert!(header.contains(&format!("error_uri=\"{url}#token.")), "{header}");

    let plain = TestServer::start().await;
    let json = plain.token(&spa, &[("grant_type", "password")]).await.json();
    assert_eq!(json["error_uri"], Value::Null);
}

#[tokio::test]
async fn pk_08_pk_14_what_the_operator_has_to_mend_is_told_in_the_record_and_in_the_log_however_much_is_refused()
 {
    let url = "https://docs.example/errors";
    let builder = TestServer::builder().set("keys.algorithms", "ES256, RS256").set("pages.errors_url", url);
    let server = builder.set("log.refusals_per_second", 1).start().await;
    let client = registered_elsewhere(&server, "ed", "EdDSA").await;
    let code = server.code(&client, "openid").await;
    let logs = Logs::capture();
    for _ in 0..5 {
        let refused = server.token(&fixtures::spa(), &[("grant_type", "password")]).await;
        assert_eq!(refused.status, 400);
    }
    let answer = server.redeem(&client, &code).await;
    let id = answer.json()["error_id"].as_str().unwrap().to_owned();
    let told = answer.json()["error_description"].as_str().unwrap().to_owned();
    assert!(answer.status == 503 && !told.contains("keys.algorithms"), "{told}");
    let record = explained(&server, &id).await.record;
    assert_eq!(
        (&*record.rule, record.about.as_deref(), record.status),
        ("grant.algorithm_off", Some("EdDSA"), 503)
    );
    assert!(record.cause.contains("keys.algorithms"), "{}", record.cause);
    let line = logs.text().lines().find(|line| line.contains(&id)).unwrap().to_owned();
    let page = format!("page=\"{url}#grant.algorithm_off\"");
    for part in ["ERROR", "about=EdDSA", &page, &format!("cause={}", record.cause)] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

/// Where a request carries text, with what else it takes for its refusal to be about that.
fn doors(secret: &str) -> Vec<(String, Vec<(&str, &str)>)> {
    let mut doors = Vec::new();
    for name in AUTHORIZE_PARAMETERS {
        let rest = AuthorizeRequest::new(&fixtures::spa()).set(name, secret);
        doors.push((format!("GET /authorize?{}", rest.encoded()), vec![]));
    }
    let repeated = form_body(&[(secret, secret), (secret, secret)]);
    doors.push((format!("GET /authorize?{repeated}"), vec![]));
    for name in TOKEN_PARAMETERS {
        for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
            let form = vec![("grant_type", grant_type), ("client_id", "spa"), (name, secret)];
            doors.push(("POST /token".into(), form));
        }
    }
    for endpoint in ["introspect", "revoke"] {
        for name in ["token", "client_id", "client_secret", "token_type_hint"] {
            doors.push((format!("POST /{endpoint}"), vec![("client_id", "spa"), (name, secret)]));
        }
    }
    for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
        doors.push((format!("GET /end-session?{}", form_body(&[(name, secret)])), vec![]));
    }
    for page in ["sign-in", "consent", "end-session"] {
        for name in ["flow", "username", "password", "decision"] {
            doors.push((format!("POST /{page}"), vec![(name, secret)]));
        }
    }
    doors.push((format!("GET /{}", form_body(&[("x", secret)])), vec![]));
    doors.push(("GET /userinfo".into(), vec![]));
    doors
}

/// Every kind of secret that there is, with the longest text of it that may stand anywhere.
async fn secrets(server: &TestServer) -> Vec<(&'static str, String)> {
    let (web, mut browser) = (fixtures::web(), Browser::new(server));
    let request = AuthorizeRequest::new(&web).set("scope", "openid profile offline_access notes:read");
    let page = browser.authorize(&request).await.page();
    let flow = page.form().inputs.iter().find(|(name, _)| name == "flow").unwrap().1.clone();
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let tokens = Tokens::of(&server.redeem(&web, &code).await);
    let mut secrets = vec![
        ("sealed step", flow),
        ("code", code.code.clone()),
        ("verifier", code.verifier),
        ("access token", tokens.access_token),
        ("ID token", tokens.id_token),
        ("refresh token", tokens.refresh_token),
    ];
    let unspent = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    secrets.push(("unspent code", unspent.code));
    for cookie in &browser.jar.cookies {
        secrets.push(("cookie", cookie.value.clone()));
    }
    let registered = serde_json::json!({"client_id": "made", "redirect_uris": ["https://made.example/cb"]});
    secrets.push(("client secret", server.client(&registered).await.unwrap()));
    // Those of others, by the alphabets that they are written in.
    for (kind, secret) in [
        ("Base64", "q83vEjRWeJCrze8BI0VniavN7wEjRWeJq8/+EjRWeJA="),
        ("Base64 with many signs", "a/b1+c2.d3:e4/f5g6+h7i8j9/k0l1m2n3"),
        ("Base32", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        ("short Base32", "MFRGGZDFMZTWQ2LK"),
        ("hexadecimal digits", "9f86d081884c7d659a2feaa0c55ad015"),
        ("digits", "48392017483920174839"),
        ("small letters", "correcthorsebatterystaple"),
        ("a password", "Sommer2026"),
        ("an address with a user", "https://ada:Winter2027@app.example/callback"),
        ("the same without slashes", "ada:Winter2027@app.example/callback"),
        ("the same with backslashes", "https:\\\\ada:Winter2027@app.example"),
    ] {
        secrets.push((kind, secret.to_owned()));
    }
    secrets
}

#[tokio::test]
async fn pk_08_ht_07_no_secret_is_recorded_whatever_it_is_and_wherever_it_is_sent() {
    // Each request comes from another network: the share of one network is a matter of other tests.
    let server = TestServer::builder()
        .set("server.trusted_proxies", "127.0.0.1")
        .set("limits.factor", 1_000)
        .start()
        .await;
    let sibling = server.sibling().await;
    let (secrets, mut sent) = (secrets(&server).await, 0);
    for (kind, secret) in &secrets {
        for (head, form) in doors(secret) {
            let body = form_body(&form);
            sent += 1;
            let request = format!(
                "{head} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-forwarded-for: 10.{}.{}.7\r\n\
                 content-type: application/x-www-form-urlencoded\r\nauthorization: Bearer {secret}\r\ncookie: __Host-pk={secret}\r\n\
                 content-length: {}\r\n\r\n{body}",
                server.address,
                sent / 256,
                sent % 256,
                body.len()
            );
            let answer = raw_exchange(server.address, request.as_bytes()).await;
            assert!(!answer.is_empty(), "{kind}: {head:.40}");
            if sent % 50 == 0 {
                // So that a second's room is enough for all of them.
                written(&server).await;
            }
        }
    }
    written(&server).await;
    let recorded = sibling.number("SELECT count(*) FROM refusals").await;
    assert!(recorded > 200, "{recorded} of {sent}");
    let rows = sibling
        .texts(
            "SELECT rule || ' ' || cause || ' ' || COALESCE(about, '') || ' ' || COALESCE(client_id, '') || ' ' || request
             FROM refusals",
        )
        .await;
    for (kind, secret) in &secrets {
        // No part of it either: eight characters in a row are chance nowhere. Of the addresses the password alone is secret.
        let secret = if secret.contains("Winter2027") { "Winter2027" } else { secret.as_str() };
        for part in secret.as_bytes().windows(8).filter_map(|part| str::from_utf8(part).ok()) {
            let found = rows.iter().find(|row| row.contains(part));
            assert_eq!(found, None, "{part} of a {kind}");
        }
    }
}

/// Waits until what was refused before has been written: the refusal of a request that is sent now comes after it. It has a share
/// of the record, which grows with time.
async fn written(server: &TestServer) {
    server.advance(2);
    let answer = server.token(&fixtures::spa(), &[("grant_type", "password")]).await.json();
    let _found = explained(server, answer["error_id"].as_str().unwrap()).await;
}
