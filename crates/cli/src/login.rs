//! `proofkey login`: signs a person in through the system's browser.

use std::process::ExitCode;

use anyhow::Context as _;
use proofkey_client::{Client, Remedy, SignIn, SignInOptions, TokenStore};

use crate::output::{EXIT_CODES, Output, Spinner, note};
use crate::signed_in::SignedInAs;
use crate::target::{LastLogin, TargetArgs};

/// Sign in through the browser
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArgs,
    /// What to ask for, space-separated [default: openid profile offline_access]
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// Have the person authenticate again unless they did within so many seconds
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u32>,
    /// Only print the address; open it yourself
    #[arg(long)]
    no_browser: bool,
    /// Keep the tokens in a file even if there is a keyring
    #[arg(long, env = "PROOFKEY_NO_KEYRING", value_parser = clap::builder::FalseyValueParser::new())]
    no_keyring: bool,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let store = TokenStore::open()?;
    let store = if args.no_keyring { store.without_keyring() } else { store };
    let last = LastLogin::read(&store);
    let app = args.target.for_login(last.as_ref(), args.scope.as_deref())?;
    let client = Client::with_store(app, &store);
    let options = SignInOptions { max_age_seconds: args.max_age, login_hint: None };
    let sign_in = match client.sign_in_with(&options).await {
        Err(error) if error.remedy() == Remedy::Retry && args.target.is_from_memory(last.as_ref()) => {
            return Err(error).context("the server of the last sign-in is away; --issuer names another");
        }
        other => other?,
    };
    show(&sign_in, args.no_browser).await;
    let waiting = Spinner::start("waiting for the browser");
    let signed_in = sign_in.finish().await;
    drop(waiting);
    let signed_in = signed_in?;
    let app = client.application();
    LastLogin::write(&store, app)?;
    let identity = signed_in.session.identity().await;
    let scope = signed_in.session.scope().await;
    let report = SignedInAs::new(app, &scope, identity.as_ref(), Some(&signed_in.kept_in));
    args.output.result(&report, || {
        let who = identity.as_ref().map_or_else(String::new, |who| format!(" as {}", who.display_name()));
        format!("Signed in{who} at {}.\nThe tokens are kept in {}.", app.issuer, signed_in.kept_in)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The address always, for where no browser can be started: over SSH, in a container, under WSL.
async fn show(sign_in: &SignIn, no_browser: bool) {
    note(&format!(
        "To sign in, open this address in a browser on this machine:\n\n  {}\n",
        sign_in.url().as_str()
    ));
    if no_browser {
        return;
    }
    if let Err(error) = sign_in.open_browser().await {
        note(&format!("{error}"));
    }
}
