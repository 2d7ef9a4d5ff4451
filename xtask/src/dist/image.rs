//! The image for container engines, as a layout of the Open Container Initiative in a tar file: one layer with the binary, the
//! libraries that it loads, and the certificates of the public authorities. There is no shell in it and no package manager.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::archive::{compress, tar_of};
use super::contents::{Contents, place};
use super::release::{LIMIT, Release, said};
use super::sbom;
use super::system::SystemPackage;
use crate::process;

/// Whom the server runs as unless the engine says otherwise.
const USER: &str = "65532";
const DATA: &str = "var/lib/proofkey";
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Writes it below `to`, compressed at this level.
pub(super) fn write(
    release: &Release,
    contents: &Contents,
    work: &Path,
    (to, level): (&Path, u8),
) -> Result<()> {
    let (tree, layout) = (work.join("image"), work.join("layout"));
    files(release, contents, &tree)?;
    let layer = work.join("layer.tar");
    pack(release, &tree, &layer)?;
    let plain = digest(&layer)?;
    compress(&layer, level)?;
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let layer = blob(&blobs, &fs::read(work.join("layer.tar.gz"))?, LAYER)?;
    let config = blob(&blobs, &bytes(&configuration(release, &plain)?), CONFIG)?;
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
    let mut manifest = blob(&blobs, &bytes(&manifest), MANIFEST)?;
    if let Some(manifest) = manifest.as_object_mut() {
        let named = json!({"org.opencontainers.image.ref.name": release.version});
        manifest.insert("annotations".to_owned(), named);
        let platform = json!({"os": "linux", "architecture": release.machine.debian});
        manifest.insert("platform".to_owned(), platform);
    }
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest]});
    fs::write(layout.join("index.json"), bytes(&index))?;
    fs::write(layout.join("oci-layout"), bytes(&json!({"imageLayoutVersion": "1.0.0"})))?;
    let tar = to.join(format!("{}-image.tar", release.stem()));
    process::run(tar_of(release, &layout, &tar).args(["oci-layout", "index.json", "blobs"]), LIMIT)
}

fn files(release: &Release, contents: &Contents, tree: &Path) -> Result<()> {
    place(&contents.binary, &tree.join("usr/bin/proofkey"), 0o755)?;
    let (loader, beside) = release.machine.loader;
    let mut from_system = BTreeSet::from([SystemPackage::named("ca-certificates")?]);
    let file = library(release, loader)?;
    place(&file, &tree.join(beside).join(loader), 0o755)?;
    from_system.insert(SystemPackage::of_file(&file)?);
    for name in ["libc.so.6", "libm.so.6", "libgcc_s.so.1"] {
        let file = library(release, name)?;
        place(&file, &tree.join("lib").join(release.machine.triplet).join(name), 0o644)?;
        from_system.insert(SystemPackage::of_file(&file)?);
    }
    let certificates = Path::new("/").join(CERTIFICATES);
    ensure!(certificates.exists(), "{} is missing: install ca-certificates", certificates.display());
    place(&certificates, &tree.join(CERTIFICATES), 0o644)?;
    documents(contents, &from_system.into_iter().collect::<Vec<_>>(), tree)?;
    fs::write(tree.join("etc/passwd"), format!("proofkey:x:{USER}:{USER}::/{DATA}:/nonexistent\n"))?;
    fs::write(tree.join("etc/group"), format!("proofkey:x:{USER}:\n"))?;
    fs::write(tree.join("etc/nsswitch.conf"), "hosts: files dns\n")?;
    // Places for what the engine mounts: the root may be read-only.
    for folder in ["etc/proofkey", DATA, "tmp", "proc", "dev", "sys"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    Ok(())
}

/// The list of parts and the licences of what is not ours.
fn documents(contents: &Contents, from_system: &[SystemPackage], tree: &Path) -> Result<()> {
    let folder = tree.join("usr/share/doc/proofkey");
    for file in [&contents.sbom, &contents.third_party] {
        place(file, &folder.join(file.file_name().unwrap_or_default()), 0o644)?;
    }
    let list = sbom::with_system(&fs::read_to_string(&contents.sbom)?, from_system)?;
    fs::write(folder.join("sbom.cdx.json"), list)?;
    for package in from_system {
        let copyright = package.copyright()?;
        place(&copyright, &tree.join(copyright.strip_prefix("/")?), 0o644)?;
    }
    Ok(())
}

/// Where the compiler finds a library that programs load.
fn library(release: &Release, name: &str) -> Result<PathBuf> {
    let path = PathBuf::from(said(release.tool("gcc").arg(format!("-print-file-name={name}")))?);
    ensure!(path.is_absolute(), "{name} is not there");
    path.canonicalize().with_context(|| path.display().to_string())
}

/// All belongs to root but the data, which is for the server alone.
fn pack(release: &Release, tree: &Path, layer: &Path) -> Result<()> {
    let mut names: Vec<_> =
        fs::read_dir(tree)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    names.sort();
    let mut all = tar_of(release, tree, layer);
    process::run(all.arg(format!("--exclude={DATA}")).args(names), LIMIT)?;
    let mut data = Command::new("tar");
    data.args(["--append", "--format=gnu", "--numeric-owner", "--no-recursion", "--mode=0700"]);
    data.args([format!("--owner={USER}"), format!("--group={USER}"), format!("--mtime=@{}", release.time)]);
    process::run(data.arg("--file").arg(layer).arg("--directory").arg(tree).arg(DATA), LIMIT)
}

fn configuration(release: &Release, layer: &str) -> Result<Value> {
    let created = release.date("+%Y-%m-%dT%H:%M:%SZ")?;
    let second = 1_000_000_000_u64;
    Ok(json!({
        "created": created, "architecture": release.machine.debian, "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Env": ["PATH=/usr/bin", "PROOFKEY_CONFIG=/etc/proofkey/proofkey.toml"],
            "Entrypoint": ["/usr/bin/proofkey"], "Cmd": ["serve"], "WorkingDir": "/", "StopSignal": "SIGTERM",
            "Labels": {
                "org.opencontainers.image.title": "Proofkey",
                "org.opencontainers.image.version": release.version,
                "org.opencontainers.image.revision": format!("{}{}", release.commit, release.changed()),
                "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
            },
            // An addition of Docker's, which engines that do not know it leave alone.
            "Healthcheck": {
                "Test": ["CMD", "/usr/bin/proofkey", "health"],
                "Interval": 10 * second, "Timeout": 2 * second, "StartPeriod": 10 * second, "Retries": 3,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        "history": [{"created": created, "created_by": "cargo xtask dist"}],
    }))
}

/// Stores a blob under its digest, and returns what refers to it.
fn blob(blobs: &Path, bytes: &[u8], media_type: &str) -> Result<Value> {
    let unnamed = blobs.join("new");
    fs::write(&unnamed, bytes)?;
    let digest = digest(&unnamed)?;
    fs::rename(&unnamed, blobs.join(&digest))?;
    Ok(json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()}))
}

fn digest(file: &Path) -> Result<String> {
    let line = said(Command::new("sha256sum").arg(file))?;
    Ok(line.split_whitespace().next().context("sha256sum says nothing")?.to_owned())
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
