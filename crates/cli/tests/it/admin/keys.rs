//! Signing keys: listed and replaced.

use serde_json::json;

use super::support::Site;

#[test]
fn v_81_keys_are_listed_and_replaced_at_once() {
    let site = Site::new();
    assert_eq!(site.json(&["key", "list"], ""), json!([]));
    site.refused(&["key", "rotate"], "", 2, &["--now"]);
    let first = site.json(&["key", "rotate", "--now"], "")["made"].clone();
    assert_eq!(first.as_array().unwrap().len(), 3, "one for each algorithm");
    assert!(first.as_array().unwrap().iter().all(|key| key["state"] == "active"), "{first}");
    site.json(&["key", "rotate", "--now"], "");
    let keys = site.json(&["key", "list"], "");
    let of_state = |state: &str| keys.as_array().unwrap().iter().filter(|key| key["state"] == state).count();
    assert_eq!((of_state("active"), of_state("retiring")), (3, 3), "{keys}");
    assert!(keys[0]["active_from"].as_str().unwrap().ends_with('Z'));
    assert!(!keys.to_string().contains("sealed"), "no key material");
    assert!(site.text(&["key", "list"]).contains("retiring"));

    // Under another sealing key nothing is written: two would keep the server from starting.
    std::fs::remove_file(site.path("sealing.key")).unwrap();
    site.refused(&["key", "rotate", "--now"], "", 1, &["sealing key", "proofkey init"]);
    std::fs::remove_file(site.path("proofkey.toml")).unwrap();
    site.json(&["init", "--issuer", "https://id.example"], "");
    site.refused(&["key", "rotate", "--now"], "", 1, &["does not open under this sealing key"]);
    assert_eq!(site.json(&["key", "list"], ""), keys);
}
