//! A link to the server that breaks where a test wants it to.
//!
//! It reads the frames of PostgreSQL's protocol, so that it knows when the server has finished what it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

/// Which message the link breaks at, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Break {
    /// It does not.
    Never,
    /// The next execution of a statement never reaches the server.
    BeforeExecution,
    /// The next execution is done, and nobody hears of it.
    AfterExecution,
    /// The next `COMMIT` never reaches the server.
    BeforeCommit,
    /// The next `COMMIT` is done, and nobody hears of it.
    AfterCommit,
    /// The next `COMMIT` and all that follows go nowhere, and the link stays.
    SwallowCommit,
    /// The next execution and all that follows go nowhere, and the link stays.
    SwallowExecution,
    /// The next execution is done, nothing of it or of what follows comes back, and the link stays.
    SilentExecution,
}

const ALL: [Break; 8] = [
    Break::Never,
    Break::BeforeExecution,
    Break::AfterExecution,
    Break::BeforeCommit,
    Break::AfterCommit,
    Break::SwallowCommit,
    Break::SwallowExecution,
    Break::SilentExecution,
];

impl Break {
    fn of(number: u8) -> Self {
        ALL.get(usize::from(number)).copied().unwrap_or(Self::Never)
    }

    fn is_at(self, message: &[u8]) -> bool {
        match self {
            Self::Never => false,
            Self::BeforeExecution | Self::AfterExecution | Self::SwallowExecution | Self::SilentExecution => {
                message.first() == Some(&b'E')
            }
            Self::BeforeCommit | Self::AfterCommit | Self::SwallowCommit => message.ends_with(b"COMMIT\0"),
        }
    }
}

/// A proxy in front of the server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    armed: Arc<AtomicU8>,
    broken: Arc<AtomicUsize>,
    entrance: Arc<Mutex<()>>,
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, broken) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
        let (arms, breaks) = (Arc::clone(&armed), Arc::clone(&broken));
        let entrance = Arc::new(Mutex::new(()));
        let entered = Arc::clone(&entrance);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                drop(entered.lock().await);
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(link(client, server, Arc::clone(&arms), Arc::clone(&breaks)));
            }
        });
        Self { port, armed, broken, entrance }
    }

    /// Lets new links wait until the guard is dropped.
    pub(crate) async fn close(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.entrance).lock_owned().await
    }

    /// Breaks one link.
    pub(crate) fn arm(&self, at: Break) {
        self.armed.store(at as u8, Ordering::SeqCst);
    }

    /// How many links it broke.
    pub(crate) fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }
}

/// What both directions of a link know.
#[derive(Default)]
struct Link {
    /// Messages after each of which the server says that it is ready, less those after which it said so.
    open: AtomicUsize,
    is_silent: AtomicUsize,
    ready: Notify,
}

async fn link(client: TcpStream, server: TcpStream, armed: Arc<AtomicU8>, broken: Arc<AtomicUsize>) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let link = Arc::new(Link::default());
    let back = tokio::spawn(backward(from_server, to_client, Arc::clone(&link)));
    forward(from_client, to_server, &link, &armed, &broken).await;
    back.abort();
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    link: &Link,
    armed: &AtomicU8,
    broken: &AtomicUsize,
) {
    // The first message has no type.
    let Some(first) = body(&mut from, Vec::new()).await else { return };
    link.open.fetch_add(1, Ordering::SeqCst);
    if to.write_all(&first).await.is_err() {
        return;
    }
    let mut breaking = Break::Never;
    while let Some(message) = message(&mut from).await {
        let at = Break::of(armed.load(Ordering::SeqCst));
        if at.is_at(&message)
            && armed.compare_exchange(at as u8, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        {
            broken.fetch_add(1, Ordering::SeqCst);
            breaking = at;
            match at {
                Break::BeforeExecution | Break::BeforeCommit => return,
                _ => link.is_silent.store(1, Ordering::SeqCst),
            }
        }
        if matches!(breaking, Break::SwallowCommit | Break::SwallowExecution) {
            continue;
        }
        let ends = matches!(message.first(), Some(b'S' | b'Q'));
        if ends {
            link.open.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
        if !matches!(breaking, Break::Never | Break::SilentExecution) && ends {
            while link.open.load(Ordering::SeqCst) > 0 {
                link.ready.notified().await;
            }
            return;
        }
    }
}

async fn backward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, link: Arc<Link>) {
    while let Some(message) = message(&mut from).await {
        if message.first() == Some(&b'Z') {
            link.open.fetch_sub(1, Ordering::SeqCst);
            link.ready.notify_one();
        }
        if link.is_silent.load(Ordering::SeqCst) == 0 && to.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn message(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let kind = from.read_u8().await.ok()?;
    body(from, vec![kind]).await
}

/// The length, which counts itself, and so many bytes.
async fn body(from: &mut OwnedReadHalf, mut message: Vec<u8>) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    message.extend_from_slice(&length.to_be_bytes());
    let begun = message.len();
    message.resize(begun + usize::try_from(length).ok()?.checked_sub(4)?, 0);
    from.read_exact(message.get_mut(begun..)?).await.ok()?;
    Some(message)
}
