//! `proofkey login`: signs a person in through the system's browser.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use proofkey_client::{Client, Remedy, SignIn, SignInOptions, TokenStore};
use tokio::sync::mpsc;

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
    /// Have the browser return to this port, for servers that compare the whole redirect URI [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    callback_port: Option<u16>,
    /// Go on with a server that does PKCE with S256 and does not say so. If it ignores PKCE, a stolen code is worth a sign-in
    #[arg(long)]
    assume_pkce: bool,
    /// Read the address at which the browser ends from standard input, even if that is no terminal: for a browser on another machine
    #[arg(long)]
    paste: bool,
    /// Keep the tokens in a file even if there is a keyring
    #[arg(long, env = "PROOFKEY_NO_KEYRING", value_parser = clap::builder::FalseyValueParser::new())]
    no_keyring: bool,
    #[command(flatten)]
    output: Output,
}

/// What a person reads whose browser runs elsewhere.
const PASTE_HERE: &str = "Does the browser run on another machine? Then it ends at an address of this one that it cannot open: copy that \
                          address and paste it here.\n";
/// Longest line that is read as an address.
const LINE_BYTES_MAX: u64 = 16 * 1024;

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let store = TokenStore::open()?;
    let store = if args.no_keyring { store.without_keyring() } else { store };
    let last = LastLogin::read(&store);
    let mut app = args.target.for_login(last.as_ref(), args.scope.as_deref())?;
    app.assume_pkce = args.assume_pkce;
    let client = Client::with_store(app, &store);
    let options = SignInOptions {
        max_age_seconds: args.max_age,
        callback_port: args.callback_port,
        ..SignInOptions::default()
    };
    let sign_in = match client.sign_in_with(&options).await {
        Err(error) if error.remedy() == Remedy::Retry && args.target.is_from_memory(last.as_ref()) => {
            return Err(error).context("the server of the last sign-in is away; --issuer names another");
        }
        other => other?,
    };
    show(&sign_in, args.no_browser).await;
    let signed_in = if args.paste || std::io::stdin().is_terminal() {
        note(PASTE_HERE);
        let mut lines = lines_of_stdin();
        let paste = async |was_foreign| {
            if was_foreign {
                note(
                    "That is not the address at which this sign-in ends. It begins with http://127.0.0.1 or http://[::1]",
                );
            }
            lines.recv().await
        };
        sign_in.finish_or_paste(paste).await
    } else {
        let _waiting = Spinner::start("waiting for the browser");
        sign_in.finish().await
    };
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

/// The lines of standard input, one by one. The thread ends with the process: reading cannot be stopped.
fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        loop {
            let mut line = String::new();
            // What is pasted is a line; a longer one is no address of ours.
            match std::io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line) {
                Ok(length) if length > 0 => {}
                Ok(_) | Err(_) => return,
            }
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The address always, for where no browser can be started: over SSH, in a container, under WSL.
async fn show(sign_in: &SignIn, no_browser: bool) {
    note(&format!("To sign in, open this address in a browser:\n\n  {}\n", sign_in.url().as_str()));
    if no_browser {
        return;
    }
    if let Err(error) = sign_in.open_browser().await {
        note(&format!("{error}"));
    }
}
