//! Signing keys: listed and replaced.

use serde_json::json;

use super::support::Installation;

#[test]
fn v_81_keys_are_listed_and_replaced_at_once() {
    let installation = Installation::new();
    assert_eq!(installation.json(&["key", "list"], ""), json!([]));
    installation.refused(&["key", "rotate"], "", 2, &["--now"]);
    let first = installation.json(&["key", "rotate", "--now"], "")["made"].clone();
    assert_eq!(first.as_array().unwrap().len(), 3, "one for each algorithm");
    assert!(first.as_array().unwrap().iter().all(|key| key["state"] == "active"), "{first}");
    installation.json(&["key", "rotate", "--now"], "");
    let keys = installation.json(&["key", "list"], "");
    let of_state = |state: &str| keys.as_array().unwrap().iter().filter(|key| key["state"] == state).count();
    assert_eq!((of_state("active"), of_state("retiring")), (3, 3), "{keys}");
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
