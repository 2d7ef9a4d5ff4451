//! What strangers can make of the log: no line longer than a named maximum, wherever their text comes in (K-01).

use proofkey_testkit::{Logs, TestServer, form_body, raw_exchange};

use crate::support::{AUTHORIZE_PARAMETERS, TOKEN_PARAMETERS};

/// Far below what was sent, and enough for what a line says beside it.
const LINE_BYTES_MAX: usize = 2_000;

/// Text that is the longest that a request takes, and grows where it is escaped.
fn long_text() -> String {
    "\u{1}".repeat(5_000)
}

/// A request with that text in each place where an endpoint reads text.
fn requests() -> Vec<(String, String)> {
    let long = long_text();
    let of = |pairs: &[(&str, &str)]| form_body(pairs);
    let mut requests = Vec::new();
    for parameter in AUTHORIZE_PARAMETERS {
        requests.push((format!("GET /authorize?{}", of(&[(parameter, &long)])), String::new()));
        requests.push(("POST /authorize".into(), of(&[("client_id", "web"), (parameter, &long)])));
    }
    for parameter in TOKEN_PARAMETERS {
        requests.push((
            "POST /token".into(),
            of(&[("grant_type", "authorization_code"), ("client_id", "web"), (parameter, &long)]),
        ));
    }
    for endpoint in ["introspect", "revoke"] {
        for parameter in ["token", "client_id", "token_type_hint"] {
            requests.push((format!("POST /{endpoint}"), of(&[("client_id", "web"), (parameter, &long)])));
        }
    }
    for parameter in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
        requests.push((format!("GET /end-session?{}", of(&[(parameter, &long)])), String::new()));
    }
    for page in ["sign-in", "consent", "end-session"] {
        for parameter in ["flow", "username", "password", "decision"] {
            requests.push((format!("POST /{page}"), of(&[(parameter, &long)])));
        }
    }
    requests.push((format!("GET /{}", of(&[("x", &long)])), String::new()));
    requests.push(("GET /userinfo".into(), String::new()));
    requests
}

#[tokio::test]
async fn k_01_text_of_strangers_makes_no_long_line_wherever_it_comes_in() {
    let server = TestServer::builder().set("log.refusals_per_second", 100_000).start().await;
    let logs = Logs::capture();
    for (head, body) in requests() {
        let request = format!(
            "{head} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            server.address,
            "x".repeat(5_000),
            body.len()
        );
        let answer = raw_exchange(server.address, request.as_bytes()).await;
        assert!(!answer.is_empty(), "{head:.80}");
    }
    let text = logs.text();
    let ours = text.lines().filter(|line| line.contains(" proofkey_"));
    let longest = ours.clone().max_by_key(|line| line.len()).unwrap_or_default();
    assert!(ours.count() > 20, "the refusals are logged");
    assert!(longest.len() <= LINE_BYTES_MAX, "{} bytes: {longest:.300}", longest.len());
}
