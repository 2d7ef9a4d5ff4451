//! Signing keys: listed, replaced, revoked; and the sealing key.

use serde_json::{Value, json};

use super::support::Installation;
use crate::serve::server::Server;

#[test]
fn v_81_keys_are_listed_and_replaced_at_once() {
    let installation = Installation::new();
    assert_eq!(installation.json(&["key", "list"], ""), json!([]));
    installation.refused(&["key", "rotate"], "", 2, &["--now"]);
    let first = installation.json(&["key", "rotate", "--now"], "")["made"].clone();
    assert_eq!(first.as_array().unwrap().len(), 2, "one for each algorithm that is on");
    assert!(first.as_array().unwrap().iter().all(|key| key["state"] == "active"), "{first}");
    installation.json(&["key", "rotate", "--now"], "");
    let keys = installation.json(&["key", "list"], "");
    let of_state = |state: &str| keys.as_array().unwrap().iter().filter(|key| key["state"] == state).count();
    assert_eq!((of_state("active"), of_state("retiring")), (2, 2), "{keys}");
    assert!(keys[0]["active_from"].as_str().unwrap().ends_with('Z'));
    assert!(!keys.to_string().contains("sealed"), "no key material");
    assert!(installation.text(&["key", "list"]).contains("retiring"));

    // Under another sealing key nothing is written: two would keep the server from starting.
    std::fs::remove_file(installation.path("sealing.key")).unwrap();
    installation.refused(&["key", "rotate", "--now"], "", 1, &["sealing key", "proofkey init"]);
    std::fs::remove_file(installation.path("proofkey.toml")).unwrap();
    installation.json(&["init", "--issuer", "https://id.example"], "");
    installation.refused(&["key", "rotate", "--now"], "", 1, &["does not open under this sealing key"]);
    assert_eq!(installation.json(&["key", "list"], ""), keys);
}

fn ids(keys: &Value) -> Vec<String> {
    keys.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn k_16_a_revoked_key_is_gone_from_the_key_set_of_a_running_server_at_once() {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    let server = Server::start(&installation);
    let published = || ids(&server.exchange("GET /jwks", "")["keys"]);
    let first = published();
    let one = installation.json(&["key", "revoke", &first[0]], "");
    assert_eq!((&one["revoked"], one["made"].as_array().unwrap().len()), (&json!([first[0]]), 1));
    let second = published();
    assert!(!second.contains(&first[0]) && second.contains(&first[1]) && second.len() == 2, "{second:?}");
    let all = installation.json(&["key", "revoke", "--all"], "");
    assert_eq!(ids(&all["made"]).len(), 2);
    assert_eq!(published().iter().filter(|kid| first.contains(kid) || second.contains(kid)).count(), 0);
    let sealed = installation.json(&["sealing-key", "rotate", "--revoke-old"], "");
    assert_eq!(sealed, json!({"old_read_until": null, "resealed": 2}));
    assert_eq!(ids(&installation.json(&["key", "rotate", "--now"], "")["made"]).len(), 2);
    assert_eq!(published().len(), 4);
    installation.refused(&["key", "revoke", &first[0]], "", 1, &["there is no key", "key list"]);
    installation.refused(&["key", "revoke"], "", 2, &["<KID>"]);
    installation.refused(&["key", "revoke", &first[0], "--all"], "", 2, &["--all"]);
}

#[test]
fn k_16_the_help_says_which_leak_needs_what() {
    let installation = Installation::empty();
    for command in [["key", "revoke", "--help"], ["sealing-key", "rotate", "--help"]] {
        let help = installation.text(&command);
        for words in [
            "sealing-key rotate --revoke-old",
            "key revoke --all",
            "the database alone",
            "Exit codes: 0 done",
        ] {
            assert!(help.contains(words), "{command:?} {words}: {help}");
        }
    }
    assert!(installation.text(&["key", "revoke", "--help"]).contains("jwks_max_age_seconds"));
    // Wrapped by the terminal's width.
    let rotate = installation.text(&["sealing-key", "rotate", "--help"]);
    let rotate = rotate.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(rotate.contains("at APIs they go on until they expire"), "{rotate}");
}

#[test]
fn k_16_the_sealing_key_is_rotated_in_its_file_or_the_refusal_says_where() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let installation = Installation::new();
    installation.json(&["key", "rotate", "--now"], "");
    let read = || std::fs::read_to_string(installation.path("sealing.key")).unwrap();
    let before = read();
    let rotated = installation.json(&["sealing-key", "rotate"], "");
    assert!(rotated["old_read_until"].as_str().unwrap().ends_with('Z'), "{rotated}");
    let after = read();
    assert!(!after.starts_with(before.trim()) && after.contains(before.trim()), "both stand there");
    let file = installation.path("sealing.key");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // A server's own user goes on reading what `root` has rotated; giving a file away takes root.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let given_away = std::os::unix::fs::chown(&file, Some(65_534), Some(65_534)).is_ok();
    installation.json(&["sealing-key", "rotate"], "");
    let held = file.metadata().unwrap();
    assert_eq!(held.permissions().mode() & 0o777, 0o640);
    assert!(!given_away || (held.uid(), held.gid()) == (65_534, 65_534), "{held:?}");
    installation.json(&["key", "rotate", "--now"], "");
    let mut command = installation.command(&["sealing-key", "rotate"]);
    let output = command.env("PROOFKEY_KEYS__SEALING_KEY", read().lines().next().unwrap()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("PROOFKEY_KEYS__SEALING_KEY") && stderr.contains("revoked"), "{stderr}");
}
