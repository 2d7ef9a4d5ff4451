//! A trace as server-sent events (WHATWG HTML, section 9.2): a body that a task feeds until the time is up or `dev` stops.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::trace_log::TraceLog;

/// A line now and then, so that a browser that went away is noticed.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// Events written but not yet taken by the browser; the task waits beyond it.
const UNREAD_MAX: usize = 8;

/// When a stream ends at the latest: after `follow_for`, or as soon as `stop` is cancelled. A stream is a request in flight,
/// and one without an end would hold up the end of `dev`.
pub(crate) struct Until {
    pub(crate) follow_for: Duration,
    pub(crate) stop: CancellationToken,
}

/// Events of `state` from the place `first` on. The permit is given back when the stream ends. `None` if `state` cannot be
/// followed.
pub(crate) fn stream(
    log: Arc<TraceLog>,
    state: String,
    first: usize,
    until: Until,
    permit: OwnedSemaphorePermit,
) -> Option<Body> {
    let changes = log.follow(&state)?;
    let (sender, receiver) = mpsc::channel(UNREAD_MAX);
    let feed = Feed { log, state, place: first, changes, sender };
    tokio::spawn(async move {
        let _permit = permit;
        let ends_at = Instant::now() + until.follow_for;
        until.stop.run_until_cancelled(feed.until(ends_at)).await;
    });
    Some(Body::new(Events { receiver }))
}

/// What feeds a stream: the events of a state from a place on.
struct Feed {
    log: Arc<TraceLog>,
    state: String,
    place: usize,
    changes: watch::Receiver<usize>,
    sender: mpsc::Sender<Bytes>,
}

impl Feed {
    async fn until(mut self, ends_at: Instant) {
        while Instant::now() < ends_at {
            self.changes.borrow_and_update();
            for event in self.log.events_from(&self.state, self.place) {
                let Ok(json) = serde_json::to_string(&event) else { return };
                if self.send(format!("id: {}\ndata: {json}\n\n", self.place).into()).await.is_err() {
                    return;
                }
                self.place += 1;
            }
            let wait = HEARTBEAT_EVERY.min(ends_at.saturating_duration_since(Instant::now()));
            tokio::select! {
                () = self.sender.closed() => return,
                changed = timeout(wait, self.changes.changed()) => match changed {
                    Ok(Ok(())) => {}
                    Ok(Err(_forgotten)) => return,
                    Err(_elapsed) => if self.send(Bytes::from_static(b":\n\n")).await.is_err() { return },
                },
            }
        }
    }

    async fn send(&self, bytes: Bytes) -> Result<(), mpsc::error::SendError<Bytes>> {
        self.sender.send(bytes).await
    }
}

struct Events {
    receiver: mpsc::Receiver<Bytes>,
}

impl HttpBody for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.receiver.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use proofkey_server::trace::StepOutcome;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::dev::trace_log::TraceEvent;

    fn event(step: u8) -> TraceEvent {
        TraceEvent::new(step, StepOutcome::Done, 0, 0, [("key", "value")])
    }

    fn within(follow_for: Duration) -> Until {
        Until { follow_for, stop: CancellationToken::new() }
    }

    async fn next(body: &mut Body) -> Option<String> {
        let bytes = body.frame().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_stream_replays_follows_and_ends() {
        let log = Arc::new(TraceLog::default());
        log.push("s", event(3));
        log.push("s", event(4));
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&places).try_acquire_owned().unwrap();
        let mut body =
            stream(Arc::clone(&log), "s".into(), 1, within(Duration::from_millis(300)), permit).unwrap();
        assert!(next(&mut body).await.unwrap().starts_with("id: 1\ndata: {\"step\":4,"));
        log.push("s", event(7));
        assert!(next(&mut body).await.unwrap().starts_with("id: 2\ndata: {\"step\":7,"));
        while let Some(text) = next(&mut body).await {
            assert_eq!(text, ":\n\n");
        }
        assert_eq!(places.acquire().await.unwrap().num_permits(), 1);
    }

    #[tokio::test]
    async fn a_stream_ends_when_dev_stops() {
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&places).try_acquire_owned().unwrap();
        let until = within(Duration::from_secs(60));
        let stop = until.stop.clone();
        let mut body = stream(Arc::default(), "s".into(), 0, until, permit).unwrap();
        stop.cancel();
        let ended = timeout(Duration::from_secs(5), next(&mut body)).await;
        assert_eq!(ended, Ok(None));
    }

    #[tokio::test]
    async fn a_browser_that_leaves_gives_its_place_back() {
        let log = Arc::new(TraceLog::default());
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&places).try_acquire_owned().unwrap();
        drop(stream(log, "s".into(), 0, within(Duration::from_secs(60)), permit).unwrap());
        let again = timeout(Duration::from_secs(5), places.acquire()).await;
        assert!(again.is_ok(), "the place was not given back");
    }
}
