//! Configurations of earlier releases, read by this one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::admin::support::Installation;

#[test]
fn configurations_of_earlier_releases_are_still_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum");
    let kept = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path().join("configurations"));
    let mut count = 0;
    for directory in kept.filter(|directory| directory.is_dir()) {
        let list = std::fs::read(directory.join("configurations.json")).unwrap();
        for entry in serde_json::from_slice::<Vec<Value>>(&list).unwrap() {
            check(&directory, &entry);
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} are kept");
}

/// In a copy of the directory, for a checkout gives the sealing key a mode of its own.
fn check(directory: &Path, entry: &Value) {
    let installation = Installation::empty();
    let file = entry["file"].as_str().unwrap();
    for name in [file, "sealing.key"] {
        std::fs::copy(directory.join(name), installation.path(name)).unwrap();
    }
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(installation.path("sealing.key"), private).unwrap();
    let environment = entry["environment"].as_object().unwrap();
    let mut command = installation.command(&["check-config", "--config", file, "--json"]);
    let output = command
        .envs(environment.iter().map(|(name, value)| (name, value.as_str().unwrap())))
        .output()
        .unwrap();
    assert!(output.status.success(), "{entry}: {}", String::from_utf8_lossy(&output.stderr));
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    let issuer = environment.get("PROOFKEY_ISSUER").and_then(Value::as_str).unwrap_or("https://id.example");
    assert_eq!(checked.get("issuer").and_then(serde_json::Value::as_str), Some(issuer), "{entry}");
}
