//! Commands beside a running server: they write, and it takes over what they wrote.

use serde_json::json;

use super::support::Installation;
use crate::serve::server::{Server, eventually};

/// A secret that is long enough to be given.
const SECRET: &str = "given-secret-1-of-thirty-three-chars";

#[test]
fn clients_apis_and_keys_take_effect_while_the_server_runs() {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    let server = Server::start(&installation);
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "read"], "");
    let metadata = json!({
        "client_id": "job", "client_secret": SECRET, "grant_types": ["client_credentials"],
        "scope": "read", "token_endpoint_auth_method": "client_secret_post",
    });
    installation.add_client(&metadata);
    eventually("the client", || server.token(SECRET)["access_token"].is_string());
    let rotated = installation.json(&["client", "rotate-secret", "job"], "");
    let new = rotated["client_secret"].as_str().unwrap();
    eventually("the new secret", || server.token(new)["access_token"].is_string());
    assert!(server.token(SECRET)["access_token"].is_string(), "the old secret lives on");
    installation.json(&["client", "rotate-secret", "job", "--keep-seconds", "0"], "");
    eventually("the end of the old secret", || server.token(new)["error"] == "invalid_client");

    let made = installation.json(&["key", "rotate", "--now"], "");
    let published = || server.exchange("GET /jwks", "")["keys"].as_array().unwrap().clone();
    for key in made["made"].as_array().unwrap() {
        // Each ring's key is a write of its own, so the server may see one before the next.
        eventually("the key", || published().iter().any(|known| known["kid"] == key["kid"]));
    }
    assert_eq!(published().len(), 4, "the keys before it verify on");
    installation.add_user("ada");
    assert_eq!(installation.json(&["user", "list"], "")[0]["username"], "ada");
}

/// A start that fails says what it wanted to do, by which setting, and each cause once.
#[test]
fn k_39_a_start_that_fails_names_setting_place_and_cause_once() {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let file = installation.path("proofkey.toml").display().to_string();
    let none = installation.path("none.pem").display().to_string();
    let refused = |variables: &[(&str, &str)], words: &[&str]| {
        let mut command = installation.command(&["serve"]);
        command.env("PROOFKEY_SERVER__METRICS_LISTEN", "off");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{variables:?}: {stderr}");
        let line = stderr.lines().rfind(|line| line.starts_with("proofkey: ")).unwrap_or_default();
        for word in words {
            assert_eq!(line.matches(word).count(), 1, "{word:?}: {stderr:?}");
        }
        let links: Vec<_> = line.split(": ").collect();
        let mut once = links.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(links.len(), once.len(), "{line}");
    };
    let in_use = "Address already in use";
    refused(
        &[("PROOFKEY_SERVER__LISTEN", &taken)],
        &["server.listen", &taken, in_use, "choose another port"],
    );
    let cure = "Choose another port, or \"off\"";
    refused(&[("PROOFKEY_SERVER__METRICS_LISTEN", &taken)], &["server.metrics_listen", &taken, in_use, cure]);
    refused(&[("PROOFKEY_SERVER__LISTEN", "192.0.2.1:1")], &["server.listen", "192.0.2.1:1", "no interface"]);
    refused(&[("PROOFKEY_STORE__DATA", &file)], &["store.data", &file]);
    let tls = [("PROOFKEY_SERVER__TLS_CERTIFICATE", &*none), ("PROOFKEY_SERVER__TLS_KEY", &*none)];
    refused(&tls, &["server.tls_certificate", &none]);
    let _server = Server::start(&installation);
    let database = installation.path("data/proofkey.db").display().to_string();
    refused(&[], &[&database, "another server is running"]);
}
