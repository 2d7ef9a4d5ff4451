//! Signals of the operating system.

use std::io;

use tokio_util::sync::CancellationToken;

/// Waits for SIGTERM or SIGINT: the first cancels `drain`, the second `abort`. On other systems Ctrl-C stands for both.
pub async fn stop_on_signals(drain: CancellationToken, abort: CancellationToken) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    signals.next().await?;
    tracing::info!("stopping: requests in flight are finished; a second signal stops at once");
    drain.cancel();
    signals.next().await?;
    tracing::warn!("stopping at once");
    abort.cancel();
    Ok(())
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        Ok(())
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
