//! What is told to the program that started the server, where it wants to know: systemd's protocol of `NOTIFY_SOCKET`
//! (sd_notify(3)). It knows nothing of the server.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

/// The supervisor of this process; one that wants to know nothing is told nothing.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    socket: Option<Arc<UnixDatagram>>,
    /// How often a sign of life is expected at the least.
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// The one that the environment names. A socket that cannot be reached is an error: the supervisor would wait in vain.
    pub(crate) fn of(environment: impl IntoIterator<Item = (String, String)>) -> io::Result<Self> {
        let (mut path, mut micros, mut pid) = (None, None, None);
        for (name, value) in environment {
            match name.as_str() {
                "NOTIFY_SOCKET" => path = Some(value),
                "WATCHDOG_USEC" => micros = value.parse().ok(),
                "WATCHDOG_PID" => pid = Some(value),
                _ => {}
            }
        }
        let socket = path.filter(|path| !path.is_empty()).map(|path| connected(&path)).transpose()?;
        let is_for_us = pid.is_none_or(|pid| pid == std::process::id().to_string());
        let watchdog = micros.map(Duration::from_micros).filter(|every| is_for_us && !every.is_zero());
        Ok(Self { socket: socket.map(Arc::new), watchdog })
    }

    /// The server answers requests.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The server was asked to end, or ends by a fault.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Gives signs of life, twice as often as they are expected, for as long as tasks are run. Does not return where they are
    /// wanted.
    pub(crate) async fn watch(self) {
        let Some(watchdog) = self.watchdog else { return };
        let mut ticks = tokio::time::interval(watchdog / 2);
        loop {
            ticks.tick().await;
            self.tell("WATCHDOG=1");
        }
    }

    /// A supervisor that takes nothing more will act on what it does not hear; the server goes on.
    fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(state.as_bytes());
        }
    }
}

fn connected(path: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address(path)?)?;
    Ok(socket)
}

/// A name that begins with `@` is no file: it is in the abstract namespace of Linux.
fn address(path: &str) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = path.strip_prefix('@') {
        return <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name);
    }
    SocketAddr::from_pathname(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn pk_04_a_supervisor_hears_of_start_life_and_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let path = path.display().to_string();
        let supervisor =
            Supervisor::of(environment(&[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "20000")])).unwrap();
        supervisor.ready();
        assert_eq!(heard(&socket), "READY=1");
        let watched = tokio::time::timeout(Duration::from_millis(100), supervisor.clone().watch());
        assert!(watched.await.is_err(), "it goes on for as long as the server does");
        for _ in 0..3 {
            assert_eq!(heard(&socket), "WATCHDOG=1");
        }
        supervisor.stopping();
        assert!((0..20).any(|_| heard(&socket) == "STOPPING=1"));
    }

    #[tokio::test]
    async fn pk_04_signs_of_life_are_given_to_those_who_want_them_from_this_process() {
        for pairs in [
            &[][..],
            &[("WATCHDOG_USEC", "0")],
            &[("WATCHDOG_USEC", "soon")],
            &[("WATCHDOG_USEC", "20000"), ("WATCHDOG_PID", "1")],
        ] {
            Supervisor::of(environment(pairs)).unwrap().watch().await;
        }
        assert!(Supervisor::of(environment(&[("NOTIFY_SOCKET", "/nonexistent/notify")])).is_err());
    }
}
