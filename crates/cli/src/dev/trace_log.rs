//! What the authorization server and the API did, kept per `state` for the flow page: the browser itself cannot see
//! steps 3, 4, 7 and 10. Only `proofkey dev` has this log; it must never be reachable from `serve`.
//!
//! Keys that the page knows, by step (others are shown as they are):
//! 2 failed: `error`, `error_description`, `error_id`, `error_rule`, `error_fix`, `error_standard` · 3, where a page was
//! shown: `status`, `page`, `issuer` · 4: `user`, `method` where there was a sign-in, `consent` (`allowed`,
//! `remembered`, `denied`), `scope` · 7: `computed`, `stored`, `result` (`equal` when the proof holds), `grant` · 8: `jti`, not shown,
//! joins the API's event to the flow · 10: what the API validated, `result`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use proofkey_server::trace::StepOutcome;
use serde::{Serialize, Serializer};
use tokio::sync::watch;

/// Flows that are remembered; the oldest goes first.
const FLOWS_MAX: usize = 256;
/// Events of one flow; a flow that has more says nothing new.
const EVENTS_MAX: usize = 64;
/// Length of a `state` or `jti` that is used as a key.
const KEY_BYTES_MAX: usize = 512;
/// Text of one event. A whole request fits; a flood does not.
const EVENT_BYTES_MAX: usize = 32 * 1024;
/// Access tokens per flow that are joined to it.
const TOKENS_PER_FLOW_MAX: usize = 8;

/// One thing that happened, as the page reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TraceEvent {
    /// Which of the ten steps.
    pub(crate) step: u8,
    /// How it ended.
    #[serde(serialize_with = "word")]
    pub(crate) outcome: StepOutcome,
    /// When, in Unix milliseconds.
    pub(crate) at_ms: i64,
    /// Time spent in the server.
    pub(crate) took_us: u64,
    /// What was seen, in the order in which it is shown. Never a password.
    pub(crate) values: Vec<(String, String)>,
}

impl TraceEvent {
    /// The one way from another crate's event to the page's: the caller names the step and what was seen.
    pub(crate) fn new<K: Into<String>, V: Into<String>>(
        step: u8,
        outcome: StepOutcome,
        at_ms: i64,
        took_us: u64,
        values: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let values = values.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { step, outcome, at_ms, took_us, values }
    }
}

/// An outcome as the page's scripts compare it.
fn word<S: Serializer>(outcome: &StepOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match outcome {
        StepOutcome::Done => "done",
        StepOutcome::Failed => "failed",
    })
}

/// Events per flow, with followers that wake when one is added.
#[derive(Debug, Default)]
pub(crate) struct TraceLog {
    flows: Mutex<Flows>,
}

#[derive(Debug, Default)]
struct Flows {
    by_state: HashMap<String, Flow>,
    /// States in order of arrival, so that the oldest can be dropped.
    order: VecDeque<String>,
    state_by_token: HashMap<String, String>,
}

#[derive(Debug)]
struct Flow {
    events: Vec<TraceEvent>,
    tokens: Vec<String>,
    /// Carries the number of events. Dropped with the flow, which ends its followers.
    count: watch::Sender<usize>,
}

impl TraceLog {
    /// Adds an event to the flow of `state`. Step 8 may carry `jti` values: they join the API's view to this flow.
    pub(crate) fn push(&self, state: &str, event: TraceEvent) {
        let bytes: usize = event.values.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > EVENT_BYTES_MAX {
            return;
        }
        let mut flows = self.lock();
        let Some(flow) = flows.entry(state) else { return };
        if flow.events.len() >= EVENTS_MAX {
            return;
        }
        let tokens: Vec<String> = if event.step == 8 { token_ids(&event) } else { Vec::new() };
        let room = TOKENS_PER_FLOW_MAX.saturating_sub(flow.tokens.len());
        let tokens: Vec<String> = tokens.into_iter().take(room).collect();
        flow.tokens.extend(tokens.iter().cloned());
        flow.events.push(event);
        flow.count.send_replace(flow.events.len());
        flows.state_by_token.extend(tokens.into_iter().map(|token| (token, state.to_owned())));
    }

    /// The flow in which the access token with this `jti` was issued.
    pub(crate) fn state_of_token(&self, jti: &str) -> Option<String> {
        self.lock().state_by_token.get(jti).cloned()
    }

    /// Follows a flow, which may not have begun: the receiver changes with each event and closes when the flow is
    /// forgotten. `None` if `state` is no usable key.
    pub(crate) fn follow(&self, state: &str) -> Option<watch::Receiver<usize>> {
        self.lock().entry(state).map(|flow| flow.count.subscribe())
    }

    /// The events of a flow from the given place on.
    pub(crate) fn events_from(&self, state: &str, place: usize) -> Vec<TraceEvent> {
        let flows = self.lock();
        let events = flows.by_state.get(state).and_then(|flow| flow.events.get(place..));
        events.map(<[TraceEvent]>::to_vec).unwrap_or_default()
    }

    /// A panic elsewhere leaves at worst an event too few: the log goes on.
    fn lock(&self) -> MutexGuard<'_, Flows> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flows {
    fn entry(&mut self, state: &str) -> Option<&mut Flow> {
        if state.is_empty() || state.len() > KEY_BYTES_MAX {
            return None;
        }
        if !self.by_state.contains_key(state) {
            if self.order.len() >= FLOWS_MAX {
                self.forget_oldest();
            }
            self.order.push_back(state.to_owned());
            let flow = Flow { events: Vec::new(), tokens: Vec::new(), count: watch::Sender::new(0) };
            self.by_state.insert(state.to_owned(), flow);
        }
        self.by_state.get_mut(state)
    }

    fn forget_oldest(&mut self) {
        let forgotten = self.order.pop_front().and_then(|state| self.by_state.remove(&state));
        for token in forgotten.into_iter().flat_map(|flow| flow.tokens) {
            self.state_by_token.remove(&token);
        }
    }
}

fn token_ids(event: &TraceEvent) -> Vec<String> {
    let ids = event.values.iter().filter(|(key, value)| key == "jti" && value.len() <= KEY_BYTES_MAX);
    ids.map(|(_, value)| value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(step: u8, values: &[(&str, &str)]) -> TraceEvent {
        TraceEvent::new(step, StepOutcome::Done, 1, 2, values.iter().copied())
    }

    #[test]
    fn an_event_is_written_as_the_page_reads_it() {
        let json = serde_json::to_value(event(3, &[("status", "303")])).unwrap();
        let expected = serde_json::json!(
            {"step": 3, "outcome": "done", "at_ms": 1, "took_us": 2, "values": [["status", "303"]]});
        assert_eq!(json, expected);
    }

    #[test]
    fn a_follower_sees_what_was_before_and_what_comes() {
        let log = TraceLog::default();
        log.push("s", event(3, &[]));
        let mut follower = log.follow("s").unwrap();
        assert_eq!(*follower.borrow_and_update(), 1);
        log.push("s", event(4, &[]));
        assert!(follower.has_changed().unwrap());
        let steps: Vec<u8> = log.events_from("s", 0).iter().map(|event| event.step).collect();
        assert_eq!(steps, [3, 4]);
        assert!(log.events_from("s", 7).is_empty());
    }

    #[test]
    fn a_token_leads_to_its_flow_until_the_flow_is_forgotten() {
        let log = TraceLog::default();
        log.push("first", event(8, &[("jti", "j1")]));
        let follower = log.follow("first").unwrap();
        assert_eq!(log.state_of_token("j1").as_deref(), Some("first"));
        for number in 0..FLOWS_MAX {
            log.push(&format!("other {number}"), event(3, &[]));
        }
        assert_eq!(log.state_of_token("j1"), None);
        assert!(follower.has_changed().is_err(), "the follower must end with its flow");
        assert_eq!(log.lock().by_state.len(), FLOWS_MAX);
    }

    #[test]
    fn what_is_too_much_is_dropped() {
        let log = TraceLog::default();
        for _ in 0..EVENTS_MAX + 5 {
            log.push("s", event(3, &[]));
        }
        assert_eq!(log.events_from("s", 0).len(), EVENTS_MAX);
        log.push("t", event(3, &[("long", &"x".repeat(EVENT_BYTES_MAX + 1))]));
        assert!(log.events_from("t", 0).is_empty());
        assert!(log.follow(&"x".repeat(KEY_BYTES_MAX + 1)).is_none());
        assert!(log.follow("").is_none());
    }
}
