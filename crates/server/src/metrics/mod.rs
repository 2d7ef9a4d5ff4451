//! Metrics for Prometheus.
//!
//! Every label is an enum of this file and every handle is resolved once, at start: a hot path increments an atomic and
//! looks nothing up, and no user's or client's text can become a label (one such label would grow the
//! memory with each stranger). It knows the endpoints by name
//! only.

mod labels;

pub use labels::{Endpoint, RequestOutcome, SecurityEvent};

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::log;
use labels::{PerEndpoint, PerOutcome, PerSecurityEvent};

/// The media type of [`Metrics::encode`].
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// From a cached answer to a queued password hash, in seconds.
const LATENCY_BUCKETS: [f64; 10] = [0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];

/// All metrics of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    endpoints: PerEndpoint<EndpointMetrics>,
    events: PerSecurityEvent<Counter>,
    /// Connections and what became of them.
    pub http: HttpMetrics,
    /// The password pool.
    pub passwords: PasswordMetrics,
    /// Refusals that were not logged, for there were too many in one second.
    pub log_lines_withheld: Counter,
    /// Refusals that were not recorded: there were too many, or they could not be written.
    pub refusals_not_recorded: Counter,
    /// What runs beside requests and panicked: each time it was started again.
    pub task_panics: Counter,
    /// Rows that were removed because they had ended, or for want of room.
    pub rows_swept: Counter,
    /// When the next rotation of signing keys is due, in seconds since 1970.
    pub rotation_due_at: Gauge,
    /// By how many seconds the clock is ahead of the time that is known; negative where it is behind.
    pub clock_ahead: Gauge,
    /// By how many seconds this machine's clock is ahead of the database's, where that is another's.
    pub local_clock_ahead: Gauge,
}

/// The handles of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointMetrics {
    requests: PerOutcome<Counter>,
    latency: Histogram,
}

/// The handles of the listener.
#[derive(Clone, Debug, Default)]
pub struct HttpMetrics {
    /// Connections that are open now.
    pub connections: Gauge,
    /// Connections that could not be accepted, for want of file descriptors mostly.
    pub accept_failures: Counter,
    /// Idle connections that made room for others.
    pub connections_shed: Counter,
    /// Connections that were closed at once: their address has its share, and works all of it.
    pub connections_refused: Counter,
    /// Requests for which there was no room in memory.
    pub requests_over_budget: Counter,
    /// TLS handshakes that failed or took too long.
    pub handshake_failures: Counter,
    /// Handlers that panicked: any is a defect worth an alarm.
    pub panics: Counter,
}

/// The handles of the password pool.
#[derive(Clone, Debug, Default)]
pub struct PasswordMetrics {
    /// Hashes that run.
    pub running: Gauge,
    /// Sign-ins that wait for one.
    pub waiting: Gauge,
    /// Hashes that were finished.
    pub done: Counter,
    /// Sign-ins that were told to come back.
    pub refused: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: Endpoint,
    outcome: RequestOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    endpoint: Endpoint,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabel {
    event: SecurityEvent,
}

impl Metrics {
    /// Registers every metric, so that each is there from the first scrape on, at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("proofkey");
        let requests = Family::<RequestLabels, Counter>::default();
        let latencies =
            Family::<EndpointLabel, Histogram, fn() -> Histogram>::new_with_constructor(new_latency);
        let events = Family::<EventLabel, Counter>::default();
        registry.register("requests", "Requests by endpoint and outcome", requests.clone());
        registry.register("request_seconds", "Time from request to response head", latencies.clone());
        registry.register("events", "Security events", events.clone());

        let handles = |endpoint| EndpointMetrics::resolve(endpoint, &requests, &latencies);
        let event = |event| events.get_or_create_owned(&EventLabel { event });
        let metrics = Self {
            endpoints: PerEndpoint::new(handles),
            events: PerSecurityEvent::new(event),
            http: HttpMetrics::default(),
            passwords: PasswordMetrics::default(),
            log_lines_withheld: Counter::default(),
            refusals_not_recorded: Counter::default(),
            task_panics: Counter::default(),
            rows_swept: Counter::default(),
            rotation_due_at: Gauge::default(),
            clock_ahead: Gauge::default(),
            local_clock_ahead: Gauge::default(),
            registry,
        };
        metrics.register_gauges().register_log()
    }

    fn register_log(mut self) -> Self {
        let Self {
            registry,
            log_lines_withheld,
            refusals_not_recorded,
            task_panics,
            rows_swept,
            clock_ahead,
            local_clock_ahead,
            ..
        } = &mut self;
        registry.register("log_lines_lost", "Log lines that could not be written", log::lost().clone());
        registry.register(
            "log_lines_withheld",
            "Refusals past the ceiling on log lines",
            log_lines_withheld.clone(),
        );
        registry.register(
            "refusals_not_recorded",
            "Refusals that explain does not know",
            refusals_not_recorded.clone(),
        );
        registry.register("task_panics", "Background tasks that panicked", task_panics.clone());
        registry.register(
            "rows_swept",
            "Rows removed because they had ended, or counts of invented names for want of room",
            rows_swept.clone(),
        );
        registry.register(
            "clock_ahead_seconds",
            "Clock less the time that the database has seen; negative is behind",
            clock_ahead.clone(),
        );
        registry.register(
            "local_clock_ahead_seconds",
            "This machine's clock less that of the database, where nodes share one; negative is behind",
            local_clock_ahead.clone(),
        );
        self
    }

    fn register_gauges(mut self) -> Self {
        let Self { registry, http, passwords, rotation_due_at, .. } = &mut self;
        registry.register("connections", "Open connections", http.connections.clone());
        registry.register("accept_failures", "Connections not accepted", http.accept_failures.clone());
        registry.register(
            "handshake_failures",
            "TLS handshakes that failed",
            http.handshake_failures.clone(),
        );
        registry.register(
            "connections_shed",
            "Idle connections that made room",
            http.connections_shed.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections past the share of an address",
            http.connections_refused.clone(),
        );
        registry.register(
            "requests_over_budget",
            "Requests without room in memory",
            http.requests_over_budget.clone(),
        );
        registry.register("panics", "Handlers that panicked", http.panics.clone());
        registry.register("password_hashes_running", "Password hashes that run", passwords.running.clone());
        registry.register(
            "password_hashes_waiting",
            "Sign-ins waiting for a hash",
            passwords.waiting.clone(),
        );
        registry.register("password_hashes", "Password hashes finished", passwords.done.clone());
        registry.register("password_hashes_refused", "Sign-ins told to come back", passwords.refused.clone());
        registry.register(
            "key_rotation_due_at_seconds",
            "Next key rotation, Unix time",
            rotation_due_at.clone(),
        );
        self
    }

    /// The handles of an endpoint.
    pub fn endpoint(&self, endpoint: Endpoint) -> &EndpointMetrics {
        self.endpoints.of(endpoint)
    }

    /// Counts one more of these events.
    pub fn count(&self, event: SecurityEvent) {
        self.events.of(event).inc();
    }

    /// The metrics in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail; if an encoder refused a value, what came before it is still true.
        let _complete = text::encode(&mut out, &self.registry);
        out
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl EndpointMetrics {
    fn resolve(
        endpoint: Endpoint,
        requests: &Family<RequestLabels, Counter>,
        latencies: &Family<EndpointLabel, Histogram, fn() -> Histogram>,
    ) -> Self {
        let counter = |outcome| requests.get_or_create_owned(&RequestLabels { endpoint, outcome });
        Self {
            requests: PerOutcome::new(counter),
            latency: latencies.get_or_create_owned(&EndpointLabel { endpoint }),
        }
    }

    /// Counts one answered request and the time that it took.
    pub fn observe(&self, outcome: RequestOutcome, elapsed: Duration) {
        self.requests.of(outcome).inc();
        self.latency.observe(elapsed.as_secs_f64());
    }
}

fn new_latency() -> Histogram {
    Histogram::new(LATENCY_BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ht_07_labels_are_enums_and_handles_point_at_their_own_series() {
        let metrics = Metrics::new();
        metrics.endpoint(Endpoint::Token).observe(RequestOutcome::Refused, Duration::from_millis(3));
        metrics
            .endpoint(Endpoint::Other)
            .observe(RequestOutcome::of(axum::http::StatusCode::OK), Duration::ZERO);
        metrics.count(SecurityEvent::CodeReplayed);
        metrics.http.connections.set(7);
        let text = metrics.encode();
        for line in [
            "proofkey_requests_total{endpoint=\"token\",outcome=\"refused\"} 1",
            "proofkey_requests_total{endpoint=\"other\",outcome=\"ok\"} 1",
            "proofkey_requests_total{endpoint=\"jwks\",outcome=\"ok\"} 0",
            "proofkey_request_seconds_bucket{le=\"0.005\",endpoint=\"token\"} 1",
            "proofkey_events_total{event=\"code_replayed\"} 1",
            "proofkey_connections 7",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn every_endpoint_and_event_has_a_place_of_its_own() {
        let metrics = Metrics::new();
        for (times, endpoint) in (1..).zip(Endpoint::ALL) {
            for outcome in RequestOutcome::ALL {
                (0..times).for_each(|_| metrics.endpoint(*endpoint).observe(*outcome, Duration::ZERO));
            }
        }
        for (times, event) in (1..).zip(SecurityEvent::ALL) {
            (0..times).for_each(|_| metrics.count(*event));
        }
        let text = metrics.encode();
        for (times, endpoint) in (1..).zip(Endpoint::ALL) {
            for outcome in RequestOutcome::ALL {
                let labels = format!("endpoint=\"{}\",outcome=\"{}\"", endpoint.name(), outcome.name());
                assert!(text.contains(&format!("proofkey_requests_total{{{labels}}} {times}\n")), "{labels}");
            }
        }
        for (times, event) in (1..).zip(SecurityEvent::ALL) {
            let line = format!("proofkey_events_total{{event=\"{}\"}} {times}\n", event.name());
            assert!(text.contains(&line), "{line}");
        }
    }
}
