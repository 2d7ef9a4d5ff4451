//! APIs: added, listed, removed, refused.

use serde_json::json;

use super::support::Installation;

#[test]
fn apis_are_added_listed_and_removed() {
    let installation = Installation::new();
    installation.replace("algorithms = [\"ES256\", \"RS256\"]", "");
    let added = installation.json(
        &[
            "api",
            "add",
            "--resource",
            "https://api.example/notes",
            "--scope",
            "read",
            "--scope",
            "write=Change and delete your notes",
            "--name",
            "Notes",
            "--token-seconds",
            "120",
            "--algorithm",
            "EdDSA",
            "--introspection",
        ],
        "",
    );
    assert_eq!(
        added["scopes"],
        json!([{"name": "read"}, {"name": "write", "description": "Change and delete your notes"}])
    );
    assert_eq!((&added["access_token_seconds"], &added["algorithm"]), (&json!(120), &json!("EdDSA")));
    assert_eq!(added["introspection"]["client_id"], "https://api.example/notes");
    let secret = added["introspection"]["client_secret"].as_str().unwrap();
    assert!(secret.len() > 40);

    let listed = installation.json(&["api", "list"], "");
    assert_eq!(listed[0]["introspection"], true);
    assert!(!listed.to_string().contains(secret), "a credential is shown once");
    assert!(installation.text(&["api", "list"]).contains("read write"));

    let add = |more: &[&'static str]| [&["api", "add"][..], more].concat();
    let other = "https://other.example";
    installation.refused(
        &add(&["--resource", "https://api.example/notes", "--scope", "x"]),
        "",
        1,
        &["exists already", "remove"],
    );
    installation.refused(&add(&["--resource", other]), "", 2, &["--scope"]);
    installation.refused(&add(&["--resource", other, "--scope", "openid"]), "", 1, &["OpenID Connect"]);
    installation.refused(&add(&["--resource", "/notes", "--scope", "x"]), "", 1, &["--resource"]);
    installation.refused(
        &add(&["--resource", other, "--scope", "x", "--algorithm", "HS256"]),
        "",
        1,
        &["ES256"],
    );
    installation.refused(
        &add(&["--resource", other, "--scope", "x", "--token-seconds", "0"]),
        "",
        1,
        &["--token-seconds"],
    );

    assert_eq!(installation.json(&["api", "remove", "https://api.example/notes"], "")["removed"], true);
    installation.refused(
        &["api", "remove", "https://api.example/notes"],
        "",
        1,
        &["there is no API", "api list"],
    );
    installation.refused(&["api", "remove", "notes"], "", 1, &["resource indicator"]);
    assert_eq!(installation.json(&["api", "list"], ""), json!([]));
}
