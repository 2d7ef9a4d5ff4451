//! The list of parts (SBOM), in CycloneDX 1.5: every package of the lock file, and which of them are in the binary.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::licences::Built;
use super::lock::{Lock, Package};
use super::release::Release;
use super::system::SystemPackage;

/// The whole document.
pub(super) fn render(release: &Release, lock: &Lock, built: &Built) -> Result<String> {
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for package in &lock.packages {
        components.push(component(package, built));
        let on: Result<Vec<String>> =
            package.dependencies.iter().map(|item| Ok(reference(lock.named(item)?))).collect();
        dependencies.push(json!({"ref": reference(package), "dependsOn": on?}));
    }
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": release.date("+%Y-%m-%dT%H:%M:%SZ")?,
            "component": {
                "type": "application", "name": "proofkey", "version": release.version,
                "bom-ref": format!("proofkey@{}", release.commit),
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "properties": [
                    {"name": "commit", "value": format!("{}{}", release.commit, release.changed())}, {"name": "target", "value": release.machine.target},
                ],
            },
        },
        "components": components, "dependencies": dependencies,
    });
    Ok(format!("{document:#}\n"))
}

/// What is not in the binary is there for tests, for building, or for other systems.
fn component(package: &Package, built: &Built) -> Value {
    let Package { name, version, source, checksum, .. } = package;
    let mut component = Map::new();
    let mut set = |key: &str, value: Value| drop(component.insert(key.to_owned(), value));
    set("type", json!("library"));
    set("name", json!(name));
    set("version", json!(version));
    set("bom-ref", json!(reference(package)));
    set("scope", json!(if built.ships(name, version) { "required" } else { "excluded" }));
    if source.is_some() {
        set("purl", json!(reference(package)));
    }
    if let Some(checksum) = checksum {
        set("hashes", json!([{"alg": "SHA-256", "content": checksum}]));
    }
    if let Some(licence) = built.licence(name, version) {
        set("licenses", json!([{"expression": licence}]));
    }
    Value::Object(component)
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, escaped(&package.version))
}

/// A version in a package URL: what is no letter, digit or one of `.-_~` is written by its bytes.
fn escaped(version: &str) -> String {
    let mut text = String::new();
    for byte in version.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => {
                text.push(char::from(byte))
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

/// A list with the packages of the system in it that an image has a part of.
pub(super) fn with_system(list: &str, packages: &[SystemPackage]) -> Result<String> {
    let mut document: Value = serde_json::from_str(list)?;
    let parts = document.get_mut("components").and_then(Value::as_array_mut);
    let parts = parts.context("the list of parts has no components")?;
    for SystemPackage { name, version, architecture, system } in packages {
        let url = format!("pkg:deb/{system}/{name}@{}?arch={architecture}", escaped(version));
        parts.push(json!({
            "type": "library", "name": name, "version": version, "bom-ref": url, "scope": "required", "purl": url,
        }));
    }
    Ok(format!("{document:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_02_parts_of_the_system_are_listed_by_urls_that_can_be_read_back() {
        let package = SystemPackage {
            name: "libc6".to_owned(),
            version: "1:2.36-9+deb12u14".to_owned(),
            architecture: "amd64".to_owned(),
            system: "debian".to_owned(),
        };
        let list = with_system(r#"{"components": [{"name": "a"}]}"#, &[package]).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["components"][0]["name"], "a");
        assert_eq!(list["components"][1]["version"], "1:2.36-9+deb12u14");
        let url = "pkg:deb/debian/libc6@1%3A2.36-9%2Bdeb12u14?arch=amd64";
        assert_eq!(list["components"][1]["purl"], url);
        assert!(with_system("{}", &[]).is_err());
        let wasi = Package {
            name: "wasi".to_owned(),
            version: "0.14.7+wasi-0.2.4".to_owned(),
            ..Package::default()
        };
        assert_eq!(reference(&wasi), "pkg:cargo/wasi@0.14.7%2Bwasi-0.2.4");
    }
}
