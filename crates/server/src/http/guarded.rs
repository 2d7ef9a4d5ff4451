//! A stream whose peer must begin in time and must not stop reading.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};
use tokio::time::{Sleep, sleep};

use super::activity::{Activity, Counts};
use super::pace::Turn;

/// Until the first byte that differs from this, it is open whether the peer speaks HTTP/1 or HTTP/2 (RFC 9113 §3.4), and
/// hyper's header timeout does not run yet: a peer that sends nothing, or only `P`, would stay for ever.
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Most bytes of one read, which hold most requests whole. hyper doubles a connection's buffer whenever a read has filled it, and keeps it so: a peer that sends
/// a large body and waits would hold several times what a head needs.
const READ_BYTES_MAX: usize = 4 * 1024;
const READ_LIMIT: u64 = READ_BYTES_MAX as u64;

pub(super) struct Guarded<S> {
    /// Gives so much of a read as its limit, which is set anew for each.
    inner: Take<S>,
    opening: Option<Opening>,
    write_stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    /// The turn for the next read, where the peer is paced.
    turn: Option<Pin<Box<Sleep>>>,
    /// Read on the turn of the connection.
    of_first_turn: usize,
    /// It got none: nothing more is read.
    has_no_turn: bool,
    activity: Arc<Activity>,
    parked: Parked,
}

/// How long a peer may take.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// Until it is clear which protocol it speaks.
    pub(super) opening: Duration,
    /// For any progress of a write.
    pub(super) write_stall: Duration,
}

/// What has come and is no request yet: it lies in a buffer for as long as the peer takes over the rest.
#[derive(Default)]
struct Parked {
    /// Requests that had begun at the latest look.
    begun: u64,
    /// Read and not charged: nearly always a whole request, which is charged as such a moment later.
    fresh: usize,
}

impl Parked {
    /// Called when the reader comes back for more: what it has got was no whole request. `false` if that is more than may be
    /// held.
    fn keep(&mut self, activity: &Activity) -> bool {
        let Counts { begun, in_flight } = activity.now();
        let fresh = std::mem::take(&mut self.fresh);
        if begun != self.begun || in_flight > 0 {
            // Head and body of a request that has begun are charged with it.
            self.begun = begun;
            return true;
        }
        fresh == 0 || activity.park(fresh)
    }
}

struct Opening {
    preface_seen: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Opening {
    /// Whether these bytes settle which protocol is spoken.
    fn is_settled_by(&mut self, bytes: &[u8]) -> bool {
        let expected = H2_PREFACE.get(self.preface_seen..).unwrap_or_default();
        let matching = bytes.iter().zip(expected).take_while(|(byte, other)| byte == other).count();
        self.preface_seen += matching;
        bytes.is_empty() || matching < bytes.len() || self.preface_seen == H2_PREFACE.len()
    }
}

impl<S: AsyncRead> Guarded<S> {
    pub(super) fn new(inner: S, times: Times, activity: Arc<Activity>) -> Self {
        let opening = Opening { preface_seen: 0, deadline: Box::pin(sleep(times.opening)) };
        let write_stall = times.write_stall;
        Self {
            inner: inner.take(READ_LIMIT),
            opening: Some(opening),
            write_stall,
            stalled: None,
            turn: None,
            of_first_turn: 0,
            has_no_turn: false,
            activity,
            parked: Parked::default(),
        }
    }

    /// Called when so many bytes were read, which are handed on in any case: the turn is for more. The turn of the connection
    /// is good for its first request, if that is no longer than one read.
    fn take_turn(&mut self, length: usize) {
        self.of_first_turn += length;
        if length == 0 || (self.of_first_turn < READ_BYTES_MAX && self.activity.now().begun == 0) {
            return;
        }
        match self.activity.standing.turn() {
            Turn::Now => {}
            Turn::After(wait) => self.turn = Some(Box::pin(sleep(wait))),
            Turn::Never => self.has_no_turn = true,
        }
    }

    /// Ends the connection for want of room or of a turn.
    fn give_up(&self) -> Poll<io::Result<()>> {
        self.activity.shed();
        Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()))
    }

    /// Starts the stall timer at the first write that does not go through, and ends it at the next that does.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let write_stall = self.write_stall;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_stall)));
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(timed_out("the peer does not read"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(turn) = &mut this.turn {
            ready!(turn.as_mut().poll(cx));
            this.turn = None;
        }
        if this.has_no_turn && this.activity.now().in_flight > 0 {
            // What was asked for is answered first; the task that writes the answer looks here again.
            return Poll::Pending;
        }
        if this.has_no_turn || !this.parked.keep(&this.activity) {
            return this.give_up();
        }
        let before = buf.filled().len();
        this.inner.set_limit(READ_LIMIT);
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        let length = buf.filled().len() - before;
        this.parked.fresh += length;
        this.take_turn(length);
        let Some(opening) = &mut this.opening else { return read };
        match read {
            Poll::Ready(Ok(())) => {
                if opening.is_settled_by(buf.filled().get(before..).unwrap_or_default()) {
                    this.opening = None;
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending if opening.deadline.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Err(timed_out("the peer sends no request")))
            }
            Poll::Pending | Poll::Ready(Err(_)) => read,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(self.inner.get_mut()).poll_write(cx, buf);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(self.inner.get_mut()).poll_write_vectored(cx, bufs);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(self.inner.get_mut()).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(self.inner.get_mut()).poll_shutdown(cx);
        self.watch(cx, closed)
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;
    use crate::http::budget::Account;
    use crate::http::pace::Standing;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_secs(60);

    fn guarded(inner: DuplexStream, opening: Duration, write_stall: Duration) -> Guarded<DuplexStream> {
        let standing = Standing::new(Arc::default(), None);
        let activity = Arc::new(Activity::new(Account::default(), standing));
        Guarded::new(inner, Times { opening, write_stall }, activity)
    }

    #[tokio::test]
    async fn f_21_a_peer_that_does_not_begin_is_cut_off() {
        for sent in ["", "P", "PRI * HTTP/2.0\r\n"] {
            let (mut client, server) = tokio::io::duplex(64);
            let mut server = guarded(server, SHORT, LONG);
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut buf = [0; 64];
            let error = loop {
                if let Err(error) = server.read(&mut buf).await {
                    break error;
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{sent:?}");
        }
    }

    #[tokio::test]
    async fn f_21_once_begun_the_opening_deadline_is_off() {
        for sent in ["G", "POST", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let (mut client, server) = tokio::io::duplex(64);
            let mut server = guarded(server, SHORT, LONG);
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut buf = [0; 64];
            server.read_exact(&mut buf[..sent.len()]).await.unwrap();
            let next = tokio::time::timeout(SHORT * 3, server.read(&mut buf)).await;
            assert!(next.is_err(), "still open: {sent:?}");
        }
    }

    #[tokio::test]
    async fn f_22_a_peer_that_does_not_read_is_cut_off() {
        let (_client, server) = tokio::io::duplex(16);
        let mut server = guarded(server, LONG, SHORT);
        let error = server.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
