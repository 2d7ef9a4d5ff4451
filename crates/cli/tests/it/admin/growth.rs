//! `bench seed`: a database that is for measuring, in which everybody is signed in.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::support::Installation;
use crate::serve::server::Server;

const SEED: [&str; 11] = [
    "bench",
    "seed",
    "--for-measuring",
    "--users",
    "20",
    "--grants",
    "30",
    "--expired",
    "100",
    "--clients",
    "5",
];
const AUTHORIZE: &str = "/authorize?response_type=code&client_id=bench-public&scope=openid%20offline_access%20read\
    &redirect_uri=https%3A%2F%2Frp.example%2Fcb&state=s&code_challenge_method=S256\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An installation without users, and with the client that they will have allowed something.
fn installation() -> Installation {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "read"], "");
    installation.add_client(&json!({
        "client_id": "bench-public", "token_endpoint_auth_method": "none", "scope": "openid offline_access read",
        "redirect_uris": ["https://rp.example/cb"], "grant_types": ["authorization_code", "refresh_token"],
    }));
    installation
}

/// Where the server sends the browser that has this cookie.
fn location(server: &Server, cookie: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!("GET {AUTHORIZE} HTTP/1.1\r\nhost: {}\r\nconnection: close", server.address);
    stream.write_all(format!("{head}\r\ncookie: {cookie}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn f_37_whoever_has_a_cookie_of_a_seed_is_signed_in_and_gets_a_code() {
    let installation = installation();
    let made = installation.json(&[&SEED[..], &["--cookies", "cookies", "--seed", "7"]].concat(), "");
    assert_eq!(
        (&made["seed"], &made["rows"]["users"], &made["rows"]["sessions"]),
        (&json!(7), &json!(20), &json!(30))
    );
    let file = installation.path("cookies");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let cookies = std::fs::read_to_string(file).unwrap();
    assert_eq!(cookies.lines().count(), 20);
    let server = Server::start(&installation);
    for cookie in cookies.lines() {
        let location = location(&server, cookie);
        assert!(location.starts_with("https://rp.example/cb?code=pkc_"), "{location}");
    }
}

#[test]
fn a_database_with_users_a_missing_client_and_a_file_that_is_there_are_refused() {
    let installation = installation();
    let none = [&SEED[..], &["--client", "nobody"]].concat();
    installation.refused(&none, "", 1, &["there is no client nobody with a scope", "register it first"]);
    installation.write("cookies", "");
    installation.refused(&[&SEED[..], &["--cookies", "cookies"]].concat(), "", 1, &["--cookies: cookies"]);
    installation.refused(&["bench", "seed", "--for-measuring", "--users", "0"], "", 2, &["--users"]);
    installation.add_user("ada");
    installation.refused(&SEED, "", 1, &["this database has users", "an installation of its own"]);
    let users = installation.json(&["user", "list"], "");
    assert_eq!(users.as_array().unwrap().len(), 1);
}
