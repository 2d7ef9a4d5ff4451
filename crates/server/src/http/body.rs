//! Request bodies: bounded in size and time, never compressed (F-23).

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

use super::activity::{Activity, Waiting};

/// The largest body that any endpoint takes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyRefusal {
    /// More bytes than the endpoint takes.
    #[error("the body is too large")]
    TooLarge,
    /// It carries a `Content-Encoding`: a few bytes could unpack to gigabytes.
    #[error("an encoded body is not accepted")]
    Encoded,
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke, or the framing is wrong.
    #[error("the body could not be read")]
    Broken,
}

impl BodyRefusal {
    /// The status that says so.
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// What a body may hold: its announced length, or, where none is announced, the largest there may be.
pub(super) fn bytes_held<B: http_body::Body>(headers: &HeaderMap, body: &B) -> usize {
    if body.is_end_stream() {
        return 0;
    }
    announced(headers).unwrap_or(BODY_BYTES_MAX).min(BODY_BYTES_MAX)
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads the whole body, `bytes_max` at most, and returns the request with it. What arrives past the limit is not kept.
pub async fn read_body(request: Request, bytes_max: usize) -> Result<http::Request<Bytes>, BodyRefusal> {
    let (parts, mut body) = request.into_parts();
    refuse_by_headers(&parts.headers, bytes_max)?;
    let announced = announced(&parts.headers).unwrap_or_default().min(bytes_max);
    let mut whole = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|error| cause(&error))?.into_data() else { continue };
        if chunk.len() > bytes_max.saturating_sub(whole.len() + joined.len()) {
            return Err(BodyRefusal::TooLarge);
        }
        // Nearly every body is one chunk, which needs no copy.
        if whole.is_empty() && joined.is_empty() && chunk.len() >= announced {
            whole = chunk;
        } else {
            // A part that lay where it came would keep the connection's buffer from being used again, and one that grew by
            // doubling would hold twice what it needs: both for as long as the peer takes over the rest.
            joined.reserve(announced.saturating_sub(joined.len()));
            joined.extend_from_slice(&std::mem::take(&mut whole));
            joined.extend_from_slice(&chunk);
        }
    }
    let bytes = if joined.is_empty() { whole } else { joined.freeze() };
    Ok(http::Request::from_parts(parts, bytes))
}

fn refuse_by_headers(headers: &HeaderMap, bytes_max: usize) -> Result<(), BodyRefusal> {
    let is_identity = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_identity) {
        return Err(BodyRefusal::Encoded);
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let is_too_large =
        announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > bytes_max));
    if is_too_large { Err(BodyRefusal::TooLarge) } else { Ok(()) }
}

fn cause(error: &axum::Error) -> BodyRefusal {
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<DeadlinePassed>() {
            return BodyRefusal::TooSlow;
        }
        source = error.source();
    }
    BodyRefusal::Broken
}

/// A body that must be complete by a deadline. The clock starts when a reader first has to wait.
pub(super) struct DeadlineBody {
    inner: Incoming,
    within: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    activity: Arc<Activity>,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct DeadlinePassed;

impl fmt::Display for DeadlinePassed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the body did not arrive in time")
    }
}

impl StdError for DeadlinePassed {}

impl DeadlineBody {
    /// An empty body needs neither deadline nor box.
    pub(super) fn wrap(inner: Incoming, within: Duration, activity: &Arc<Activity>) -> Body {
        if http_body::Body::is_end_stream(&inner) {
            return Body::empty();
        }
        let activity = Arc::clone(activity);
        Body::new(Self { inner, within, deadline: None, activity, waiting: None })
    }
}

impl http_body::Body for DeadlineBody {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.waiting = None;
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                this.waiting.get_or_insert_with(|| this.activity.wait());
                let within = this.within;
                let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(within)));
                match deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(DeadlinePassed.into()))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)], body: &[u8]) -> Request {
        let mut builder = http::Request::builder();
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Body::from(body.to_vec())).unwrap()
    }

    #[tokio::test]
    async fn v_52_f_23_bodies_are_bounded_and_plain() {
        type Case = (&'static [(&'static str, &'static str)], usize, Result<usize, BodyRefusal>);
        let cases: [Case; 6] = [
            (&[], 10, Ok(10)),
            (&[], 11, Err(BodyRefusal::TooLarge)),
            (&[("content-length", "4294967300")], 3, Err(BodyRefusal::TooLarge)),
            (&[("content-encoding", "gzip")], 3, Err(BodyRefusal::Encoded)),
            (&[("content-encoding", "identity"), ("content-encoding", "br")], 3, Err(BodyRefusal::Encoded)),
            (&[("content-encoding", "Identity")], 3, Ok(3)),
        ];
        for (headers, length, expected) in cases {
            let read = read_body(request(headers, &vec![b'x'; length]), 10).await;
            assert_eq!(read.map(|request| request.body().len()), expected, "{headers:?} {length}");
        }
        assert_eq!(BodyRefusal::TooLarge.status(), 413);
        assert_eq!(BodyRefusal::Encoded.status(), 415);
    }

    #[tokio::test]
    async fn chunks_are_joined_in_order() {
        let chunks =
            ["one ", "", "two ", "three"].map(|chunk| Ok::<_, std::convert::Infallible>(Bytes::from(chunk)));
        let stream = Chunks(chunks.into_iter().collect());
        let request = http::Request::new(Body::new(stream));
        assert_eq!(read_body(request, 100).await.unwrap().body().as_ref(), b"one two three");
    }

    struct Chunks(std::collections::VecDeque<Result<Bytes, std::convert::Infallible>>);

    impl http_body::Body for Chunks {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|chunk| chunk.map(Frame::data)))
        }
    }
}
