//! Signals of the operating system.

use std::io;

use tokio_util::sync::CancellationToken;

/// The signals that stop a server: SIGTERM and SIGINT; on other systems Ctrl-C stands for both.
#[derive(Debug)]
pub struct StopSignals(Signals);

impl StopSignals {
    /// Listens from now on. Until then a signal ends the process as it stands, so call it before a server is
    /// announced.
    pub fn listen() -> io::Result<Self> {
        Signals::listen().map(Self)
    }

    /// Cancels `drain` at the first signal, those that came since [`StopSignals::listen`] included, and `abort` at the
    /// second.
    pub async fn stop(mut self, drain: CancellationToken, abort: CancellationToken) -> io::Result<()> {
        self.0.next().await?;
        tracing::info!("stopping: requests in flight are finished; a second signal stops at once");
        drain.cancel();
        self.0.next().await?;
        tracing::warn!("stopping at once");
        abort.cancel();
        Ok(())
    }
}

#[cfg(unix)]
#[derive(Debug)]
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
#[derive(Debug)]
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
