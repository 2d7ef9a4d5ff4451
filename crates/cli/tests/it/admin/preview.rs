//! `token preview`: what it prints for people and for scripts, and how it ends.

use serde_json::json;

use super::support::{Installation, PASSWORD};

const PREVIEW: [&str; 6] = ["token", "preview", "--client", "shop", "--user", "ada"];

fn installation() -> Installation {
    let installation = Installation::new();
    let user = [
        "user",
        "add",
        "--username",
        "ada",
        "--name",
        "Ada",
        "--email",
        "ada@example.com",
        "--password-stdin",
    ];
    installation.json(&user, PASSWORD);
    installation.add_client(&json!({
        "client_id": "shop", "token_endpoint_auth_method": "none", "redirect_uris": ["https://shop.example/cb"],
        "scope": "openid profile email", "id_token_claims": ["name", "email"],
    }));
    installation
}

fn asking(scope: &str) -> Vec<&str> {
    [&PREVIEW[..], &["--scope", scope]].concat()
}

#[test]
fn pk_13_a_preview_before_the_first_start_says_that_there_is_no_key() {
    let installation = installation();
    let words = ["there is no signing key yet", "proofkey serve"];
    installation.refused(&asking("openid"), "", 1, &words);
    installation.json(&["key", "rotate", "--now"], "");
    installation.json(&asking("openid"), "");
}

#[test]
fn pk_13_a_preview_shows_people_and_scripts_what_gave_and_withheld_each_claim() {
    let installation = installation();
    installation.json(&["key", "rotate", "--now"], "");
    let text = installation.text(&asking("openid profile"));
    for line in [
        "The user would be asked",
        "Access token, without its signature",
        "Claims of the ID token",
        "  + name: id_token_claims has it, and the scope profile opens it (OpenID Connect Core §5.4)",
        "  - email: id_token_claims has it; the scope email is not granted (OpenID Connect Core §5.4)",
        "No refresh token: the client is not registered for the grant type refresh_token.",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let without = "No scope is asked for (--scope). The client is registered for: openid profile email\n";
    assert!(!text.contains("(--scope)") && installation.text(&PREVIEW).starts_with(without), "{text}");
    let view = installation.json(&asking("openid profile"), "");
    let members: Vec<_> = view.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "access_token",
        "client_scope",
        "consent",
        "expires_in",
        "id_token",
        "issued",
        "reasons",
        "refresh_token",
        "refresh_token_withheld",
        "userinfo",
    ];
    assert_eq!(members, expected);
    assert_eq!(
        (&view["issued"], &view["refresh_token"], &view["consent"]),
        (&json!(true), &json!(false), &json!("asked"))
    );
    assert_eq!(view["id_token"]["claims"]["name"], "Ada");
    assert_eq!(view["access_token"]["header"]["alg"], "ES256");
    let email = json!({
        "of": "id_token", "name": "email", "given": false, "standard": "OpenID Connect Core §5.4",
        "why": "id_token_claims has it; the scope email is not granted",
    });
    assert!(view["reasons"].as_array().unwrap().contains(&email), "{view}");
}

#[test]
fn pk_13_what_would_be_refused_is_told_on_standard_output_and_ends_with_1() {
    let installation = installation();
    installation.json(&["key", "rotate", "--now"], "");
    let output = installation.run(&[&asking("openid address")[..], &["--json"]].concat(), "");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let view: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let members: Vec<_> = view.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        ["cause", "error", "fix", "issued", "obstacle", "refused_by", "rule", "standard"],
        "{view}"
    );
    assert_eq!((&view["issued"], &view["refused_by"]), (&json!(false), &json!("/authorize")));
    assert_eq!((&view["error"], &view["obstacle"]), (&json!("invalid_scope"), &json!(null)));

    // The client wants RS256, and this file lists another alone: what servers sign is not looked at.
    installation.replace("algorithms = [\"ES256\", \"RS256\"]", "algorithms = [\"ES256\"]");
    let output = installation.run(&asking("openid"), "");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for words in
        ["/token would refuse this", "grant.algorithm_off", "obstacle  keys.algorithms of this configuration"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    installation.refused(&["token", "preview"], "", 2, &["--client"]);
    installation.refused(&["token", "preview", "--client", "none"], "", 1, &["there is no client none"]);
}
