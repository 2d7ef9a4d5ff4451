//! What a visit tells the trace: the steps that `proofkey dev` draws and no client can see. It decides nothing.

use proofkey_protocol::Refusal;

use super::dispatch::Visit;
use crate::trace;

impl Visit<'_> {
    /// Traces why a step was refused, under the names that a JSON error has.
    pub(super) fn trace_refusal(&self, step: u8, refusal: &Refusal) {
        let explanation = refusal.explain();
        let values = [
            ("error", refusal.code().as_str()),
            ("error_description", explanation.cause),
            ("error_id", &self.exchange.error_id()),
            ("error_rule", explanation.rule),
            ("error_fix", explanation.fix),
            ("error_standard", explanation.standard),
        ];
        self.trace(step, trace::Outcome::Failed, &values);
    }

    /// Emits an event of the trace, where `proofkey dev` listens and the request has a state.
    pub(super) fn trace(&self, step: u8, outcome: trace::Outcome, values: &[(&str, &str)]) {
        let app = self.exchange.app;
        if let (true, Some(state)) = (app.tracer.is_on(), &self.request.state) {
            app.tracer.emit(trace::Event {
                state: state.clone(),
                step,
                outcome,
                at_millis: app.clock.now_millis(),
                took_micros: self.exchange.elapsed_micros(),
                values: values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            });
        }
    }
}
