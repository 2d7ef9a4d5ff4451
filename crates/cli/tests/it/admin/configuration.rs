//! `init`, `check-config`, and the options that every command has.

use std::path::Path;

use super::support::Installation;

#[test]
fn init_writes_a_configuration_that_check_config_takes_and_never_overwrites() {
    let installation = Installation::empty();
    let written = installation.json(
        &[
            "init",
            "--config",
            "a.toml",
            "--issuer",
            "https://id.example",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "d",
        ],
        "",
    );
    assert_eq!(written["config"], "a.toml");
    let before = std::fs::read_to_string(installation.path("a.toml")).unwrap();
    let key = std::fs::read_to_string(installation.path("sealing.key")).unwrap();
    assert!(before.contains("# code_seconds = 60") && before.contains("\"https://id.example\""), "{before}");
    assert_private(&installation.path("sealing.key"));

    let checked = installation.json(&["check-config", "--config", "a.toml"], "");
    assert_eq!(checked["issuer"], "https://id.example");
    assert!(!checked["warnings"].as_array().unwrap().is_empty(), "no TLS and no proxies deserve a warning");
    assert!(installation.text(&["check-config", "--config", "a.toml"]).contains("no errors\nwarning: "));

    let again = ["init", "--config", "a.toml", "--issuer", "https://other.example"];
    installation.refused(&again, "", 1, &["a.toml exists already"]);
    let beside = ["init", "--config", "b.toml", "--issuer", "https://other.example"];
    installation.refused(&beside, "", 1, &["sealing.key exists already", "database"]);
    assert!(!installation.path("b.toml").exists());
    assert_eq!(std::fs::read_to_string(installation.path("a.toml")).unwrap(), before);
    assert_eq!(std::fs::read_to_string(installation.path("sealing.key")).unwrap(), key);
}

#[cfg(unix)]
fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
}

#[cfg(not(unix))]
fn assert_private(_: &Path) {}

#[test]
fn init_refuses_what_cannot_be() {
    let installation = Installation::empty();
    installation.refused(&["init", "--issuer", "http://id.example"], "", 2, &["--issuer", "https URL"]);
    installation.refused(&["init"], "", 2, &["--issuer"]);
    installation.refused(
        &["init", "--issuer", "https://a.example", "--listen", "here"],
        "",
        2,
        &["--listen"],
    );
    let nowhere = ["init", "--config", "no/such/a.toml", "--issuer", "https://a.example"];
    installation.refused(&nowhere, "", 1, &["no/such is no directory"]);
    assert_eq!(
        std::fs::read_dir(installation.directory.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );
}

#[test]
fn k_34_init_takes_an_issuer_only_in_the_spelling_of_browsers() {
    let installation = Installation::empty();
    for (odd, normal) in [
        ("https://ID.example", "https://id.example"),
        ("https://id.example:443", "https://id.example"),
        ("https://id.example/", "https://id.example"),
        ("https://id.example/a/../b", "https://id.example/b"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ] {
        installation.refused(&["init", "--issuer", odd], "", 2, &["--issuer", &format!("`{normal}`")]);
    }
    installation.json(&["init", "--issuer", "http://localhost:4455", "--listen", "localhost:4455"], "");
    let written = std::fs::read_to_string(installation.path("proofkey.toml")).unwrap();
    assert!(written.contains("listen = \"localhost:4455\""), "a name stays a name");
}

#[test]
fn a_faulty_configuration_is_refused_by_line_and_column() {
    let installation = Installation::new();
    let good = std::fs::read_to_string(installation.path("proofkey.toml")).unwrap();
    installation.write("proofkey.toml", &format!("{good}\n[tokens2]\ncode_second = 5\n"));
    let line = good.lines().count() + 2;
    for command in [&["check-config"][..], &["client", "list"], &["key", "rotate", "--now"]] {
        installation.refused(command, "", 1, &[&format!("proofkey.toml:{line}:"), "tokens2"]);
    }
    installation.write("proofkey.toml", &good.replace("# level = \"info\"", "level = \"proofkey=loud\""));
    installation.refused(&["check-config"], "", 1, &["log.level", "proofkey=loud"]);
    let tls = "[server]\ntls_certificate = \"no.pem\"\ntls_key = \"no.pem\"";
    installation.write("proofkey.toml", &good.replacen("[server]", tls, 1));
    installation.refused(&["check-config"], "", 1, &["no.pem"]);
    installation.refused(&["user", "list", "--config", "none.toml"], "", 1, &["none.toml", "proofkey init"]);
}

#[test]
fn options_stand_before_or_after_the_action_and_help_names_the_exit_codes() {
    let installation = Installation::empty();
    installation.json(&["init", "--config", "a.toml", "--issuer", "https://id.example"], "");
    for arguments in [
        &["client", "--config", "a.toml", "--json", "list"][..],
        &["client", "list", "--config", "a.toml", "--json"],
        &["client", "--json", "list", "--config", "a.toml"],
    ] {
        let output = installation.run(arguments, "");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "[]\n", "{arguments:?}");
    }
    for arguments in [
        &["client", "--help"][..],
        &["init", "--help"],
        &["check-config", "--help"],
        &["key", "rotate", "--help"],
    ] {
        assert!(installation.text(arguments).contains("Exit codes: 0 done"), "{arguments:?}");
    }
    installation.refused(&["client"], "", 2, &["Usage"]);
}

#[test]
fn pk_14_check_config_and_the_start_name_who_is_registered_for_an_algorithm_that_is_off() {
    let installation = Installation::new();
    let (two, three) =
        ("algorithms = [\"ES256\", \"RS256\"]", "algorithms = [\"ES256\", \"RS256\", \"EdDSA\"]");
    // Before there is a database nothing is registered.
    let checked = installation.json(&["check-config"], "");
    assert!(!checked["warnings"].to_string().contains("algorithm"), "{checked}");
    let mut client = super::support::web_client();
    client["id_token_signed_response_alg"] = serde_json::json!("EdDSA");
    let cure = ["id_token_signed_response_alg: EdDSA", "keys.algorithms", "name one of ES256, RS256"];
    installation.refused(&["client", "add", "-"], &client.to_string(), 1, &cure);
    let api = ["api", "add", "--resource", "https://api.example", "--scope", "x", "--algorithm", "EdDSA"];
    installation.refused(&api, "", 1, &["--algorithm: EdDSA", "one of ES256, RS256"]);
    installation.replace(two, three);
    installation.add_client(&client);
    installation.json(&api, "");
    installation.json(&["check-config"], "");
    let list = installation.text(&["api", "list"]);
    assert!(list.contains("EdDSA"), "{list}");
    installation.replace(three, two);
    let words =
        ["keys.algorithms", "client shop (EdDSA), API https://api.example (EdDSA)", "one of ES256, RS256"];
    let said = installation.refused(&["check-config"], "", 1, &words);
    let start = installation.refused(&["serve"], "", 1, &words);
    let cause = |text: &str| text.split("keys.algorithms leaves out").nth(1).unwrap().trim().to_owned();
    assert_eq!(cause(&said), cause(&start), "both say the same");
    installation.json(&["client", "remove", "shop"], "");
    installation.json(&["api", "remove", "https://api.example"], "");
    installation.json(&["check-config"], "");
    for (list, words) in [
        ("[]", "names one at least"),
        ("[\"ES256\", \"ES256\"]", "each once"),
        ("[\"HS256\"]", "\"HS256\" is none of ES256, EdDSA, RS256"),
        ("[\"none\"]", "\"none\" is none of"),
        ("[\"es256\"]", "\"es256\" is none of"),
    ] {
        installation.replace(two, &format!("algorithms = {list}"));
        installation.refused(&["check-config"], "", 1, &["proofkey.toml:", "keys.algorithms", words]);
        installation.replace(&format!("algorithms = {list}"), two);
    }
}

#[test]
fn pk_14_a_new_installation_makes_no_key_that_was_not_asked_for_and_an_older_file_has_all_as_before() {
    for (is_new, expected) in [(true, &["ES256", "RS256"][..]), (false, &["ES256", "EdDSA", "RS256"])] {
        let installation = Installation::empty();
        installation.json(&["init", "--issuer", "https://id.example", "--listen", "127.0.0.1:0"], "");
        if !is_new {
            installation.replace("algorithms = [\"ES256\", \"RS256\"]", "");
        }
        let _server = crate::serve::server::Server::start(&installation);
        let keys = installation.json(&["key", "list"], "");
        let mut algorithms: Vec<_> =
            keys.as_array().unwrap().iter().map(|key| key["algorithm"].as_str().unwrap()).collect();
        algorithms.sort_unstable();
        assert_eq!(algorithms, expected);
    }
}

#[test]
fn pk_14_check_config_names_the_apis_whose_tokens_another_first_of_the_list_signs() {
    let installation = Installation::new();
    let (es, rs) = ("algorithms = [\"ES256\", \"RS256\"]", "algorithms = [\"RS256\", \"ES256\"]");
    let add = ["api", "add", "--scope"];
    installation.json(&[&add[..], &["x", "--resource", "https://a.example"]].concat(), "");
    let names_one = ["y", "--resource", "https://b.example", "--algorithm", "ES256"];
    installation.json(&[&add[..], &names_one].concat(), "");
    let warned = || installation.json(&["check-config"], "")["warnings"].to_string();
    assert!(!warned().contains("a.example"));
    for (before, list, first) in
        [(es, rs, "RS256"), (rs, "algorithms = [\"EdDSA\", \"ES256\", \"RS256\"]", "EdDSA")]
    {
        installation.replace(before, list);
        let warned = warned();
        let words = format!("{first} is the first of keys.algorithms");
        assert!(warned.contains(&words) && warned.contains("https://a.example"), "{warned}");
        assert!(!warned.contains("b.example") && warned.contains("proofkey api edit"), "{warned}");
    }
}

#[cfg(unix)]
#[test]
fn pk_14_check_config_asks_a_database_and_changes_nothing_of_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let installation = Installation::new();
    let mut client = super::support::web_client();
    client["id_token_signed_response_alg"] = serde_json::json!("ES256");
    installation.add_client(&client);
    let (data, database) = (installation.path("data"), installation.path("data/proofkey.db"));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let stands = || (mode(&data), mode(&database), std::fs::read(&database).unwrap());
    for (path, mode) in [(&data, 0o755), (&database, 0o644)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let before = stands();
    let said = installation.json(&["check-config"], "")["warnings"].to_string();
    assert!(!said.contains("is not known"), "{said}");
    installation.replace("algorithms = [\"ES256\", \"RS256\"]", "algorithms = [\"RS256\"]");
    installation.refused(&["check-config"], "", 1, &["client shop (ES256)"]);
    assert_eq!(stands(), before);
}
