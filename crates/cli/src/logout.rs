//! `proofkey logout`: takes the tokens back at the server and removes them here, even if the server is down.

use std::process::ExitCode;

use proofkey_client::{Application, Client, Error, SignedOut, TokenStore, WayBack, open_browser};
use serde::Serialize;

use crate::output::{EXIT_CODES, Exit, Output, Spinner, note};
use crate::target::{LastLogin, TargetArgs};

/// Sign out
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// End every sign-in that is stored, whatever it is for; those of other programs that use the client library too. With
    /// --issuer or --client-id only those there
    #[arg(long, conflicts_with_all = ["resource", "browser"])]
    all: bool,
    /// Also open the page that ends the browser's session at the server
    #[arg(long)]
    browser: bool,
    /// With --browser: wait until the browser comes back. The server must know http://127.0.0.1/signed-out (any port) as a post-logout
    /// redirect URI of the client
    #[arg(long, requires = "browser")]
    wait: bool,
    #[command(flatten)]
    output: Output,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    signed_out: bool,
    revoked: bool,
    end_session_url: Option<&'a str>,
    /// With --wait: whether the browser came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<bool>,
    /// How many other sign-ins are stored.
    remaining: usize,
}

/// What `--all --json` prints.
#[derive(Serialize)]
struct ReportOfAll {
    /// Whether all sign-ins that were meant have ended.
    signed_out: bool,
    ended: Vec<Ended>,
}

#[derive(Serialize)]
struct Ended {
    issuer: String,
    client_id: String,
    resource: Option<String>,
    revoked: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let store = TokenStore::open()?;
    if args.all { every(&store, &args).await } else { one(&store, &args).await }
}

async fn one(store: &TokenStore, args: &Args) -> anyhow::Result<ExitCode> {
    let last = LastLogin::read(store);
    let app = args.target.for_session(last.as_ref())?;
    let (signed_out, way_back) = sign_out(app.clone(), store, args.wait).await?;
    let listed = store.applications().await.unwrap_or_default();
    let remaining = listed.len();
    let readable: Vec<_> = listed.into_iter().filter_map(Result::ok).collect();
    if let Some(next) = LastLogin::after(last.as_ref(), &app, &readable) {
        LastLogin::write(store, next)?;
    }
    let url = signed_out.end_session_url.as_ref();
    if args.browser
        && let Some(url) = url
        && let Err(error) = open_browser(url).await
    {
        note(&format!("{error}"));
    }
    let report = Report {
        returned: returned(args.wait, way_back).await,
        signed_out: true,
        revoked: signed_out.revoked.is_ok(),
        end_session_url: url.map(|url| url.as_str()),
        remaining,
    };
    args.output.result(&report, || describe(&report, args.browser))?;
    Ok(ExitCode::SUCCESS)
}

fn describe(report: &Report<'_>, has_opened: bool) -> String {
    let page = report.end_session_url.filter(|_| !has_opened);
    let page =
        page.map_or_else(String::new, |url| format!(" To end the browser's session too, open\n\n  {url}\n"));
    let others = match report.remaining {
        0 => "",
        1 => "\nOne more sign-in is stored: `proofkey logout` again, or `proofkey logout --all`.",
        _ => "\nMore sign-ins are stored: `proofkey logout` again, or `proofkey logout --all`.",
    };
    format!("Signed out.{page}{others}").trim_end().to_owned()
}

async fn every(store: &TokenStore, args: &Args) -> anyhow::Result<ExitCode> {
    let mut report = ReportOfAll { signed_out: true, ended: Vec::new() };
    for app in store.applications().await? {
        let outcome = match app {
            Ok(app) if !args.target.covers(&app) => continue,
            Ok(app) => {
                sign_out(app.clone(), store, false).await.map(|(signed_out, _)| ended(&app, &signed_out))
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(ended) => report.ended.push(ended),
            // Another process has ended this sign-in meanwhile.
            Err(Error::NotSignedIn) => {}
            Err(error) => {
                report.signed_out = false;
                note(&format!("proofkey: {error}"));
            }
        }
    }
    if report.signed_out && report.ended.is_empty() {
        return Err(Error::NotSignedIn.into());
    }
    args.output.result(&report, || {
        let lines = report.ended.iter().map(|ended| {
            let api =
                ended.resource.as_ref().map_or_else(String::new, |resource| format!(", for {resource}"));
            format!("Signed out at {} ({}){api}.", ended.issuer, ended.client_id)
        });
        let lines: Vec<_> = lines.collect();
        if lines.is_empty() { "No sign-in could be ended.".to_owned() } else { lines.join("\n") }
    })?;
    Ok(if report.signed_out { ExitCode::SUCCESS } else { Exit::Failure.into() })
}

/// Whether the browser came back, if that was asked for.
async fn returned(wanted: bool, way_back: Option<WayBack>) -> Option<bool> {
    let outcome = match way_back {
        Some(way_back) => {
            let _waiting = Spinner::start("waiting for the browser");
            way_back.wait().await
        }
        None => return wanted.then_some(false),
    };
    if let Err(error) = &outcome {
        note(&format!("{error}"));
    }
    Some(outcome.is_ok())
}

async fn sign_out(
    app: Application,
    store: &TokenStore,
    returns: bool,
) -> Result<(SignedOut, Option<WayBack>), Error> {
    let client = Client::with_store(app, store);
    let (signed_out, way_back) =
        if returns { client.sign_out_and_return().await? } else { (client.sign_out().await?, None) };
    if let Err(error) = &signed_out.revoked {
        note(&format!("The tokens are gone from here, but the server did not take them back: {error}"));
    }
    Ok((signed_out, way_back))
}

fn ended(app: &Application, signed_out: &SignedOut) -> Ended {
    Ended {
        issuer: app.issuer.to_string(),
        client_id: app.client_id.clone(),
        resource: app.resource.as_ref().map(ToString::to_string),
        revoked: signed_out.revoked.is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cl_18_what_remains_is_said() {
        let report = |end_session_url, remaining| Report {
            signed_out: true,
            revoked: true,
            end_session_url,
            returned: None,
            remaining,
        };
        assert_eq!(describe(&report(None, 0), false), "Signed out.");
        assert_eq!(describe(&report(Some("https://id.example/out"), 0), true), "Signed out.");
        let text = describe(&report(Some("https://id.example/out"), 1), false);
        assert!(text.contains("\n\n  https://id.example/out\n\nOne more sign-in is stored"), "{text}");
        assert!(describe(&report(None, 2), false).contains("--all"));
    }
}
