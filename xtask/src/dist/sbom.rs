//! The list of parts (SBOM), in CycloneDX 1.5: every package of the lock file, and which of them are in the binary.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::licences::Built;
use super::lock::{Lock, Package};
use super::release::Release;

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
                    {"name": "commit", "value": release.commit}, {"name": "target", "value": release.machine.target},
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
    format!("pkg:cargo/{}@{}", package.name, package.version)
}
