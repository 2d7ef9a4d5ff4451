//! Results that do not arrive, and results that a terminal must not obey.

use std::fs::File;
use std::io::{Write as _, pipe};
use std::process::Stdio;

use serde_json::json;

use super::support::{Installation, PASSWORD, web_client};

/// Where a result goes that nobody will see.
const DEAD_ENDS: [fn() -> Stdio; 2] = [
    || File::options().write(true).open("/dev/full").unwrap().into(),
    || {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        writer.into()
    },
];

/// Runs a command whose result is lost; its exit code and what it says.
fn lost(installation: &Installation, arguments: &[&str], stdin: &str, dead_end: Stdio) -> (i32, String) {
    let mut child = installation.command(arguments).stdout(dead_end).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn k_44_a_secret_that_could_not_be_printed_replaces_none() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    installation.json(&["client", "rotate-secret", "shop", "--keep-seconds", "600"], "");
    let secrets =
        || installation.json(&["client", "show", "shop"], "")["secrets"].as_array().unwrap().clone();
    let before =
        (secrets(), installation.json(&["client", "list"], ""), installation.json(&["api", "list"], ""));
    assert_eq!(before.0.len(), 2);
    let public =
        json!({"token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1/cb"]}).to_string();
    // With a scope that no API has: what is said of it comes after the secret.
    let confidential =
        json!({"redirect_uris": ["https://new.example/cb"], "scope": "openid later"}).to_string();
    let api = ["api", "add", "--resource", "https://api.example", "--scope", "read"];
    for dead_end in DEAD_ENDS {
        for (arguments, stdin) in [
            (&["client", "rotate-secret", "shop"][..], ""),
            (&["client", "rotate-secret", "shop", "--keep-seconds", "0"], ""),
            (&["client", "add", "-"], &confidential),
            (&["client", "add", "-"], &public),
            (&[&api[..], &["--introspection"]].concat(), ""),
        ] {
            for json in [&[][..], &["--json"]] {
                let (code, said) = lost(&installation, &[arguments, json].concat(), stdin, dead_end());
                assert_eq!(code, 1, "{arguments:?}: {said}");
                assert!(said.contains("could not be printed"), "{arguments:?}: {said}");
                assert!(!said.contains("No API of the client"), "first the secret, then the rest: {said}");
            }
        }
    }
    // What was begun ends by itself; each secret from before ends when it was to end.
    let after = secrets();
    assert!(before.0.iter().all(|secret| after.contains(secret)), "{after:?}");
    let endless =
        |secrets: &[serde_json::Value]| secrets.iter().filter(|secret| secret["ends_at"].is_null()).count();
    assert_eq!((endless(&before.0), endless(&after)), (1, 1));
    assert_eq!(installation.json(&["api", "list"], ""), before.2);
    let ids = |list: &serde_json::Value| {
        list.as_array().unwrap().iter().map(|one| one["client_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&installation.json(&["client", "list"], "")), ids(&before.1));
}

#[test]
fn k_44_a_result_that_a_full_disk_cuts_off_is_a_failure_and_a_reader_that_left_is_none() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    for arguments in
        [&["client", "list"][..], &["client", "show", "shop"], &["key", "list"], &["check-config"]]
    {
        let codes = DEAD_ENDS.map(|dead_end| lost(&installation, arguments, "", dead_end()).0);
        assert_eq!(codes, [1, 0], "{arguments:?}");
    }
}

#[test]
fn k_45_no_output_steers_a_terminal() {
    let installation = Installation::new();
    let name = "Sh\u{9b}31m\u{202e}op\u{200b}";
    let client = json!({"client_id": "odd", "client_uri": format!("https://a.example/{name}"), "redirect_uris": ["https://a.example/cb"]});
    installation.add_client(&client);
    let claims = json!({"name": name, "nickname": name}).to_string();
    installation.write("claims.json", &claims);
    installation
        .json(&["user", "add", "--username", "ada", "--claims", "claims.json", "--password-stdin"], PASSWORD);
    installation.json(
        &[
            "api",
            "add",
            "--resource",
            "https://api.example",
            "--scope",
            &format!("read={name}"),
            "--name",
            name,
        ],
        "",
    );
    for arguments in [
        &["client", "list"][..],
        &["client", "show", "odd"],
        &["user", "list"],
        &["api", "list"],
        &["api", "remove", name],
        &["user", "disable", name],
    ] {
        for json in [&[][..], &["--json"]] {
            let output = installation.run(&[arguments, json].concat(), "");
            for text in [output.stdout, output.stderr] {
                let text = String::from_utf8(text).unwrap();
                let steering = ['\u{9b}', '\u{202e}', '\u{200b}', '\u{1b}'];
                assert!(!text.contains(steering), "{arguments:?} {json:?}: {text:?}");
            }
        }
    }
    assert_eq!(installation.json(&["api", "list"], "")[0]["name"], name, "the same, in escapes");
}
