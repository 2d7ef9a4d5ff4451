//! `init`, `check-config`, and the options that every command has.

use std::path::Path;

use super::support::Site;

#[test]
fn init_writes_a_configuration_that_check_config_takes_and_never_overwrites() {
    let site = Site::empty();
    let written = site.json(
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
    let before = std::fs::read_to_string(site.path("a.toml")).unwrap();
    let key = std::fs::read_to_string(site.path("sealing.key")).unwrap();
    assert!(before.contains("# code_seconds = 60") && before.contains("\"https://id.example\""), "{before}");
    assert_private(&site.path("sealing.key"));

    let checked = site.json(&["check-config", "--config", "a.toml"], "");
    assert_eq!(checked["issuer"], "https://id.example");
    assert!(!checked["warnings"].as_array().unwrap().is_empty(), "no TLS and no proxies deserve a warning");
    assert!(site.text(&["check-config", "--config", "a.toml"]).contains("no errors\nwarning: "));

    let again = ["init", "--config", "a.toml", "--issuer", "https://other.example"];
    site.refused(&again, "", 1, &["a.toml exists already"]);
    let beside = ["init", "--config", "b.toml", "--issuer", "https://other.example"];
    site.refused(&beside, "", 1, &["sealing.key exists already", "database"]);
    assert!(!site.path("b.toml").exists());
    assert_eq!(std::fs::read_to_string(site.path("a.toml")).unwrap(), before);
    assert_eq!(std::fs::read_to_string(site.path("sealing.key")).unwrap(), key);
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
    let site = Site::empty();
    site.refused(&["init", "--issuer", "http://id.example"], "", 2, &["--issuer", "https URL"]);
    site.refused(&["init"], "", 2, &["--issuer"]);
    site.refused(&["init", "--issuer", "https://a.example", "--listen", "here"], "", 2, &["--listen"]);
    let nowhere = ["init", "--config", "no/such/a.toml", "--issuer", "https://a.example"];
    site.refused(&nowhere, "", 1, &["no/such is no directory"]);
    assert_eq!(std::fs::read_dir(site.directory.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_faulty_configuration_is_refused_by_line_and_column() {
    let site = Site::new();
    let good = std::fs::read_to_string(site.path("proofkey.toml")).unwrap();
    site.write("proofkey.toml", &format!("{good}\n[tokens2]\ncode_second = 5\n"));
    let line = good.lines().count() + 2;
    for command in [&["check-config"][..], &["client", "list"], &["key", "rotate", "--now"]] {
        site.refused(command, "", 1, &[&format!("proofkey.toml:{line}:"), "tokens2"]);
    }
    site.write("proofkey.toml", &good.replace("# level = \"info\"", "level = \"proofkey=loud\""));
    site.refused(&["check-config"], "", 1, &["log.level", "proofkey=loud"]);
    let tls = "[server]\ntls_certificate = \"no.pem\"\ntls_key = \"no.pem\"";
    site.write("proofkey.toml", &good.replacen("[server]", tls, 1));
    site.refused(&["check-config"], "", 1, &["no.pem"]);
    site.refused(&["user", "list", "--config", "none.toml"], "", 1, &["none.toml", "proofkey init"]);
}

#[test]
fn options_stand_before_or_after_the_action_and_help_names_the_exit_codes() {
    let site = Site::empty();
    site.json(&["init", "--config", "a.toml", "--issuer", "https://id.example"], "");
    for arguments in [
        &["client", "--config", "a.toml", "--json", "list"][..],
        &["client", "list", "--config", "a.toml", "--json"],
        &["client", "--json", "list", "--config", "a.toml"],
    ] {
        let output = site.run(arguments, "");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "[]\n", "{arguments:?}");
    }
    for arguments in [
        &["client", "--help"][..],
        &["init", "--help"],
        &["check-config", "--help"],
        &["key", "rotate", "--help"],
    ] {
        assert!(site.text(arguments).contains("Exit codes: 0 done"), "{arguments:?}");
    }
    site.refused(&["client"], "", 2, &["Usage"]);
}
