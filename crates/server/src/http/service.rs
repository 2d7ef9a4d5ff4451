//! What happens to every request on its way to the router and back.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Request, Response, StatusCode};
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tower::Service as _;

use super::arrival::{Arrival, Peer, RequestId};
use super::body::DeadlineBody;
use super::edge::Edge;
use super::refusal;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The service of one connection.
#[derive(Clone)]
pub(super) struct RequestService {
    pub(super) app: Router,
    pub(super) edge: Arc<Edge>,
    pub(super) peer: SocketAddr,
    pub(super) activity: Arc<Activity>,
}

impl hyper::service::Service<Request<Incoming>> for RequestService {
    type Response = Response<CountedBody>;
    type Error = Infallible;
    type Future = Responding;

    fn call(&self, mut request: Request<Incoming>) -> Responding {
        let in_flight = Some(self.activity.begin());
        let edge = Arc::clone(&self.edge);
        let id = RequestId::random(&edge.randomness);
        if let Some(status) = refusal::refuse(&request) {
            let stage = Stage::Refused(Some(refusal::response(status, id)));
            return Responding { stage, id, edge, in_flight };
        }
        let client = edge.trusted_proxies.resolve(self.peer, request.headers_mut());
        request.extensions_mut().insert(Arrival { peer: Peer(self.peer), client, id, at: Instant::now() });
        let request = request.map(|body| DeadlineBody::wrap(body, edge.limits.body_read));
        let stage = Stage::Routed(Box::pin(self.app.clone().call(request)));
        Responding { stage, id, edge, in_flight }
    }
}

/// A response under way. A panic on the way becomes a response too: one request fails, the process goes on (V-53).
pub(super) struct Responding {
    stage: Stage,
    id: RequestId,
    edge: Arc<Edge>,
    in_flight: Option<InFlight>,
}

enum Stage {
    /// Answered by the edge itself.
    Refused(Option<Response<Body>>),
    /// In the hands of a handler.
    Routed(Pin<Box<RouteFuture<Infallible>>>),
}

impl Future for Responding {
    type Output = Result<Response<CountedBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let response = match &mut this.stage {
            Stage::Refused(response) => response.take().unwrap_or_default(),
            // The future is never polled again after a panic, so nothing sees what it left half done.
            Stage::Routed(routed) => match catch_unwind(AssertUnwindSafe(|| routed.as_mut().poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(response))) => response,
                Err(_) => {
                    this.edge.metrics.panics.inc();
                    tracing::error!(request_id = %this.id, "a handler panicked");
                    refusal::response(StatusCode::INTERNAL_SERVER_ERROR, this.id)
                }
            },
        };
        let in_flight = this.in_flight.take();
        Poll::Ready(Ok(finish(response, this.id, &this.edge, in_flight)))
    }
}

fn finish(
    mut response: Response<Body>,
    id: RequestId,
    edge: &Edge,
    in_flight: Option<InFlight>,
) -> Response<CountedBody> {
    let headers = response.headers_mut();
    edge.security_headers.apply(headers);
    if let Some(value) = id.header() {
        headers.insert(X_REQUEST_ID, value);
    }
    response.map(|inner| CountedBody { inner, _in_flight: in_flight })
}

/// What goes on on a connection, for the decision that it is idle.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    in_flight: AtomicUsize,
}

/// The requests of a connection: how many have begun, and how many of them have no answer yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    begun: u64,
    pub(super) in_flight: usize,
}

/// A request whose response is not yet written.
pub(super) struct InFlight(Arc<Activity>);

impl Activity {
    fn begin(self: &Arc<Self>) -> InFlight {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// The counts as they stand.
    pub(super) fn now(&self) -> Counts {
        Counts {
            begun: self.begun.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A response body that keeps its request in flight until it is written.
pub(super) struct CountedBody {
    inner: Body,
    _in_flight: Option<InFlight>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
