//! The listener that the browser returns to (OAuth 2.1 §8.4.2, RFC 8252 §7.3): loopback literals, a port of the
//! system's choice unless the app must have a certain one, one path, open for one sign-in or one sign-out.

mod callbacks;
mod connection;
mod head;
mod page;
mod purpose;
mod router;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use connection::converse;
use router::CallbackRouter;

pub(crate) use callbacks::Callbacks;
pub(crate) use purpose::Purpose;

/// Connections served at once; a local program that opens more waits.
const CONNECTIONS_MAX: usize = 16;
/// How often another port is tried when the same one is taken for the other address family.
const PORT_ATTEMPTS_MAX: u32 = 8;
/// Bound sockets; nothing is answered yet.
#[derive(Debug)]
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
    purpose: Purpose,
    redirect_uri: String,
}

impl Listener {
    /// Opens the same free port on 127.0.0.1 and ::1, or on the one of them that this machine has.
    pub(crate) async fn open(purpose: Purpose) -> io::Result<Self> {
        let mut last = None;
        for _ in 0..PORT_ATTEMPTS_MAX {
            let Ok(first) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else { break };
            let port = first.local_addr()?.port();
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(second) => return Ok(Self::of(vec![first, second], port, purpose)),
                // Another program has this port on ::1: the browser must not reach that program instead of this one.
                Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => last = Some(first),
                Err(_) => return Ok(Self::of(vec![first], port, purpose)),
            }
        }
        if let Some(first) = last {
            let port = first.local_addr()?.port();
            return Ok(Self::of(vec![first], port, purpose));
        }
        let only = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await?;
        let port = only.local_addr()?.port();
        let redirect_uri = format!("http://[::1]:{port}{}", purpose.path());
        Ok(Self { sockets: vec![only], port, purpose, redirect_uri })
    }

    /// Opens a certain port on 127.0.0.1, and on ::1 if it is free there: some servers compare the whole redirect URI.
    pub(crate) async fn open_at(port: u16, purpose: Purpose) -> io::Result<Self> {
        let mut sockets = vec![TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?];
        sockets.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await);
        Ok(Self::of(sockets, port, purpose))
    }

    fn of(sockets: Vec<TcpListener>, port: u16, purpose: Purpose) -> Self {
        let redirect_uri = format!("http://127.0.0.1:{port}{}", purpose.path());
        Self { sockets, port, purpose, redirect_uri }
    }

    /// The redirect URI of this sign-in.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The addresses on which it listens.
    #[cfg(test)]
    pub(crate) fn addresses(&self) -> Vec<std::net::SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// Starts answering requests; those to the redirect URI come out of the value that is returned.
    pub(crate) fn serve(self) -> Callbacks {
        let (sender, received) = mpsc::channel(1);
        let (outcome, outcomes) = watch::channel(None);
        let (shown_sender, shown) = mpsc::channel(1);
        let router = Arc::new(CallbackRouter::new(self.port, self.purpose, sender, outcomes, shown_sender));
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut tasks = JoinSet::new();
        for socket in self.sockets {
            tasks.spawn(accept(socket, Arc::clone(&router), Arc::clone(&permits)));
        }
        Callbacks::new(received, outcome, shown, tasks)
    }
}

async fn accept(socket: TcpListener, router: Arc<CallbackRouter>, permits: Arc<Semaphore>) {
    // Dropping this set, when the task ends, ends the conversations too.
    let mut conversations = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        while conversations.try_join_next().is_some() {}
        match socket.accept().await {
            Ok((stream, _)) => {
                let router = Arc::clone(&router);
                conversations.spawn(async move {
                    converse(stream, &router).await;
                    drop(permit);
                });
            }
            // Mostly there is no file descriptor left: pause instead of trying again at once.
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
        let listener = Listener::open(Purpose::SignIn).await.unwrap();
        let (address, port) = (listener.addresses()[0], listener.port);
        let _callbacks = listener.serve();
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
    async fn k_54_a_port_that_a_server_compares_can_be_chosen() {
        let free = Listener::open(Purpose::SignIn).await.unwrap();
        let port = free.port;
        assert!(Listener::open_at(port, Purpose::SignIn).await.is_err(), "taken");
        drop(free);
        let chosen = Listener::open_at(port, Purpose::SignIn).await.unwrap();
        assert_eq!(chosen.redirect_uri(), format!("http://127.0.0.1:{port}/callback"));
        assert!(
            chosen.addresses().iter().all(|address| address.ip().is_loopback() && address.port() == port)
        );
    }

    #[tokio::test]
    async fn cl_06_only_loopback_literals_are_listened_on_and_the_port_is_the_systems_choice() {
        let (a, b) =
            (Listener::open(Purpose::SignIn).await.unwrap(), Listener::open(Purpose::SignIn).await.unwrap());
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
