//! `proofkey check-config`: whether the server would start with this configuration, and what deserves a second look.

use anyhow::anyhow;
use proofkey_server::clock::Clock;
use proofkey_server::http::Tls;
use proofkey_server::log;
use proofkey_server::password::PasswordParams;
use serde_json::json;

use super::site::{SiteArgs, load, said};

/// Check the configuration without starting anything
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    site: SiteArgs,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let config = load(&args.site.config)?;
    log::init(&config.log, Clock::System).map_err(said)?;
    PasswordParams::from_config(&config.passwords).map_err(|refused| anyhow!("[passwords]: {refused}"))?;
    if let Some(tls) = &config.server.tls {
        Tls::load(&tls.certificate, &tls.key).map_err(said)?;
    }
    let warnings = config.check();
    let report = json!({
        "config": args.site.config, "issuer": config.issuer.as_str(), "listen": config.server.listen.to_string(),
        "database": config.store.database(), "warnings": warnings,
    });
    args.site.output.result(&report, || {
        let mut text = format!("{}: no errors", args.site.config.display());
        for warning in &warnings {
            text.push_str("\nwarning: ");
            text.push_str(warning);
        }
        text
    })
}
