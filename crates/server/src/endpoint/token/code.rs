//! The authorization code grant: what is loaded for it, and what is told of it.

use proofkey_oauth::{CodeRequest, CodeVerifier};
use proofkey_protocol::token::{self, CodeGrant, GrantRequest, Issue};
use proofkey_protocol::{AuthenticatedClient, AuthorizationCode, CodeFacts, Refusal};

use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::metrics::SecurityEvent;
use crate::trace;

/// Redeems a code. A replay that passes every check revokes what the code gave, and is counted.
pub(super) async fn redeem(
    context: &RequestContext<'_>,
    request: &CodeRequest,
    client: &AuthenticatedClient,
) -> Result<Result<Issue, Refusal>, Failure> {
    let app = context.app;
    let code = AuthorizationCode::open(&app.keys, request.code.expose());
    let load = || async {
        match &code {
            Some(code) => Ok(app.store.code(code).await?),
            None => Ok(CodeFacts::default()),
        }
    };
    let decided = context.settle(load, |facts, cx| {
        let grant = CodeGrant { request, code: code.as_ref(), facts: &facts };
        token::decide(&GrantRequest::Code(grant), client, cx)
    });
    let outcome = decided.await?;
    trace_redemption(context, request, code.as_ref(), &outcome);
    if matches!(outcome, Err(Refusal::CodeRedeemed)) {
        app.metrics.count(SecurityEvent::CodeReplayed);
    }
    Ok(outcome)
}

/// Steps 7 and 8, which no client can see, for `proofkey dev`.
fn trace_redemption(
    context: &RequestContext<'_>,
    request: &CodeRequest,
    code: Option<&AuthorizationCode>,
    outcome: &Result<Issue, Refusal>,
) {
    let tracer = &context.app.tracer;
    let Some((code, state)) = code.and_then(|code| Some((code, tracer.state_of(code.id)?))) else { return };
    let sent = request.code_verifier.as_ref().map(|verifier| CodeVerifier::parse(verifier.expose()));
    let computed = sent.and_then(Result::ok).map(|verifier| verifier.challenge().to_string());
    let stored = code.challenge.map(|challenge| challenge.to_string());
    let (step_outcome, result) = match outcome {
        Ok(_) => (trace::StepOutcome::Done, "equal"),
        Err(refusal) => (trace::StepOutcome::Failed, refusal.explain().rule),
    };
    let mut values =
        vec![("result".to_owned(), result.to_owned()), ("grant".to_owned(), code.id.to_string())];
    values.extend(computed.map(|value| ("computed".to_owned(), value)));
    values.extend(stored.map(|value| ("stored".to_owned(), value)));
    let event = |step, values| trace::Event {
        state: state.clone(),
        step,
        outcome: step_outcome,
        at_millis: context.app.clock.now_millis(),
        took_micros: context.elapsed_micros(),
        values,
    };
    tracer.emit(event(7, values));
    if let Ok(issue) = outcome {
        tracer.emit(event(8, vec![("jti".to_owned(), issue.access.jti.clone())]));
    }
}
