//! Accepts connections, bounded in number, until it is told to stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Connections;
use super::{Edge, Tls};

/// The pause after an accept that failed for want of descriptors or memory. Without it the loop would spin: the
/// connection stays in the queue and the next call fails at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` on a listener until `shutdown` is cancelled; then closes the listener at once, lets requests in flight
/// finish within [`super::HttpLimits::drain`], and returns.
///
/// At most [`super::HttpLimits::connections_max`] connections are open; a place is taken before a connection is accepted, so
/// that further peers wait in the system's queue and cost nothing.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    app: Router,
    edge: Edge,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(edge.limits.connections_max));
    let accept_failures = edge.metrics.accept_failures.clone();
    let connections = Arc::new(Connections::new(tls, app, edge, shutdown.clone()));
    let tasks = TaskTracker::new();
    let accept = async {
        loop {
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection = Arc::clone(&connections).drive(stream, peer);
                    tasks.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    accept_failures.inc();
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    let failed: Option<io::Result<()>> = shutdown.run_until_cancelled(accept).await;
    drop(listener);
    tasks.close();
    tasks.wait().await;
    failed.unwrap_or(Ok(()))
}

/// The peer went away between connecting and being accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
