//! The trace of a flow, step by step, keyed by `state`: what `proofkey dev` shows of the steps that no client can see.
//!
//! It is off everywhere else: `serve` has no way to turn it on. Values are what went over the wire and what was computed from
//! it, never a password.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use proofkey_protocol::GrantId;

/// Codes whose `state` is remembered between steps 5 and 7.
const CODES_MAX: usize = 256;

/// How a step ended, as the flow page colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// What the step checks was as it must be.
    Done,
    /// The step refused; `values` say why.
    Failed,
}

/// One step of a flow.
#[derive(Clone, Debug)]
pub struct Event {
    /// The flow's `state`.
    pub state: String,
    /// Its number, 1 to 10.
    pub step: u8,
    /// Whether the flow went on after it.
    pub outcome: StepOutcome,
    /// When, in milliseconds since 1970.
    pub at_millis: i64,
    /// How long the server worked on it.
    pub took_micros: u64,
    /// What went over the wire, or was computed.
    pub values: Vec<(String, String)>,
}

/// Takes each event; called by requests at the same time.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// Emits events, or does nothing.
#[derive(Clone, Default)]
pub struct Tracer {
    listening: Option<Arc<Listening>>,
}

/// What a tracer that emits knows.
struct Listening {
    sink: Sink,
    states: Mutex<VecDeque<(GrantId, String)>>,
}

impl Tracer {
    /// A tracer whose events go to `sink`, within the request that causes them: it must not wait.
    pub fn to(sink: Sink) -> Self {
        Self { listening: Some(Arc::new(Listening { sink, states: Mutex::default() })) }
    }

    /// Whether events go anywhere: what is only for the trace need not be computed otherwise.
    pub const fn is_on(&self) -> bool {
        self.listening.is_some()
    }

    /// Hands an event on, if events go anywhere.
    pub fn emit(&self, event: Event) {
        if let Some(listening) = &self.listening {
            (listening.sink)(event);
        }
    }

    /// Remembers the `state` that a code belongs to; the token request does not carry it.
    pub fn remember(&self, code: GrantId, state: &str) {
        let Some(listening) = &self.listening else { return };
        let mut states = listening.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() == CODES_MAX {
            states.pop_front();
        }
        states.push_back((code, state.to_owned()));
    }

    /// The `state` that a code belongs to.
    pub fn state_of(&self, code: GrantId) -> Option<String> {
        let states = self.listening.as_ref()?.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.iter().find(|(known, _)| *known == code).map(|(_, state)| state.clone())
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tracer").field("on", &self.is_on()).finish()
    }
}
