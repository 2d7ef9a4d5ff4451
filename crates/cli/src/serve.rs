//! `proofkey serve`: runs the authorization server until a signal ends it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use proofkey_server::clock::Clock;
use proofkey_server::config::{Config, process_environment};
use proofkey_server::http::{Signals, Tls};
use proofkey_server::log::Logging;
use proofkey_server::trace::Tracer;
use proofkey_server::{Randomness, Start, log};
use tokio_util::sync::CancellationToken;

use crate::memory;
use crate::output::OPERATOR_EXIT_CODES;
use crate::supervisor::Supervisor;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = OPERATOR_EXIT_CODES)]
pub(crate) struct Args {
    /// The configuration file
    #[arg(long, env = "PROOFKEY_CONFIG", default_value = "proofkey.toml")]
    config: PathBuf,
}

/// Runs `serve`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config, process_environment())?;
    let logging = Arc::new(log::init(&config.log, Clock::System)?);
    for warning in config.check() {
        tracing::warn!("{warning}");
    }
    let supervisor = Supervisor::of(process_environment()).context("NOTIFY_SOCKET")?;
    let signals = Signals::listen()?;
    let (clock, randomness) = (Clock::System, Randomness::System);
    let start = Start { config, clock, randomness, tracer: Tracer::default(), listener: None };
    let (signalled, abort) = (CancellationToken::new(), CancellationToken::new());
    let certificate = Arc::new(OnceLock::new());
    let reload = reload(args.config, logging, Arc::clone(&certificate));
    let signals = tokio::spawn(signals.answer(signalled.clone(), abort.clone(), reload));
    // It may wait for its database.
    let Some(started) = signalled.run_until_cancelled(start.run()).await else {
        return Ok(ExitCode::SUCCESS);
    };
    let running = started.context("the server does not start")?;
    let _first = certificate.set(running.certificate());
    supervisor.ready();
    let watchdog = tokio::spawn(supervisor.clone().watch());
    let memory = tokio::spawn(memory::give_back_at_times());
    let failed = running.shutdown();
    tokio::select! {
        () = signalled.cancelled() => {}
        () = failed.cancelled() => {}
    }
    supervisor.stopping();
    let stopping = async {
        running.leave().await;
        running.stop();
        running.stopped().await
    };
    let stopped = abort.run_until_cancelled(stopping).await;
    signals.abort();
    memory.abort();
    watchdog.abort();
    match stopped {
        Some(stopped) => stopped.context("the server ended by a fault")?,
        None => anyhow::bail!("stopped at once by a second signal: requests in flight were cut off"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What SIGHUP asks for: the certificate is read again, and `log.level`. The log is standard error, so there is no file of it
/// to open anew, and other settings need a restart.
fn reload(config: PathBuf, logging: Arc<Logging>, certificate: Arc<OnceLock<Option<Arc<Tls>>>>) -> impl Fn() {
    move || {
        match certificate.get().and_then(Option::as_ref).map(|tls| tls.reload()) {
            None => {}
            Some(Ok(())) => tracing::info!("the TLS certificate was reloaded"),
            Some(Err(error)) => tracing::error!(%error, "the TLS certificate was not reloaded"),
        }
        let read = Config::load(&config, process_environment()).map_err(anyhow::Error::from);
        match read
            .and_then(|config| logging.set_level(&config.log.level).map(|()| config).map_err(Into::into))
        {
            Ok(config) => tracing::info!(
                level = config.log.level,
                "log.level was reloaded; other settings need a restart"
            ),
            Err(error) => tracing::error!(%error, "log.level was not reloaded"),
        }
    }
}
