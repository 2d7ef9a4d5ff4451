//! APIs: added, listed, removed, refused.

use serde_json::json;

use super::support::Site;

#[test]
fn apis_are_added_listed_and_removed() {
    let site = Site::new();
    let added = site.json(
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

    let listed = site.json(&["api", "list"], "");
    assert_eq!(listed[0]["introspection"], true);
    assert!(!listed.to_string().contains(secret), "a credential is shown once");
    assert!(site.text(&["api", "list"]).contains("read write"));

    let add = |more: &[&'static str]| [&["api", "add"][..], more].concat();
    let other = "https://other.example";
    site.refused(
        &add(&["--resource", other, "--scope", "read"]),
        "",
        1,
        &["`read` belongs to https://api.example/notes"],
    );
    site.refused(
        &add(&["--resource", "https://api.example/notes", "--scope", "x"]),
        "",
        1,
        &["exists already", "remove"],
    );
    site.refused(&add(&["--resource", other]), "", 2, &["--scope"]);
    site.refused(&add(&["--resource", other, "--scope", "openid"]), "", 1, &["OpenID Connect"]);
    site.refused(&add(&["--resource", "/notes", "--scope", "x"]), "", 1, &["--resource"]);
    site.refused(&add(&["--resource", other, "--scope", "x", "--algorithm", "HS256"]), "", 1, &["ES256"]);
    site.refused(
        &add(&["--resource", other, "--scope", "x", "--token-seconds", "0"]),
        "",
        1,
        &["--token-seconds"],
    );

    assert_eq!(site.json(&["api", "remove", "https://api.example/notes"], "")["removed"], true);
    site.refused(&["api", "remove", "https://api.example/notes"], "", 1, &["there is no API", "api list"]);
    site.refused(&["api", "remove", "notes"], "", 1, &["resource indicator"]);
    assert_eq!(site.json(&["api", "list"], ""), json!([]));
}
