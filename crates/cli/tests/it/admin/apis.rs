//! APIs: added, listed, removed, refused.

use serde_json::json;

use super::support::Installation;

#[test]
fn apis_are_added_listed_and_removed() {
    let installation = Installation::new();
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
        &["exists already", "api edit"],
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

#[test]
fn pk_09_an_api_is_edited_by_what_is_named() {
    let installation = Installation::new();
    let notes = "https://api.example/notes";
    let add = ["api", "add", "--resource", notes, "--scope", "read", "--scope", "write", "--introspection"];
    let secret = installation.json(&add, "")["introspection"]["client_secret"].clone();
    let edit = |more: &[&'static str]| [&["api", "edit", notes][..], more].concat();
    let edited = installation.json(
        &edit(&[
            "--add-scope",
            "read=Read your notes",
            "--add-scope",
            "share",
            "--remove-scope",
            "write",
            "--token-seconds",
            "60",
        ]),
        "",
    );
    assert_eq!(
        edited["scopes"],
        json!([{"name": "read", "description": "Read your notes"}, {"name": "share"}])
    );
    assert_eq!((&edited["access_token_seconds"], &edited["introspection"]), (&json!(60), &json!(true)));
    let edited = installation
        .json(&edit(&["--token-seconds", "default", "--name", "Notes", "--algorithm", "EdDSA"]), "");
    assert_eq!((&edited["access_token_seconds"], &edited["name"]), (&json!(null), &json!("Notes")));
    assert_eq!(edited["algorithm"], "EdDSA");
    let renewed = installation.json(&edit(&["--introspection"]), "");
    let new = &renewed["introspection"]["client_secret"];
    assert!(new.as_str().unwrap().len() > 40 && *new != secret, "{renewed}");
    assert!(!installation.json(&["api", "list"], "").to_string().contains(new.as_str().unwrap()));
    assert_eq!(installation.json(&edit(&["--no-introspection"]), "")["introspection"], false);
    assert!(installation.text(&edit(&["--name", "Our notes"])).contains("Changed the API"));

    for (more, code, words) in [
        (&[][..], 2, &["--add-scope"][..]),
        (&["--introspection", "--no-introspection"], 2, &["--no-introspection"]),
        (&["--token-seconds", "soon"], 2, &["--token-seconds", "default"]),
        (&["--token-seconds", "0"], 1, &["--token-seconds"]),
        (&["--add-scope", "openid"], 1, &["--add-scope", "OpenID Connect"]),
        (&["--remove-scope", "write"], 1, &["--remove-scope", "`write`"]),
        (&["--algorithm", "HS256"], 1, &["--algorithm"]),
    ] {
        installation.refused(&edit(more), "", code, words);
    }
    installation.refused(
        &["api", "edit", "https://other.example", "--name", "x"],
        "",
        1,
        &["there is no API", "api list"],
    );
}
