//! Configurations of earlier releases, read by this one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::admin::support::Installation;
use crate::serve::server::Server;

/// The folders of what releases left.
fn releases() -> impl Iterator<Item = PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum");
    let kept = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    kept.filter(|path| path.is_dir() && path.join("manifest.json").exists())
}

/// The folder of a release with configurations that it takes, and what stands in the list of them.
fn configurations(release: &Path) -> Option<(PathBuf, Vec<Value>)> {
    let directory = release.join("configurations");
    let list = std::fs::read(directory.join("configurations.json")).ok()?;
    Some((directory, serde_json::from_slice(&list).unwrap()))
}

#[test]
fn pk_11_configurations_of_earlier_releases_are_still_taken() {
    let mut count = 0;
    for (directory, entries) in releases().filter_map(|release| configurations(&release)) {
        for entry in entries {
            check(&directory, &entry);
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} are kept");
}

#[test]
fn pk_11_a_server_starts_with_the_files_of_earlier_releases() {
    let mut count = 0;
    for release in releases() {
        starts(&release, "proofkey.toml");
        count += 1;
        let (directory, entries) = configurations(&release).unwrap_or_default();
        for entry in entries.iter().filter(|entry| entry["environment"] == serde_json::json!({})) {
            starts(&directory, entry["file"].as_str().unwrap());
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} are kept");
}

/// With a database of its own, and at a port that is free.
fn starts(directory: &Path, file: &str) {
    let installation = copied(directory, file);
    let mut command = installation.command(&["serve", "--config", file]);
    let server = Server::of(command.env("PROOFKEY_SERVER__LISTEN", "127.0.0.1:0"));
    assert_eq!(server.status("/readyz"), Some(200), "{}: {file}", directory.display());
}

/// A file and its sealing key in a folder of their own; a checkout gives the key another mode.
fn copied(directory: &Path, file: &str) -> Installation {
    let installation = Installation::empty();
    for name in [file, "sealing.key"] {
        std::fs::copy(directory.join(name), installation.path(name)).unwrap();
    }
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(installation.path("sealing.key"), private).unwrap();
    installation
}

fn check(directory: &Path, entry: &Value) {
    let file = entry["file"].as_str().unwrap();
    let installation = copied(directory, file);
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
