//! `proofkey check-config`: whether the server would start with this configuration, and what deserves a second look.

use anyhow::anyhow;
use proofkey_server::clock::Clock;
use proofkey_server::config::Config;
use proofkey_server::http::Tls;
use proofkey_server::password::PasswordParams;
use proofkey_server::{algorithms, log};
use serde_json::json;

use super::database::{Looked, look};
use super::installation::{InstallationArgs, load};
use super::moving::place_of;
use super::refusal::message;
use super::show::plain;

/// Check the configuration without starting anything
///
/// Where keys.algorithms leaves an algorithm out, the database is asked whether a client or an API is registered for it; where its
/// first is not ES256, which APIs follow that. Nothing is changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let config = load(&args.installation.config)?;
    let _logging = log::init(&config.log, Clock::System).map_err(message)?;
    PasswordParams::from_config(&config.passwords).map_err(|refused| anyhow!("[passwords]: {refused}"))?;
    if let Some(tls) = &config.server.tls {
        Tls::load(&tls.certificate, &tls.key).map_err(message)?;
    }
    let mut warnings = config.check();
    warnings.extend(check_algorithms(&config).await?);
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

/// Whether tokens of everything that is registered can be signed, and a warning of what the list changes. A database that cannot be
/// asked is a warning: it may be elsewhere, or not be there yet.
async fn check_algorithms(config: &Config) -> anyhow::Result<Option<String>> {
    let on = &config.keys.algorithms;
    if !algorithms::is_to_be_checked(on) {
        return Ok(None);
    }
    let unasked = |why: String| {
        let why = plain(&why);
        Some(format!(
            "whether what keys.algorithms leaves out, or another first of it, matters to a client or an API is not known: {why}"
        ))
    };
    match look(&place_of(&config.store)?).await {
        Ok(Looked::Absent) => Ok(None),
        Ok(Looked::Older(schema)) if schema.version == 0 => Ok(None),
        Ok(Looked::Older(_)) => {
            Ok(unasked("the database has an older schema (`proofkey upgrade`)".to_owned()))
        }
        Err(refused) => Ok(unasked(refused.into_text())),
        Ok(Looked::Open { store, .. }) => {
            let checked = algorithms::check_registered(&store, on).await;
            let followers = algorithms::followers(&store, on).await;
            store.close().await;
            checked.map_err(|refused| anyhow!(plain(&refused.to_string())))?;
            Ok(followers.map_err(message)?.map(|warning| plain(&warning)))
        }
    }
}
