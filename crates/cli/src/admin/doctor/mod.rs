//! `proofkey doctor`: looks at an installation from inside and from outside, and says of each fault how it is cured.
//!
//! It changes nothing, and sends nothing but requests that any stranger could send, to the public name of the server and to its
//! metrics listener.

mod answers;
mod database;
mod files;
mod forwarded;
mod public;
mod report;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use proofkey_server::config::{Config, Store};
use proofkey_server::http::Tls;
use proofkey_server::password::PasswordParams;
use proofkey_server::system;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::report::Report;
use super::installation::{InstallationArgs, load};

/// How long the file system of the data has to answer.
const FILES_WITHIN: Duration = Duration::from_secs(5);

/// Look for what keeps the server from working, and say how it is cured
///
/// It reads the configuration, the modes of files, the limits of this shell, the database and its keys, and calls the server by its
/// public name, as apps do. Run it as the user that the server runs as, on its machine. It changes nothing and sends no secret.
/// Three of the requests that it sends are refused, and logged and recorded like any others: it names their error ids.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 nothing was found, 1 something was, 2 wrong command line")]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
}

/// Whether something was found is the exit code.
pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    match load(&args.installation.config) {
        Err(error) => {
            report.find(
                "configuration",
                format!("{error:#}"),
                "change what the message names; `proofkey init` writes a configuration to begin with",
            );
        }
        Ok(config) => examine(&config, &mut report).await,
    }
    args.installation.output.result(&report.json(), || report.text())?;
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(config: &Config, report: &mut Report) {
    settings(config, report);
    let stuck = match &config.store {
        Store::Directory { data, .. } => (!is_answering(data).await).then_some(data),
        Store::Postgres { .. } => None,
    };
    let opened = match stuck {
        Some(data) => {
            let what = format!(
                "store.data: the file system of {} does not answer in {} seconds",
                data.display(),
                FILES_WITHIN.as_secs()
            );
            report.find("data.stuck", what, "mount it anew, or look at the machine that holds it");
            None
        }
        None => {
            files::examine(config, report);
            database::examine(config, report).await
        }
    };
    public::examine(config, opened.as_ref(), report).await;
    if let Some(opened) = opened {
        opened.store.close().await;
    }
}

/// Whether a file system answers: one of another machine that has gone may keep those waiting for good who ask it.
async fn is_answering(data: &Path) -> bool {
    let data = data.to_owned();
    ends_within(FILES_WITHIN, move || drop(system::file_system(&data))).await
}

/// Runs it on a thread for which the end of the process does not wait.
async fn ends_within(limit: Duration, work: impl FnOnce() + Send + 'static) -> bool {
    let (told, ended) = oneshot::channel::<()>();
    let run = move || {
        work();
        drop(told);
    };
    thread::Builder::new().spawn(run).is_err() || timeout(limit, ended).await.is_ok()
}

/// What the configuration says, beyond that it can be read.
fn settings(config: &Config, report: &mut Report) {
    report.pass("the configuration can be read");
    for warning in config.check() {
        report.note(warning);
    }
    if let Err(refused) = PasswordParams::from_config(&config.passwords) {
        report.find(
            "passwords",
            format!("[passwords]: {refused}"),
            "take the defaults, or a cost that this machine has memory for",
        );
    }
    if config.server.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
        report.find(
            "proxy.trusted_all",
            "server.trusted_proxies has every address: any client can claim any address",
            "name the addresses of the proxies alone",
        );
    }
    let Some(tls) = &config.server.tls else { return };
    match Tls::load(&tls.certificate, &tls.key) {
        Ok(_) => report.pass("the TLS certificate and its key can be read and fit"),
        Err(refused) => report.find(
            "tls.files",
            format!("server.tls_certificate: {refused}"),
            "give the chain in PEM, the server's own certificate first, and the private key that belongs to \
             it, both readable for this user",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pk_07_what_does_not_answer_is_not_waited_for() {
        assert!(ends_within(Duration::from_secs(60), || {}).await);
        let (held, hold) = std::sync::mpsc::channel::<()>();
        let stuck = move || hold.recv().unwrap_or(());
        assert!(!ends_within(Duration::from_millis(20), stuck).await);
        drop(held);
        assert!(is_answering(Path::new("/")).await && is_answering(Path::new("/nowhere/at/all")).await);
    }
}
