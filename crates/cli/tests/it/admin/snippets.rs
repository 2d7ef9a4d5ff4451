//! Ready files for the apps of clients: when they are printed, who is told of them, and what is never in them.

use super::assistant::SPA;
use super::support::Installation;

#[test]
fn pk_09_a_snippet_is_printed_with_the_client_or_what_prints_it_later() {
    let installation = Installation::new();
    let with_snippet = |more: &[&'static str]| [&SPA[..], &["--snippet", "react"], more].concat();
    let too_early = installation.json(&with_snippet(&["--id", "early"]), "");
    let reason = too_early["no_snippet"].as_str().unwrap();
    let command = "`proofkey client snippet early react`";
    assert!(too_early.get("snippet").is_none() && reason.contains("client edit early"), "{reason}");
    assert!(reason.ends_with(command), "{reason}");
    let output = installation.run(&with_snippet(&["--id", "late"]), "");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("No snippet: ") && told.contains("`proofkey client snippet late react`"), "{told}");

    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "notes:read"], "");
    installation.json(&["client", "edit", "early", "--add-scope", "notes:read", "--bind"], "");
    let printed = installation.text(&["client", "snippet", "early", "react"]);
    assert!(printed.contains("\"early\""), "{printed}");
    let added = installation.json(&with_snippet(&["--id", "notes", "--scope", "notes:read"]), "");
    assert_eq!(added["snippet"]["file"], "src/main.jsx");
    assert_eq!(added["snippet"]["text"].as_str().unwrap(), printed.replace("\"early\"", "\"notes\""));
    assert!(added.get("no_snippet").is_none());
    let said = installation.text(&with_snippet(&["--scope", "notes:read"]));
    assert!(said.contains("src/main.jsx:\n\n"), "{said}");
}

#[test]
fn pk_09_every_kind_but_a_service_is_told_of_its_snippets() {
    let installation = Installation::new();
    for (kind, redirect, names) in [
        ("--spa", "https://a.example/cb", "angular, react, vue"),
        ("--native", "com.example.notes:/cb", "curl, rust"),
        ("--web", "https://a.example/cb", "django, express, flask, go, next, spring"),
    ] {
        let said =
            installation.text(&["client", "add", kind, "--name", "A", "--id", "a", "--redirect", redirect]);
        let told =
            format!("`proofkey client snippet a FRAMEWORK` prints a ready file for it; FRAMEWORK: {names}.");
        assert!(said.contains(&told), "{kind}: {said}");
        installation.json(&["client", "remove", "a"], "");
    }
    let said = installation.text(&["client", "add", "--service", "--name", "Job", "--scope", "notes:read"]);
    assert!(!said.contains("client snippet"), "{said}");
}

#[test]
fn pk_09_no_snippet_holds_the_secret_that_is_printed_beside_it() {
    let installation = Installation::new();
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "notes:read"], "");
    let web = ["client", "add", "--web", "--name", "Shop", "--redirect", "https://shop.example/cb"];
    for framework in ["django", "express", "flask", "go", "next", "spring"] {
        let arguments = [&web[..], &["--scope", "notes:read", "--snippet", framework]].concat();
        let given = "given-secret-1-of-thirty-three-chars";
        for (more, stdin) in [(&[][..], ""), (&["--secret-stdin"], given)] {
            let added = installation.json(&[&arguments[..], more].concat(), stdin);
            let (text, secret) = (&added["snippet"]["text"], added["client_secret"].as_str().unwrap());
            let text = text.as_str().unwrap();
            assert!(text.contains("https://id.example") && secret.len() > 32, "{framework}: {added}");
            assert!(!text.contains(secret), "{framework}: {text}");
            let id = added["client_id"].as_str().unwrap();
            assert_eq!(installation.text(&["client", "snippet", id, framework]), text);
        }
    }
}
