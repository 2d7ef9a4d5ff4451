//! The flow trace of an authorization: the steps that `proofkey dev` draws and no client can see. It decides nothing.

use proofkey_protocol::Refusal;
use proofkey_protocol::authorize::{ConsentedBy, IssuedCode};

use super::authorization::Authorization;
use crate::metrics::Endpoint;
use crate::trace;

impl Authorization<'_> {
    /// Step 3: the page that the person is shown.
    pub(super) fn trace_prompt(&self, page: Endpoint) {
        let issuer = self.context().app.policy.issuer.as_str();
        let values = [("status", "200"), ("page", page.path().trim_start_matches('/')), ("issuer", issuer)];
        self.trace(3, trace::StepOutcome::Done, &values);
    }

    /// Step 4: who allowed what, and by which acts. Who was signed in before has typed no password now, and what is remembered
    /// was not asked.
    pub(super) fn trace_allowed(&self, issued: &IssuedCode) {
        let tracer = &self.context().app.tracer;
        let (true, Some(state)) = (tracer.is_on(), &self.request.state) else { return };
        tracer.remember(issued.id(), state);
        let scope = issued.scope().to_string();
        let user = issued.login().user().username.as_str();
        let method = issued.is_signed_in_now().then_some(("method", "password"));
        let consent = match issued.consented_by() {
            ConsentedBy::Answer => ("consent", "allowed"),
            ConsentedBy::Memory => ("consent", "remembered"),
        };
        let values = [Some(("user", user)), method, Some(consent), Some(("scope", &scope))];
        self.trace(4, trace::StepOutcome::Done, &values.into_iter().flatten().collect::<Vec<_>>());
    }

    /// Step 4: that the person denied.
    pub(super) fn trace_denied(&self, refusal: &Refusal) {
        let method = self.progress.authenticated_as.is_some().then_some(("method", "password"));
        let acts: Vec<_> = method.into_iter().chain([("consent", "denied")]).collect();
        self.trace_refusal_after(4, refusal, &acts);
    }

    /// Traces why a step was refused, under the names that a JSON error has.
    pub(super) fn trace_refusal(&self, step: u8, refusal: &Refusal) {
        self.trace_refusal_after(step, refusal, &[]);
    }

    fn trace_refusal_after(&self, step: u8, refusal: &Refusal, acts: &[(&str, &str)]) {
        let explanation = refusal.explain();
        let values = [
            ("error", refusal.code().as_str()),
            ("error_description", &refusal.cause()),
            ("error_id", &self.context().error_id()),
            ("error_rule", explanation.rule),
            ("error_fix", explanation.fix),
            ("error_standard", explanation.standard),
        ];
        self.trace(step, trace::StepOutcome::Failed, &[acts, &values].concat());
    }

    /// Emits an event of the trace, where `proofkey dev` listens and the request has a state.
    pub(super) fn trace(&self, step: u8, outcome: trace::StepOutcome, values: &[(&str, &str)]) {
        let app = self.context().app;
        if let (true, Some(state)) = (app.tracer.is_on(), &self.request.state) {
            app.tracer.emit(trace::Event {
                state: state.clone(),
                step,
                outcome,
                at_millis: app.clock.now_millis(),
                took_micros: self.context().elapsed_micros(),
                values: values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            });
        }
    }
}
