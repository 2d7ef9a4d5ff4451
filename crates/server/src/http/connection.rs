//! One connection, from handshake to close.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::guarded::Guarded;
use super::limits::{BUFFER_BYTES_MAX, HttpLimits, STREAMS_MAX};
use super::service::{Activity, RequestService};
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
    pub(super) async fn drive(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        self.edge.metrics.connections.inc();
        // Small answers must not wait for more; without this option they would only be slower.
        let _set = stream.set_nodelay(true);
        match &self.tls {
            None => self.speak(stream, peer).await,
            Some(tls) => {
                let handshake =
                    timeout(self.edge.limits.handshake, TlsAcceptor::from(tls.current()).accept(stream));
                match self.shutdown.run_until_cancelled(handshake).await {
                    Some(Ok(Ok(stream))) => self.speak(stream, peer).await,
                    Some(_) => drop(self.edge.metrics.handshake_failures.inc()),
                    None => {}
                }
            }
        }
        self.edge.metrics.connections.dec();
    }

    async fn speak<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.edge.limits;
        let activity = Arc::new(Activity::default());
        let service = RequestService {
            app: self.app.clone(),
            edge: Arc::clone(&self.edge),
            peer,
            activity: Arc::clone(&activity),
        };
        let io = TokioIo::new(Guarded::new(stream, limits.header_read, limits.write_stall));
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut seen = activity.now();
        loop {
            tokio::select! {
                biased;
                // How a connection ended is the peer's affair: resets and timeouts are no event worth a line.
                _ended = connection.as_mut() => return,
                () = self.shutdown.cancelled() => break,
                () = tokio::time::sleep(limits.idle) => {
                    let now = activity.now();
                    // A peer of HTTP/2 can keep an answer back by its flow control, and no write of ours ever stalls.
                    if now == seen && (now.in_flight == 0 || !limits.endless_answers) {
                        break;
                    }
                    seen = now;
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        // What is still in flight after this is cut off.
        let _finished = timeout(limits.drain, connection).await;
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
        .max_header_list_size(u32::try_from(BUFFER_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.idle / 2)
        .keep_alive_timeout(limits.write_stall);
    builder
}
