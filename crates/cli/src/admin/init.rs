//! `proofkey init`: a commented configuration, and the sealing key beside it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use proofkey_oauth::Issuer;
use proofkey_server::config::{SEALING_KEY_FILE, SealingKey, listen_address, template};
use serde_json::json;

use super::installation::InstallationArgs;
use super::refusal::message;

/// Write a commented configuration and the sealing key
///
/// Existing files are never replaced.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// Who the server is: the https URL that clients and APIs know it by (http on loopback only)
    #[arg(long, value_name = "URL", value_parser = own_issuer)]
    issuer: Issuer,
    /// Address and port of the listener; a name is looked up at each start
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4455", value_parser = listen)]
    listen: String,
    /// Directory of the database
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = &args.installation.config;
    let sealing_key = config.with_file_name(SEALING_KEY_FILE);
    let data = data_as_seen_from(config, &args.data)?;
    refuse_existing(config, "change it by hand, or name another file with --config")?;
    refuse_existing(&sealing_key, "it may seal the keys of a database; move it away if nothing needs it")?;
    let directory = config.parent().filter(|directory| !directory.as_os_str().is_empty());
    if let Some(directory) = directory {
        ensure!(directory.is_dir(), "{} is no directory; make it first", directory.display());
    }
    SealingKey::generate().and_then(|key| key.write_new(&sealing_key)).map_err(message)?;
    if let Err(error) = write_new(config, &template(&args.issuer, &args.listen, &data)) {
        // The key is a minute old and seals nothing: left behind, it would be in the way of the next try.
        let _ = std::fs::remove_file(&sealing_key);
        return Err(error);
    }
    let report = json!({
        "config": config, "sealing_key": sealing_key, "issuer": args.issuer.as_str(),
        "listen": args.listen, "data": data,
    });
    args.installation.output.result(&report, || {
        let (config, sealing_key) = (config.display(), sealing_key.display());
        format!(
            "Wrote {config} and {sealing_key}.\nKeep a copy of the sealing key apart from the database: a backup is \
             worth nothing without it.\nNext: proofkey user add --config {config} --username NAME, \
             proofkey client add --config {config} (it asks), then proofkey serve --config {config}"
        )
    })
}

/// The name of a server is chosen once, so it is spelled as others will spell it.
fn own_issuer(text: &str) -> anyhow::Result<Issuer> {
    let issuer = Issuer::parse(text)?;
    if let Some(normal) = issuer.normal_spelling() {
        bail!("browsers, proxies and other programs spell it `{normal}`; write it so");
    }
    Ok(issuer)
}

/// What it resolves to may change, so the text is kept.
fn listen(text: &str) -> anyhow::Result<String> {
    listen_address(text)?;
    Ok(text.to_owned())
}

/// Paths in the configuration start at its directory, paths on the command line where the command runs.
fn data_as_seen_from(config: &Path, data: &Path) -> anyhow::Result<PathBuf> {
    ensure!(data.to_str().is_some(), "--data: a configuration is UTF-8, and this path is not");
    let is_here = config.parent().is_none_or(|directory| directory.as_os_str().is_empty());
    if is_here {
        return Ok(data.to_owned());
    }
    std::path::absolute(data).context("--data")
}

fn refuse_existing(path: &Path, cure: &str) -> anyhow::Result<()> {
    if path.symlink_metadata().is_ok() {
        bail!("{} exists already: {cure}", path.display());
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("{} exists already", path.display()),
        written => written.with_context(|| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_data_directory_stays_where_the_command_ran() {
        let seen = |config: &str| data_as_seen_from(Path::new(config), Path::new("data")).unwrap();
        assert_eq!(seen("proofkey.toml"), Path::new("data"));
        let here = std::path::absolute("data").unwrap();
        assert_eq!(seen("/etc/proofkey/proofkey.toml"), here);
        assert_eq!(seen("etc/proofkey.toml"), here);
    }
}
