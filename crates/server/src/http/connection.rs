//! One connection, from handshake to close.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::activity::Activity;
use super::guarded::{Guarded, Times};
use super::limits::{
    BUFFER_BYTES_MAX, HEADER_LIST_BYTES_MAX, HttpLimits, SEND_BUFFER_BYTES_MAX, STREAMS_MAX, WINDOW_BYTES,
};
use super::pace::{Outcome, Turn};
use super::pool::Place;
use super::service::RequestService;
use super::{Edge, Tls};

/// What all connections of a listener share.
pub(super) struct Connections {
    builder: Builder<TokioExecutor>,
    tls: Option<Arc<Tls>>,
    app: Router,
    edge: Arc<Edge>,
    shutdown: CancellationToken,
}

impl Connections {
    pub(super) fn new(tls: Option<Arc<Tls>>, app: Router, edge: Edge, shutdown: CancellationToken) -> Self {
        Self { builder: builder(&edge.limits), tls, app, edge: Arc::new(edge), shutdown }
    }

    /// Serves one connection until it ends, is idle, or has to go.
    pub(super) async fn drive(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Place) {
        self.edge.metrics.connections.inc();
        if self.is_due(&place.activity).await {
            self.serve(stream, peer, &place.activity).await;
        }
        self.edge.metrics.connections.dec();
    }

    /// Waits for the turn of a peer that is paced. `false` if it gets none.
    async fn is_due(&self, activity: &Activity) -> bool {
        match activity.standing.turn() {
            Turn::Now => true,
            Turn::Never => false,
            Turn::After(wait) => tokio::select! {
                biased;
                () = self.shutdown.cancelled() => false,
                () = activity.until_shed() => false,
                () = sleep(wait) => true,
            },
        }
    }

    async fn serve(&self, stream: TcpStream, peer: SocketAddr, activity: &Arc<Activity>) {
        // Small answers must not wait for more; without this option they would only be slower.
        let _set = stream.set_nodelay(true);
        match &self.tls {
            None => self.speak(stream, peer, activity).await,
            Some(tls) => {
                let handshake =
                    timeout(self.edge.limits.handshake, TlsAcceptor::from(tls.current()).accept(stream));
                tokio::select! {
                    biased;
                    () = self.shutdown.cancelled() => {}
                    () = activity.until_shed() => {}
                    shaken = handshake => match shaken {
                        Ok(Ok(stream)) => self.speak(stream, peer, activity).await,
                        Ok(Err(_)) | Err(_) => drop(self.edge.metrics.handshake_failures.inc()),
                    },
                }
            }
        }
        // A peer that asked for nothing has cost a connection. That this server ended one is no peer's fault.
        if activity.now().begun == 0 && !activity.is_shed() && !self.shutdown.is_cancelled() {
            activity.standing.note(Outcome::Refused);
        }
    }

    async fn speak<S>(&self, stream: S, peer: SocketAddr, activity: &Arc<Activity>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.edge.limits;
        let service = RequestService {
            app: self.app.clone(),
            edge: Arc::clone(&self.edge),
            peer,
            activity: Arc::clone(activity),
        };
        let times = Times { opening: limits.header_read, write_stall: limits.write_stall };
        let io = TokioIo::new(Guarded::new(stream, times, Arc::clone(activity)));
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut first_request = pin!(sleep(limits.header_read));
        let mut idle = pin!(sleep(limits.idle));
        let mut is_due = true;
        loop {
            tokio::select! {
                biased;
                // How a connection ended is the peer's affair: resets and timeouts are no event worth a line.
                _ended = connection.as_mut() => return,
                () = self.shutdown.cancelled() => break,
                () = activity.until_shed() => return,
                // On HTTP/2 a peer may say much without ever asking for anything.
                () = first_request.as_mut(), if is_due => {
                    if activity.now().begun == 0 {
                        return;
                    }
                    is_due = false;
                }
                // A peer of HTTP/2 can keep an answer back by its flow control, and no write of ours ever stalls.
                () = idle.as_mut() => match activity.may_stay(limits.idle, limits.endless_answers, Instant::now()) {
                    Some(left) => idle.as_mut().reset(tokio::time::Instant::now() + left),
                    None => break,
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        // What is still in flight after this is cut off. A peer that holds its end open is no reason to keep others waiting.
        tokio::select! {
            _finished = timeout(limits.drain, connection) => {}
            () = activity.until_shed() => {}
        }
    }
}

/// Limits on resets and header blocks that are not set here are hyper's and h2's own (RUSTSEC-2024-0332 and its kin).
fn builder(limits: &HttpLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .half_close(false)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .keep_alive_interval(limits.idle / 2)
        .keep_alive_timeout(limits.write_stall);
    builder
}
