//! `proofkey serve`: runs the authorization server until a signal ends it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use proofkey_server::clock::Clock;
use proofkey_server::config::{Config, process_environment};
use proofkey_server::http::StopSignals;
use proofkey_server::trace::Tracer;
use proofkey_server::{Randomness, Start, log};
use tokio_util::sync::CancellationToken;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration file
    #[arg(long, env = "PROOFKEY_CONFIG", default_value = "proofkey.toml")]
    config: PathBuf,
}

/// Runs `serve`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config, process_environment())?;
    log::init(&config.log, Clock::System)?;
    for warning in config.check() {
        tracing::warn!("{warning}");
    }
    let signals = StopSignals::listen()?;
    let (clock, randomness) = (Clock::System, Randomness::System);
    let start = Start { config, clock, randomness, tracer: Tracer::default(), listener: None };
    let running = start.run().await.context("the server does not start")?;
    let (signalled, abort) = (CancellationToken::new(), CancellationToken::new());
    let signals = tokio::spawn(signals.stop(signalled.clone(), abort.clone()));
    let failed = running.shutdown();
    tokio::select! {
        () = signalled.cancelled() => {}
        () = failed.cancelled() => {}
    }
    running.stop();
    let stopped = abort.run_until_cancelled(running.stopped()).await;
    signals.abort();
    match stopped {
        Some(stopped) => stopped.context("the server ended by a fault")?,
        None => anyhow::bail!("stopped at once by a second signal: requests in flight were cut off"),
    }
    Ok(ExitCode::SUCCESS)
}
