//! Clients: registered, changed, removed, refused.

use serde_json::{Value, json};

use super::support::{Installation, PASSWORD, web_client};

#[test]
fn clients_are_registered_from_a_file_or_standard_input() {
    let installation = Installation::new();
    let given = installation.add_client(&web_client());
    assert_eq!(
        (&given["client_id"], &given["client_secret"]),
        (&json!("shop"), &json!("given-secret-1-of-thirty-three-chars"))
    );
    assert_eq!((&given["client_secret_expires_at"], &given["response_types"]), (&json!(0), &json!(["code"])));
    assert_eq!(given["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(given["grant_types"], json!(["authorization_code"]));

    let jwks = json!({"keys": []});
    let made = json!({"redirect_uris": ["https://b.example/cb"], "jwks": jwks, "logo_uri": "https://b.example/l.png"});
    installation.write("b.json", &made.to_string());
    let output = installation.run(&["client", "add", "b.json", "--json"], "");
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("Ignored, for this server does not know them: logo_uri")
    );
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    assert!(!id.is_empty() && secret.len() > 40);
    let shown = installation.json(&["client", "show", id], "");
    assert_eq!(shown["jwks"], jwks);
    assert!(!shown.to_string().contains(secret), "a secret is shown once");

    let public = json!({"client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/cb"]});
    let public = installation.add_client(&public);
    assert_eq!((public.get("client_secret"), public.get("client_secret_expires_at")), (None, None));
    assert_eq!(public["application_type"], "native");

    let list = installation.text(&["client", "list"]);
    assert!(list.contains("The shop") && list.contains("none") && list.contains(id), "{list}");
    assert_eq!(installation.json(&["client", "list"], "").as_array().unwrap().len(), 3);
}

#[test]
fn rt_15_how_refresh_tokens_are_forgiven_is_registered_changed_shown_and_explained() {
    let installation = Installation::new();
    let metadata = |more: &Value| {
        let mut metadata = json!({
            "client_id": "agents", "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/cb"],
        });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        metadata
    };
    let given =
        installation.add_client(&metadata(&json!({"refresh_shared": true, "refresh_overlap_seconds": 30})));
    assert_eq!((&given["refresh_shared"], &given["refresh_overlap_seconds"]), (&json!(true), &json!(30)));
    installation.write("update.json", &metadata(&json!({"refresh_overlap_seconds": 0})).to_string());
    let changed = installation.json(&["client", "update", "agents", "update.json"], "");
    let shown = installation.json(&["client", "show", "agents"], "");
    for view in [&changed, &shown] {
        assert_eq!((view.get("refresh_shared"), &view["refresh_overlap_seconds"]), (None, &json!(0)));
    }
    for verb in ["add", "update"] {
        let help = installation.text(&["client", verb, "--help"]);
        for member in ["refresh_overlap_seconds", "refresh_shared"] {
            assert!(help.contains(member), "{member}: {help}");
        }
    }
}

#[test]
fn v_35_clients_that_cannot_work_are_refused_with_the_member() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    let cases = [
        (
            json!({"client_id": "shop", "redirect_uris": ["https://a.example"]}),
            &["client shop exists already", "update"][..],
        ),
        (
            json!({"token_endpoint_auth_method": "tls_client_auth"}),
            &["token_endpoint_auth_method", "client_secret_post"],
        ),
        (json!({"redirect_uris": ["http://a.example/cb"]}), &["redirect_uris", "http://a.example/cb"]),
        (json!({}), &["redirect_uris", "at least one"]),
        (
            json!({"redirect_uris": ["https://a.example"], "refresh_overlap_seconds": 3601}),
            &["refresh_overlap_seconds", "3600"],
        ),
        (json!({"grant_types": ["implicit"]}), &["grant_types", "authorization_code"]),
        (
            json!({"client_secret": "short", "redirect_uris": ["https://a.example"]}),
            &["client_secret", "32 characters"],
        ),
        (json!({"client_id": "u-1", "redirect_uris": ["https://a.example"]}), &["client_id"]),
        (json!([]), &["one JSON object"]),
    ];
    for (metadata, words) in cases {
        installation.refused(&["client", "add", "-"], &metadata.to_string(), 1, words);
    }
    installation.refused(&["client", "add", "-"], "{\n", 1, &["line 2"]);
    installation.refused(&["client", "add", "none.json"], "", 1, &["none.json", "standard input"]);
    installation.refused(&["client", "add"], "", 2, &["<FILE>", "--spa"]);
    assert_eq!(installation.json(&["client", "list"], "").as_array().unwrap().len(), 1);
}

#[test]
fn clients_are_updated_rotated_disabled_and_removed() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    let mut edited = installation.json(&["client", "show", "shop"], "");
    edited["client_name"] = json!("The new shop");
    let updated = installation.json(&["client", "update", "shop", "-"], &edited.to_string());
    assert_eq!(updated["client_name"], "The new shop");
    assert!(installation.text(&["client", "show", "shop"]).contains("\"client_name\": \"The new shop\""));

    let rotated = installation.json(&["client", "rotate-secret", "shop", "--keep-seconds", "60"], "");
    assert_eq!(rotated["client_secret_expires_at"], 0);
    assert_ne!(rotated["client_secret"], "given-secret-1-of-thirty-three-chars");
    let secrets = installation.json(&["client", "show", "shop"], "")["secrets"].clone();
    let ends: Vec<bool> =
        secrets.as_array().unwrap().iter().map(|secret| secret["ends_at"].is_string()).collect();
    assert_eq!(ends.iter().filter(|ends| **ends).count(), 1, "two live, and one of them ends: {secrets}");
    assert_eq!(ends.len(), 2);

    assert_eq!(installation.json(&["client", "disable", "shop"], "")["disabled"], true);
    assert_eq!(installation.json(&["client", "show", "shop"], "")["disabled"], true);
    assert_eq!(installation.json(&["client", "enable", "shop"], "")["disabled"], false);
    assert_eq!(installation.json(&["client", "remove", "shop"], "")["removed"], true);
    for command in ["show", "remove", "disable", "enable", "rotate-secret"] {
        installation.refused(
            &["client", command, "shop"],
            "",
            1,
            &["there is no client shop", "client list"],
        );
    }
    assert!(installation.text(&["client", "list"]).contains("No clients yet"));
}

#[test]
fn the_command_that_a_refusal_names_lifts_it() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    installation.json(&["client", "disable", "shop"], "");
    let fix = proofkey_protocol::Refusal::ClientDisabled.explain().fix;
    let (_, command) = fix.trim_end_matches('.').split_once("proofkey ").unwrap();
    installation.json(&[command.split(' ').collect::<Vec<_>>(), vec!["shop"]].concat(), "");
    assert_eq!(installation.json(&["client", "show", "shop"], "")["disabled"], false, "{fix}");
}

#[test]
fn every_command_that_a_refusal_names_exists() {
    let installation = Installation::empty();
    let mut count = 0;
    let cures: String = proofkey_protocol::Refusal::ALL.iter().map(|refusal| refusal.explain().fix).collect();
    for text in [cures.as_str(), include_str!("../../../../server/locales/de/rules.ftl")] {
        for named in text.split("proofkey ").skip(1) {
            let word = |char: char| char.is_ascii_lowercase() || char == '-';
            let words: Vec<&str> =
                named.split(' ').map(|text| text.split(|char| !word(char)).next().unwrap()).take(2).collect();
            assert!(installation.text(&[words, vec!["--help"]].concat()).contains("Usage"));
            count += 1;
        }
    }
    assert!(count >= 8, "only {count} commands are named");
}

#[test]
fn updates_that_cannot_be_are_refused() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    let uris = json!(["https://shop.example/cb"]);
    let cases = [
        (json!({"client_id": "other", "redirect_uris": uris}), &["another client_id than shop"][..]),
        (json!({"client_secret": "canary-secret", "redirect_uris": uris}), &["rotate-secret shop"]),
        (json!({"token_endpoint_auth_method": "none", "redirect_uris": uris}), &["confidential"]),
        (json!({"redirect_uris": ["nowhere"]}), &["redirect_uris", "nowhere"]),
    ];
    for (metadata, words) in cases {
        let stderr =
            installation.refused(&["client", "update", "shop", "-"], &metadata.to_string(), 1, words);
        assert!(!stderr.contains("canary"), "{stderr}");
    }
    installation.refused(
        &["client", "update", "none", "-"],
        &json!({"redirect_uris": uris}).to_string(),
        1,
        &["there is no client none"],
    );
    installation.refused(
        &["client", "rotate-secret", "shop", "--keep-seconds", "-1"],
        "",
        2,
        &["--keep-seconds"],
    );
    installation.add_client(
        &json!({"client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": uris}),
    );
    installation.refused(&["client", "rotate-secret", "app"], "", 1, &["public", "no secret"]);
    installation.refused(
        &["client", "update", "app", "-"],
        &json!({"redirect_uris": uris}).to_string(),
        1,
        &["is public"],
    );
    assert_eq!(installation.json(&["client", "show", "shop"], "")["client_name"], "The shop");
}

#[test]
fn an_id_or_a_name_may_begin_with_a_hyphen_and_options_are_still_options() {
    let installation = Installation::new();
    let mut metadata = web_client();
    metadata["client_id"] = json!("-AwsBxRbZt_w3Jyf");
    let id = installation.add_client(&metadata)["client_id"].as_str().unwrap().to_owned();
    for command in ["show", "disable", "enable", "rotate-secret", "revoke-grants"] {
        assert_eq!(installation.json(&["client", command, &id], "")["client_id"], *id, "{command}");
        let first = installation.run(&["client", command, "--json", &id], "");
        assert_eq!(first.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&first.stderr));
    }
    let updated = installation
        .json(&["client", "update", &id, "-"], &json!({"redirect_uris": ["https://b.example"]}).to_string());
    assert_eq!(updated["redirect_uris"], json!(["https://b.example"]));
    installation.json(&["user", "add", "--username=-ada", "--password-stdin"], PASSWORD);
    assert_eq!(installation.json(&["consent", "list", "--user=-ada", "--client", &id], ""), json!([]));
    assert_eq!(installation.json(&["user", "disable", "-ada"], "")["disabled"], true);
    assert_eq!(installation.json(&["client", "remove", &id], "")["removed"], true);
}

#[test]
fn k_18_k_23_a_client_is_bound_to_the_apis_that_its_scopes_wait_for() {
    let installation = Installation::new();
    let metadata = json!({
        "client_id": "desk", "token_endpoint_auth_method": "none", "redirect_uris": ["https://desk.example/cb"],
        "scope": "openid read pay",
    });
    installation.write("desk.json", &metadata.to_string());
    let warned = |arguments: &[&str]| {
        let output = installation.run(arguments, "");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let stderr = warned(&["client", "add", "desk.json"]);
    assert!(stderr.contains("read pay") && stderr.contains("client edit desk --bind"), "{stderr}");
    assert_eq!(installation.json(&["client", "show", "desk"], "")["resources"], json!([]));

    let notes = ["api", "add", "--resource", "https://notes.example", "--scope", "read"];
    let stderr = warned(&notes);
    assert!(stderr.contains("desk") && stderr.contains("client edit"), "{stderr}");
    let again = ["api", "add", "--resource", "https://other.example", "--scope", "read"];
    let report = installation.json(&again, "");
    assert_eq!(report["waiting_clients"], json!(["desk"]), "it is bound to neither");

    let stderr = warned(&["client", "edit", "desk", "--add-api", "https://notes.example"]);
    assert!(stderr.contains("pay") && !stderr.contains("read pay"), "{stderr}");
    let third = ["api", "add", "--resource", "https://third.example", "--scope", "read", "--scope", "pay"];
    assert_eq!(installation.json(&third, "")["waiting_clients"], json!(["desk"]));
    assert!(!warned(&["client", "edit", "desk", "--bind"]).contains("--bind"), "nothing waits");
    let shown =
        |installation: &Installation| installation.json(&["client", "show", "desk"], "")["resources"].clone();
    assert_eq!(shown(&installation), json!(["https://notes.example", "https://third.example"]));
    let edit = ["client", "edit", "desk", "--remove-api", "https://notes.example", "--json"];
    let _ = warned(&edit);
    assert_eq!(shown(&installation), json!(["https://third.example"]));

    installation.refused(&["client", "edit", "desk"], "", 2, &["--bind"]);
    let unknown = ["client", "edit", "desk", "--add-api", "https://unknown.example"];
    installation.refused(&unknown, "", 1, &["no API is registered under https://unknown.example"]);
    installation.refused(&["client", "edit", "nobody", "--bind"], "", 1, &["there is no client nobody"]);
    let named = json!({"redirect_uris": ["https://a.example"], "resources": ["https://third.example", "https://x.example"]});
    installation.write("named.json", &named.to_string());
    installation.refused(&["client", "add", "named.json"], "", 1, &["resources[1]", "https://x.example"]);
}
