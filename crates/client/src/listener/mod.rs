//! The listener that the browser returns to (OAuth 2.1 §8.4.2, RFC 8252 §7.3): loopback literals, a port of the
//! system's choice, one path, open for one sign-in.

mod connection;
mod desk;
mod head;
mod page;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use proofkey_oauth::Params;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use connection::converse;
use desk::Desk;

/// Connections served at once; a local program that opens more waits.
const CONNECTIONS_MAX: usize = 16;
/// How often another port is tried when the same one is taken for the other address family.
const PORT_ATTEMPTS_MAX: u32 = 8;
/// How long the browser may take to fetch the page that tells the outcome.
const PAGE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The path of the redirect URI, as it is registered.
pub(crate) const CALLBACK_PATH: &str = "/callback";

/// Bound sockets; nothing is answered yet.
#[derive(Debug)]
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
    redirect_uri: String,
}

/// Where responses arrive. Dropping it closes the sockets.
#[derive(Debug)]
pub(crate) struct Counter {
    arrivals: mpsc::Receiver<Arrival>,
    outcome: watch::Sender<Option<bool>>,
    shown: mpsc::Receiver<()>,
    accepted: bool,
    _tasks: JoinSet<()>,
}

/// A request to the redirect URI that waits for its verdict.
#[derive(Debug)]
pub(crate) struct Arrival {
    params: Params,
    verdict: oneshot::Sender<bool>,
    accepted: watch::Sender<bool>,
}

impl Listener {
    /// Opens the same free port on 127.0.0.1 and ::1, or on the one of them that this machine has.
    pub(crate) async fn open() -> io::Result<Self> {
        let mut last = None;
        for _ in 0..PORT_ATTEMPTS_MAX {
            let Ok(first) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else { break };
            let port = first.local_addr()?.port();
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(second) => return Ok(Self::of(vec![first, second], port, "127.0.0.1")),
                // Someone else has this port on ::1: a browser must not find them there in our place.
                Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => last = Some(first),
                Err(_) => return Ok(Self::of(vec![first], port, "127.0.0.1")),
            }
        }
        if let Some(first) = last {
            let port = first.local_addr()?.port();
            return Ok(Self::of(vec![first], port, "127.0.0.1"));
        }
        let only = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await?;
        let port = only.local_addr()?.port();
        Ok(Self::of(vec![only], port, "[::1]"))
    }

    fn of(sockets: Vec<TcpListener>, port: u16, host: &str) -> Self {
        Self { sockets, port, redirect_uri: format!("http://{host}:{port}{CALLBACK_PATH}") }
    }

    /// The redirect URI of this sign-in.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Where it listens.
    #[cfg(test)]
    pub(crate) fn addresses(&self) -> Vec<std::net::SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// Starts answering.
    pub(crate) fn serve(self) -> Counter {
        let (sender, arrivals) = mpsc::channel(1);
        let (outcome, outcomes) = watch::channel(None);
        let (shown_sender, shown) = mpsc::channel(1);
        let desk = Arc::new(Desk::new(self.port, sender, outcomes, shown_sender));
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut tasks = JoinSet::new();
        for socket in self.sockets {
            tasks.spawn(accept(socket, Arc::clone(&desk), Arc::clone(&permits)));
        }
        Counter { arrivals, outcome, shown, accepted: false, _tasks: tasks }
    }
}

impl Counter {
    /// The next request to the redirect URI.
    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        let arrival = self.arrivals.recv().await;
        // A browser is waiting from here on, unless the arrival turns out to be somebody else's.
        self.accepted = arrival.is_some();
        arrival
    }

    /// Tells the browser how it ended, if one is waiting, and closes.
    pub(crate) async fn close(mut self, succeeded: bool) {
        self.arrivals.close();
        self.outcome.send_replace(Some(succeeded));
        if self.accepted {
            // A browser that does not come back for the page is not waited for longer.
            let _ = tokio::time::timeout(PAGE_TIMEOUT, self.shown.recv()).await;
        }
    }
}

impl Arrival {
    /// What was sent.
    pub(crate) const fn params(&self) -> &Params {
        &self.params
    }

    /// It was ours: the browser moves on to the page that tells the outcome.
    pub(crate) fn accept(self) {
        self.accepted.send_replace(true);
        let _ = self.verdict.send(true);
    }

    /// It was not ours.
    pub(crate) fn ignore(self) {
        let _ = self.verdict.send(false);
    }
}

async fn accept(socket: TcpListener, desk: Arc<Desk>, permits: Arc<Semaphore>) {
    // Dropped with this task, and then ends the conversations too.
    let mut conversations = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        while conversations.try_join_next().is_some() {}
        match socket.accept().await {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                conversations.spawn(async move {
                    converse(stream, &desk).await;
                    drop(permit);
                });
            }
            // Out of file descriptors, mostly: pause instead of spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn cl_06_a_request_head_has_8_kb_at_most() {
        let listener = Listener::open().await.unwrap();
        let (address, port) = (listener.addresses()[0], listener.port);
        let _counter = listener.serve();
        for (length, answered) in [(8 * 1024, true), (8 * 1024 + 1, false)] {
            let start = format!("GET /x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX: ");
            let head = format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4));
            assert_eq!(head.len(), length);
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // What was not read makes the system reset the connection.
            let _ = stream.read_to_end(&mut answer).await;
            assert_eq!(answer.starts_with(b"HTTP/1.1 404"), answered, "{length}");
            assert_eq!(answer.is_empty(), !answered, "{length}");
        }
    }

    #[tokio::test]
    async fn cl_06_only_loopback_literals_are_listened_on_and_the_port_is_the_systems_choice() {
        let (a, b) = (Listener::open().await.unwrap(), Listener::open().await.unwrap());
        assert_ne!(a.port, b.port);
        for address in a.addresses() {
            assert!(address.ip().is_loopback(), "{address}");
            assert_eq!(address.port(), a.port);
        }
        assert!(
            a.redirect_uri().starts_with("http://127.0.0.1:")
                || a.redirect_uri().starts_with("http://[::1]:")
        );
        let address = a.addresses()[0];
        drop(a);
        assert!(tokio::net::TcpStream::connect(address).await.is_err(), "closed with its owner");
    }
}
