//! Signals of the operating system: each that others send for a good reason is answered, and none of them kills (K-37).

use std::io;

use tokio_util::sync::CancellationToken;

/// What a signal asks of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// SIGTERM, SIGINT and SIGQUIT: finish and end. SIGQUIT would else leave an image of the memory, keys and all.
    Stop,
    /// SIGHUP, from `systemctl reload`, and SIGUSR1, from whatever rotates logs: take up what has changed.
    Reload,
    /// SIGUSR2, which some supervisors send to ask for a sign of life.
    Nothing,
}

/// The signals that a server answers; on systems without them Ctrl-C stops it.
#[derive(Debug)]
pub struct Signals(Listening);

impl Signals {
    /// Listens from now on. Until then a signal ends the process as it stands, so call it before a server is announced.
    pub fn listen() -> io::Result<Self> {
        Listening::begin().map(Self)
    }

    /// Cancels `drain` at the first signal to stop, those that came since [`Signals::listen`] included, and `abort` at the
    /// second; calls `reload` at each signal that asks for it.
    pub async fn answer(
        mut self,
        drain: CancellationToken,
        abort: CancellationToken,
        reload: impl Fn(),
    ) -> io::Result<()> {
        loop {
            match self.0.next().await? {
                Asked::Reload => reload(),
                Asked::Nothing => tracing::info!("a signal that asks for nothing"),
                Asked::Stop if drain.is_cancelled() => {
                    tracing::warn!("stopping at once");
                    abort.cancel();
                    return Ok(());
                }
                Asked::Stop => {
                    tracing::info!(
                        "stopping: requests in flight are finished; a second signal stops at once"
                    );
                    drain.cancel();
                }
            }
        }
    }
}

/// Makes a file that may grow no further (SIGXFSZ) an error of the write that met it, as a full disk is, instead of the end of
/// the process. It holds for the rest of the process; call it within a runtime.
pub fn survive_file_size_limit() -> io::Result<()> {
    Listening::for_file_size()
}

#[cfg(unix)]
#[derive(Debug)]
struct Listening {
    stop: [tokio::signal::unix::Signal; 3],
    reload: [tokio::signal::unix::Signal; 2],
    nothing: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listening {
    fn begin() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind as Kind, signal};
        Ok(Self {
            stop: [signal(Kind::terminate())?, signal(Kind::interrupt())?, signal(Kind::quit())?],
            reload: [signal(Kind::hangup())?, signal(Kind::user_defined1())?],
            nothing: signal(Kind::user_defined2())?,
        })
    }

    async fn next(&mut self) -> io::Result<Asked> {
        let Self { stop: [terminate, interrupt, quit], reload: [hang_up, user_1], nothing } = self;
        Ok(tokio::select! {
            _ = terminate.recv() => Asked::Stop,
            _ = interrupt.recv() => Asked::Stop,
            _ = quit.recv() => Asked::Stop,
            _ = hang_up.recv() => Asked::Reload,
            _ = user_1.recv() => Asked::Reload,
            _ = nothing.recv() => Asked::Nothing,
        })
    }

    /// A handler once installed stays; the stream that it feeds is of no use.
    fn for_file_size() -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Listening;

#[cfg(not(unix))]
impl Listening {
    fn begin() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> io::Result<Asked> {
        tokio::signal::ctrl_c().await.map(|()| Asked::Stop)
    }

    fn for_file_size() -> io::Result<()> {
        Ok(())
    }
}
