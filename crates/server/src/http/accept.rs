//! Accepts connections, bounded in number, until it is told to stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Connections;
use super::pool::Pool;
use super::{Edge, Tls};

/// The pause after an accept that failed for want of descriptors or memory. Without it the loop would spin: the
/// connection stays in the queue and the next call fails at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` on a listener until `shutdown` is cancelled; then closes the listener at once, lets requests in flight
/// finish within [`super::HttpLimits::drain`], and returns.
///
/// At most [`super::HttpLimits::connections_max`] connections are open, and one more for which a place is sought: the longest
/// idle one goes, and while none is idle further peers wait in the system's queue and cost nothing.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    app: Router,
    edge: Edge,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let pool = Arc::new(Pool::new(&edge));
    let metrics = edge.metrics.clone();
    let connections = Arc::new(Connections::new(tls, app, edge, shutdown.clone()));
    let tasks = TaskTracker::new();
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let shed = || {
                        metrics.connections_shed.inc();
                    };
                    let Some(place) = pool.place(peer.ip(), shed).await else {
                        metrics.connections_refused.inc();
                        continue;
                    };
                    tasks.spawn(Arc::clone(&connections).drive(stream, peer, place));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    metrics.accept_failures.inc();
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    let _never: Option<()> = shutdown.run_until_cancelled(accept).await;
    drop(listener);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// The peer went away between connecting and being accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
