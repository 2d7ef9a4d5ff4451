//! What a server starts beside its listener: each of it watched, or the end of the server.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use proofkey_store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::http::{self, Budget, Edge, HttpLimits, Readiness, Tls};
use crate::known_time::KnownTime;
use crate::metrics::{Metrics, OPENMETRICS};
use crate::node::Node;
use crate::refusal_record;
use crate::session_uses;
use crate::sweep;
use crate::tasks::{self, Watch};

/// Refreshing and rotating, removing what has ended, and the look at the certificate.
pub(crate) fn spawn(
    watch: &Watch,
    store: &Store,
    known: KnownTime,
    tls: Option<&Arc<Tls>>,
) -> Vec<JoinHandle<()>> {
    let (noted, to_sweep) = tokio::sync::watch::channel(None);
    let refresh = {
        let (watch, store) = (watch.clone(), store.clone());
        move || tasks::run(watch.clone(), store.clone(), known, noted.clone())
    };
    let sweep = {
        let (watch, store) = (watch.clone(), store.clone());
        move || {
            let mut to_sweep = to_sweep.clone();
            // One that is started again begins with the next note: what it met may still be there.
            to_sweep.mark_unchanged();
            sweep::run(watch.clone(), store.clone(), to_sweep)
        }
    };
    let record = {
        let (watch, store) = (watch.clone(), store.clone());
        move || refusal_record::run(watch.clone(), store.clone())
    };
    let uses = {
        let (watch, store) = (watch.clone(), store.clone());
        move || session_uses::run(watch.clone(), store.clone())
    };
    let mut spawned = vec![watch.clone().spawn("refresh", refresh), watch.clone().spawn("sweep", sweep)];
    spawned.push(watch.clone().spawn("record", record));
    spawned.push(watch.clone().spawn("uses", uses));
    if let Some(tls) = tls {
        let (tls, stop) = (Arc::clone(tls), watch.shutdown.clone());
        spawned.push(watch.clone().spawn("certificate", move || Arc::clone(&tls).watch(stop.clone())));
    }
    spawned
}

/// What tells other servers of this one, where there can be others.
pub(crate) fn spawn_node(watch: &Watch, store: &Store, node: &Node) -> Option<JoinHandle<()>> {
    let (seen, store, node) = (watch.clone(), store.clone(), node.clone());
    store.is_shared().then(|| {
        watch.clone().spawn("node", move || {
            let (watch, store, node) = (seen.clone(), store.clone(), node.clone());
            async move { node.run(&watch.app, &store, &watch.shutdown).await }
        })
    })
}

/// The metrics listener, until `stop` is cancelled: it outlives the drain.
pub(crate) fn spawn_metrics(
    watch: &Watch,
    listener: TcpListener,
    budget: Arc<Budget>,
    stop: CancellationToken,
) -> io::Result<JoinHandle<()>> {
    let address = listener.local_addr()?;
    let router = metrics_router(Arc::clone(&watch.app.metrics), Arc::clone(&watch.readiness));
    let bound = Mutex::new(Some(listener));
    Ok(watch.clone().spawn("metrics", move || {
        // The first start has the listener that is bound already; a later one binds it anew.
        let bound = bound.lock().unwrap_or_else(PoisonError::into_inner).take();
        let edge = Edge { limits: HttpLimits::of_metrics(), budget: Arc::clone(&budget), ..Edge::default() };
        let (router, stop) = (router.clone(), stop.clone());
        async move {
            let served = async {
                let listener = match bound {
                    Some(listener) => listener,
                    None => TcpListener::bind(address).await?,
                };
                http::serve(listener, None, router, edge, stop).await
            };
            if let Err(error) = served.await {
                tracing::error!(%error, %address, "the metrics listener ended");
            }
        }
    }))
}

/// Runs what nothing can start again. Its end, by a panic too, stops the server: a supervisor starts another.
pub(crate) fn spawn_vital<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    shutdown: &CancellationToken,
) -> JoinHandle<T> {
    let ends = shutdown.clone().drop_guard();
    tokio::spawn(async move {
        let _ends = ends;
        work.await
    })
}

/// What the metrics listener serves: `/metrics`, `/livez` and `/readyz`.
fn metrics_router(metrics: Arc<Metrics>, readiness: Arc<Readiness>) -> Router {
    let scrape = move || async move { ([(CONTENT_TYPE, OPENMETRICS)], metrics.encode()) };
    readiness.routes().route("/metrics", get(scrape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn k_46_the_end_of_what_nothing_can_start_again_stops_the_server() {
        let shutdown = CancellationToken::new();
        let broken = spawn_vital(async { assert!(std::hint::black_box(false), "a defect") }, &shutdown);
        shutdown.cancelled().await;
        assert!(broken.await.is_err());
    }
}
