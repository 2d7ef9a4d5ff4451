//! The assistant for clients: by the kind of app, with questions on a terminal, and edits.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::Installation;

pub(super) const SPA: [&str; 7] =
    ["client", "add", "--spa", "--name", "Notes", "--redirect", "http://localhost:5173/callback"];

#[test]
fn pk_09_a_client_of_each_kind_is_registered_and_told_what_comes_next() {
    let installation = Installation::new();
    let native = [
        "client",
        "add",
        "--native",
        "--name",
        "Notes",
        "--redirect",
        "com.example.notes:/cb",
        "--redirect",
        "http://127.0.0.1/cb",
    ];
    let web = [
        "client",
        "add",
        "--web",
        "--name",
        "Shop",
        "--redirect",
        "https://shop.example/cb",
        "--post-logout",
        "https://shop.example/",
    ];
    let service = ["client", "add", "--service", "--name", "Job", "--scope", "notes:read notes:write"];
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "notes:read"], "");
    let kinds: [(&[&str], &str, &str, bool, Value); 4] = [
        (&SPA, "none", "web", false, json!(["authorization_code", "refresh_token"])),
        (&native, "none", "native", false, json!(["authorization_code", "refresh_token"])),
        (&web, "client_secret_basic", "web", true, json!(["authorization_code", "refresh_token"])),
        (&service, "client_secret_basic", "web", true, json!(["client_credentials"])),
    ];
    for (arguments, method, application, has_secret, grants) in kinds {
        let added = installation.json(arguments, "");
        assert_eq!(added["token_endpoint_auth_method"], method);
        assert_eq!((&added["application_type"], &added["grant_types"]), (&json!(application), &grants));
        assert_eq!(added["issuer"], "https://id.example");
        assert_eq!(
            added["client_secret"].as_str().is_some_and(|secret| secret.len() > 40),
            has_secret,
            "{added}"
        );
        let id = added["client_id"].as_str().unwrap();
        let shown = installation.json(&["client", "show", id], "");
        assert_eq!(shown.get("issuer"), None);
        assert!(!shown.to_string().contains(added["client_secret"].as_str().unwrap_or("none of them")));
        // The answer can be given back as it is.
        let output = installation.run(&["client", "update", id, "-"], &without_secret(&added).to_string());
        assert!(
            output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("Ignored"),
            "{output:?}"
        );

        let said = installation.text(arguments);
        for words in [
            "client_id",
            "issuer         https://id.example",
            ".well-known/openid-configuration",
            "client edit",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert_eq!(said.matches("shown this once").count(), usize::from(has_secret), "{said}");
    }
    let service = installation.json(&service, "");
    assert_eq!(
        (&service["scope"], &service["resources"]),
        (&json!("notes:read notes:write"), &json!(["https://api.example"]))
    );
    let own = installation.json(
        &[&SPA[..], &["--id", "notes", "--scope", "notes:read", "--api", "https://api.example"]].concat(),
        "",
    );
    assert_eq!((&own["client_id"], &own["resources"]), (&json!("notes"), &json!(["https://api.example"])));
    let scope = own["scope"].as_str().unwrap();
    assert!(
        scope.contains("openid") && scope.contains("offline_access") && scope.contains("notes:read"),
        "{scope}"
    );
}

fn without_secret(added: &Value) -> Value {
    let mut metadata = added.clone();
    metadata.as_object_mut().unwrap().remove("client_secret");
    metadata
}

#[test]
fn pk_09_ht_07_a_secret_that_the_app_has_comes_by_standard_input_and_never_as_an_argument() {
    let installation = Installation::new();
    let web = ["client", "add", "--web", "--name", "Shop", "--redirect", "https://shop.example/cb"];
    let secret = "given-secret-1-of-thirty-three-chars";
    let added = installation.json(&[&web[..], &["--secret-stdin"]].concat(), &format!("{secret}\n"));
    assert_eq!(added["client_secret"], secret);
    installation.refused(&[&web[..], &["--secret-stdin"]].concat(), "short", 1, &["client_secret", "32"]);
    installation.refused(&[&web[..], &["--secret-stdin"]].concat(), "", 1, &["secret on standard input"]);
    for given in [&["--secret", "canary-0123456789"][..], &["--secret=canary-0123456789"]] {
        let stderr = installation.refused(&[&web[..], given].concat(), "", 2, &["--secret"]);
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

#[test]
fn pk_09_cl_08_what_an_app_of_a_kind_cannot_be_is_refused_with_the_kind_that_can() {
    let installation = Installation::new();
    let all = |more: &[&'static str]| [&["client", "add", "--name", "Notes"][..], more].concat();
    let https = "https://notes.example/cb";
    for (arguments, words) in [
        (
            all(&["--web", "--redirect", https, "--redirect", "com.example.notes:/cb"]),
            &["--redirect", "com.example.notes:/cb", "--native"][..],
        ),
        (all(&["--spa", "--redirect", "com.example.notes:/cb"]), &["--redirect", "--native"]),
        (all(&["--spa", "--redirect", https, "--secret-stdin"]), &["--secret-stdin", "--web"]),
        (all(&["--native", "--redirect", https, "--secret-stdin"]), &["--secret-stdin", "--web"]),
        (all(&["--service", "--scope", "notes:read", "--redirect", https]), &["--redirect", "--web"]),
        (all(&["--service", "--scope", "notes:read", "--post-logout", https]), &["--post-logout", "--web"]),
        (all(&["--service", "--scope", "notes:read openid"]), &["--scope", "`openid`", "--web"]),
        (all(&["--web", "--redirect", "http://notes.example/cb"]), &["--redirect", "use https"]),
        (all(&["--native", "--redirect", "http://notes.example/cb"]), &["--redirect", "use https"]),
        (all(&["--web", "--redirect", "https://notes.example/cb#top"]), &["--redirect", "fragment"]),
        (all(&["--spa", "--web", "--redirect", https]), &["--spa", "--web"]),
        (all(&["--spa", "--redirect", https, "--scope", "a\"b"]), &["--scope"]),
        (all(&["--spa", "--redirect", https, "--api", "notes"]), &["--api"]),
        (vec!["client", "add", "client.json", "--spa"], &["--spa"]),
        (vec!["client", "add", "client.json", "--name", "Notes"], &["--name"]),
        (vec!["client", "add", "client.json", "--secret-stdin"], &["--secret-stdin"]),
    ] {
        installation.refused(&arguments, "a-secret-of-more-than-thirty-two-characters", 2, words);
    }
    let unknown = all(&["--spa", "--redirect", https, "--api", "https://unknown.example"]);
    installation.refused(&unknown, "", 1, &["no API is registered under https://unknown.example"]);
    let id = all(&["--spa", "--redirect", https, "--id", "u-1"]);
    installation.refused(&id, "", 1, &["client_id"]);
    assert_eq!(installation.json(&["client", "list"], ""), json!([]), "nothing was registered");
}

#[test]
fn pk_09_without_a_terminal_there_is_no_question_and_the_missing_flags_are_named() {
    let installation = Installation::new();
    for (arguments, words) in [
        (&["client", "add"][..], &["--spa, --native, --web and --service", "--name", "<FILE>"][..]),
        (&["client", "add", "--name", "Notes"], &["--spa, --native, --web and --service"]),
        (&["client", "add", "--spa"], &["missing: --name, --redirect"]),
        (&["client", "add", "--native", "--name", "Notes"], &["missing: --redirect"]),
        (&["client", "add", "--web", "--redirect", "https://a.example/cb"], &["missing: --name"]),
        (&["client", "add", "--service", "--name", "Job"], &["missing: --scope"]),
    ] {
        for json in [&[][..], &["--json"]] {
            let stderr = installation.refused(&[arguments, json].concat(), "1\nNotes\n", 2, words);
            assert!(!stderr.contains('?') || stderr.contains("what kind of app is it? Missing"), "{stderr}");
        }
    }
    assert_eq!(installation.json(&["client", "list"], ""), json!([]));
}

/// What a command shows that is typed into at a terminal, and how it ended. `script` gives it one.
fn at_terminal(installation: &Installation, arguments: &str, typed: &str) -> (String, i32) {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--echo", "never", "--command"]);
    command.arg(format!("{} {arguments}", env!("CARGO_BIN_EXE_proofkey"))).arg("/dev/null");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("TERM", "dumb");
    command.current_dir(installation.directory.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let output = child.wait_with_output().unwrap();
    (String::from_utf8_lossy(&output.stdout).replace('\r', ""), output.status.code().unwrap())
}

#[test]
fn pk_09_on_a_terminal_it_asks_for_what_is_not_given_and_registers_it() {
    let installation = Installation::new();
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "notes:read"], "");
    let (shown, code) =
        at_terminal(&installation, "client add", "1\nNotes\nhttp://localhost:5173/cb\n\nnotes:read\nreact\n");
    assert_eq!(code, 0, "{shown}");
    for words in [
        "What kind of app is it?",
        "What do people call it?",
        "redirect URI",
        "(notes:read)",
        "What is it written with?",
        "(angular, react, vue; Enter for none)",
        "src/main.jsx:",
        "Registered Notes",
        "issuer",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let clients = installation.json(&["client", "list"], "");
    assert_eq!((clients.as_array().unwrap().len(), &clients[0]["client_name"]), (1, &json!("Notes")));
    assert_eq!(clients[0]["resources"], json!(["https://api.example"]));

    let (shown, code) = at_terminal(&installation, "client add --service --name Job", "notes:read\n");
    assert_eq!(code, 0, "{shown}");
    assert!(
        !shown.contains("What kind") && !shown.contains("written with") && shown.contains("shown this once"),
        "{shown}"
    );

    for (arguments, typed, expected) in [
        // Given up in the middle.
        ("client add", "web\nShop\n", 1),
        ("client add --web --name Shop", "http://shop.example/cb\nno\nno\nno\nno\n", 1),
        // What was given is judged before anything is asked.
        ("client add --web --redirect com.example.shop:/cb", "Shop\n", 2),
        ("client add --web --json", "Shop\nhttps://shop.example/cb\n\n", 2),
    ] {
        let (shown, code) = at_terminal(&installation, arguments, typed);
        assert_eq!(code, expected, "{arguments}: {shown}");
    }
    assert_eq!(installation.json(&["client", "list"], "").as_array().unwrap().len(), 2, "nothing by halves");
}

#[test]
fn pk_09_a_client_is_edited_by_what_is_named() {
    let installation = Installation::new();
    installation.json(&["api", "add", "--resource", "https://api.example", "--scope", "notes:read"], "");
    installation.json(&[&SPA[..], &["--id", "notes"]].concat(), "");
    let edit = |more: &[&'static str]| [&["client", "edit", "notes"][..], more].concat();
    let edited = installation.json(
        &edit(&[
            "--add-redirect",
            "https://notes.example/callback",
            "--remove-redirect",
            "http://localhost:5173/callback",
            "--add-post-logout",
            "https://notes.example/",
            "--name",
            "Our notes",
            "--add-scope",
            "notes:read",
            "--remove-scope",
            "address",
            "--bind",
        ]),
        "",
    );
    assert_eq!(edited["redirect_uris"], json!(["https://notes.example/callback"]));
    assert_eq!(edited["post_logout_redirect_uris"], json!(["https://notes.example/"]));
    assert_eq!(
        (&edited["client_name"], &edited["resources"]),
        (&json!("Our notes"), &json!(["https://api.example"]))
    );
    let scope = edited["scope"].as_str().unwrap();
    assert!(
        scope.contains("notes:read") && scope.contains("openid") && !scope.contains("address"),
        "{scope}"
    );
    assert_eq!(installation.json(&["client", "show", "notes"], "")["scope"], edited["scope"]);
    let said = installation.text(&edit(&["--name", "Notes"]));
    assert!(said.contains("Changed notes") && said.contains("https://notes.example/callback"), "{said}");

    for (more, code, words) in [
        (&[][..], 2, &["--add-redirect"][..]),
        (
            &["--remove-redirect", "https://other.example/"],
            1,
            &["--remove-redirect", "https://other.example/"],
        ),
        (&["--remove-redirect", "https://notes.example/callback"], 1, &["at least one"]),
        (&["--remove-scope", "notes:write"], 1, &["--remove-scope", "`notes:write`"]),
        // What `client add` refuses with 2 is refused with 2 here.
        (&["--add-redirect", "com.example.notes:/cb"], 2, &["--add-redirect", "client add --native"]),
        (&["--add-redirect", "http://notes.example/"], 2, &["--add-redirect", "use https"]),
        (&["--add-scope", "a\"b"], 2, &["--add-scope"]),
        (&["--add-api", "notes"], 2, &["--add-api", "`notes`"]),
    ] {
        installation.refused(&edit(more), "", code, words);
    }
    installation.refused(&["client", "edit", "none", "--name", "x"], "", 1, &["there is no client none"]);
    assert_eq!(installation.json(&["client", "show", "notes"], "")["redirect_uris"], edited["redirect_uris"]);
}
