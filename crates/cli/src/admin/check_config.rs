//! `proofkey check-config`: whether the server would start with this configuration, and what deserves a second look.

use anyhow::anyhow;
use proofkey_server::clock::Clock;
use proofkey_server::http::Tls;
use proofkey_server::log;
use proofkey_server::password::PasswordParams;
use serde_json::json;

use super::installation::{InstallationArgs, load};
use super::refusal::message;

/// Check the configuration without starting anything
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = load(&args.installation.config)?;
    let _logging = log::init(&config.log, Clock::System).map_err(message)?;
    PasswordParams::from_config(&config.passwords).map_err(|refused| anyhow!("[passwords]: {refused}"))?;
    if let Some(tls) = &config.server.tls {
        Tls::load(&tls.certificate, &tls.key).map_err(message)?;
    }
    let warnings = config.check();
    let report = json!({
        "config": args.installation.config, "issuer": config.issuer.as_str(), "listen": config.server.listen.to_string(),
        "database": config.store.place(), "warnings": warnings,
    });
    args.installation.output.result(&report, || {
        let mut text = format!("{}: no errors", args.installation.config.display());
        for warning in &warnings {
            text.push_str("\nwarning: ");
            text.push_str(warning);
        }
        text
    })
}
