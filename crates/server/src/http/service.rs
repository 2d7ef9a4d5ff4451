//! What happens to every request on its way to the router and back.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};
use tower::Service as _;

use super::activity::{Activity, InFlight};
use super::arrival::{Arrival, ClientAddress, Peer, RequestId};
use super::body::{DeadlineBody, bytes_held};
use super::edge::{AskingPage, Edge, Told};
use super::pace::{Outcome, Standing, Turn};
use super::refusal::{self, ForWantOfRoom};
use crate::limit::AddressKey;

/// What a request costs beside its bytes, as measured: its task, its stream, its answer's head.
const REQUEST_BYTES: usize = 6 * 1024;
/// An answer is a page or a document; one without an end is counted so.
const ANSWER_BYTES_COUNTED: usize = 64 * 1024;
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
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
    type Error = h2::Error;
    type Future = Responding;

    fn call(&self, mut request: Request<Incoming>) -> Responding {
        let at = Instant::now();
        let bytes = refusal::head_bytes(&request) + bytes_held(request.headers(), request.body());
        let in_flight = self.activity.begin(bytes + REQUEST_BYTES, at);
        let edge = Arc::clone(&self.edge);
        let id = RequestId::random(&edge.randomness);
        let page = edge.readers.as_ref().and_then(|_| AskingPage::of(&request));
        if in_flight.is_none() {
            edge.metrics.requests_over_budget.inc();
            if self.activity.holds_too_much(bytes + REQUEST_BYTES) {
                self.activity.standing.note(Outcome::Refused);
            }
            let stage = match request.version() {
                // The peer reads that nothing of it was looked at, and sends it again by itself (RFC 9113 §8.7).
                Version::HTTP_2 => Stage::Reset,
                _ => refuse(&edge, page.as_ref(), refusal::over_budget(id)),
            };
            return Responding { stage, id, edge, in_flight, page };
        }
        if let Some(status) = refusal::refuse(&request) {
            self.activity.standing.note(Outcome::Refused);
            let stage = refuse(&edge, page.as_ref(), refusal::response(status, id));
            return Responding { stage, id, edge, in_flight, page };
        }
        let (client, forwarded) = edge.trusted_proxies.resolve(self.peer, request.headers_mut());
        let (sender, turn) = self.sender(client);
        let turn = match turn {
            Turn::Now => None,
            Turn::After(wait) => Some(Box::pin(sleep(wait))),
            Turn::Never => {
                let stage = refuse(&edge, page.as_ref(), refusal::out_of_turn(id));
                return Responding { stage, id, edge, in_flight, page };
            }
        };
        request.extensions_mut().insert(Arrival { peer: Peer(self.peer), client, forwarded, id, at });
        let request = request.map(|body| DeadlineBody::wrap(body, edge.limits.body_read, &self.activity));
        let stage = Stage::Routed { turn, routed: Box::pin(self.app.clone().call(request)), sender };
        Responding { stage, id, edge, in_flight, page }
    }
}

impl RequestService {
    /// The one that is judged by what becomes of a request, and what it waits for: the peer, which had its turn before the
    /// request was read, or the client that a trusted proxy names.
    fn sender(&self, client: ClientAddress) -> (Standing, Turn) {
        if client.0 == self.peer.ip().to_canonical() {
            return (self.activity.standing.clone(), Turn::Now);
        }
        let named = Standing::new(Arc::clone(&self.edge.pace), Some(AddressKey::of(client.0)));
        let turn = named.turn();
        (named, turn)
    }
}

/// The stage in which a refusal goes out, to its page where one waits.
fn refuse(edge: &Edge, page: Option<&AskingPage>, refusal: Response<Body>) -> Stage {
    match (&edge.readers, page) {
        (Some(readers), Some(page)) => Stage::Told(readers.let_read(page.clone(), refusal)),
        _ => Stage::Refused(Some(refusal)),
    }
}

/// A response under way. A panic on the way becomes a response too: one request fails, the process goes on (V-53).
pub(super) struct Responding {
    stage: Stage,
    id: RequestId,
    edge: Arc<Edge>,
    in_flight: Option<InFlight>,
    page: Option<AskingPage>,
}

enum Stage {
    /// Sent back without an answer.
    Reset,
    /// Answered by the edge itself.
    Refused(Option<Response<Body>>),
    /// The same, until it is clear which page may read it.
    Told(Told),
    /// In the hands of a handler, once it has its turn.
    Routed { turn: Option<Pin<Box<Sleep>>>, routed: Pin<Box<RouteFuture<Infallible>>>, sender: Standing },
}

impl Future for Responding {
    type Output = Result<Response<CountedBody>, h2::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let response = loop {
            // A future is never polled again after a panic, so nothing sees what it left half done.
            let caught = match &mut this.stage {
                Stage::Reset => return Poll::Ready(Err(h2::Reason::REFUSED_STREAM.into())),
                Stage::Refused(response) => break response.take().unwrap_or_default(),
                Stage::Told(told) => catch_unwind(AssertUnwindSafe(|| told.as_mut().poll(cx))),
                Stage::Routed { turn, routed, sender } => {
                    if let Some(due) = turn {
                        ready!(due.as_mut().poll(cx));
                        *turn = None;
                    }
                    let polled = || routed.as_mut().poll(cx).map(|Ok(response)| response);
                    let caught = catch_unwind(AssertUnwindSafe(polled));
                    if let Ok(Poll::Ready(response)) = &caught {
                        sender.note(outcome(response));
                    }
                    caught
                }
            };
            match caught {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(response)) => break response,
                Err(_) => {
                    this.edge.metrics.panics.inc();
                    tracing::error!(request_id = %this.id, "a handler panicked");
                    let refusal = refusal::response(StatusCode::INTERNAL_SERVER_ERROR, this.id);
                    this.stage = refuse(&this.edge, this.page.take().as_ref(), refusal);
                }
            }
        };
        let in_flight = this.in_flight.take();
        Poll::Ready(Ok(finish(response, this.id, &this.edge, in_flight)))
    }
}

fn outcome(response: &Response<Body>) -> Outcome {
    let for_want_of_room = response.extensions().get::<ForWantOfRoom>().is_some();
    match response.status() {
        _ if for_want_of_room => Outcome::Neither,
        status if status.is_server_error() => Outcome::Neither,
        status if status.is_client_error() => Outcome::Refused,
        _ => Outcome::Served,
    }
}

fn finish(
    mut response: Response<Body>,
    id: RequestId,
    edge: &Edge,
    mut in_flight: Option<InFlight>,
) -> Response<CountedBody> {
    let headers = response.headers_mut();
    edge.security_headers.apply(headers);
    // Whatever says nothing of it, the router's own 404 and 405 too, is not for caches.
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    if let Some(value) = id.header() {
        headers.insert(X_REQUEST_ID, value);
    }
    if let Some(in_flight) = &mut in_flight {
        let bytes = response.body().size_hint().lower();
        in_flight.answer(usize::try_from(bytes).unwrap_or(usize::MAX).min(ANSWER_BYTES_COUNTED));
    }
    response.map(|inner| CountedBody { inner, _in_flight: in_flight })
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
