//! The authorization code grant: what is loaded for it, and what is told of it.

use std::sync::atomic::{AtomicBool, Ordering};

use proofkey_oauth::{CodeRequest, CodeVerifier};
use proofkey_protocol::token::{self, CodeGrant, GrantRequest, Issue};
use proofkey_protocol::{AuthenticatedClient, AuthorizationCode, CodeFacts, Cx, Refusal, Verdict};
use proofkey_store::RememberedCode;

use super::user::user_of;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::keys::Keys;
use crate::limit::{GrantsKey, RetryAfter};
use crate::log::Foreign;
use crate::metrics::SecurityEvent;
use crate::trace;

/// Redeems a code. A replay that passes every check revokes what the code gave, and is counted.
pub(super) async fn redeem(
    context: &RequestContext<'_>,
    request: &CodeRequest,
    client: &AuthenticatedClient,
) -> Result<Result<Box<Issue>, Refusal>, Failure> {
    let app = context.app;
    let open =
        |keys: &Keys| context.decide_under(keys, |cx| AuthorizationCode::open(cx, request.code.expose()));
    let code = open(&context.keys);
    let load = || async {
        match &code {
            Some(code) => {
                let facts = app.store.code(code).await?;
                Ok((facts, context.still_holds(|keys| open(keys).is_some()).await?))
            }
            None => Ok((CodeFacts::default(), false)),
        }
    };
    let user = match &code {
        Some(code) => user_of(context, client, &code.user_id, &code.scope).await?,
        None => None,
    };
    let place = GrantPlace::default();
    let decide = |(facts, holds): (CodeFacts, bool), cx: &mut Cx<'_>| {
        let (held, user) = (code.as_ref().filter(|_| holds), user.as_ref());
        let grant = CodeGrant { request, code: held, facts: &facts, user };
        let verdict = token::decide(&GrantRequest::Code(grant), client, cx);
        match place.take(&verdict, code.as_ref(), context) {
            Ok(()) => verdict.map(|outcome| Ok((outcome, facts.suspect))),
            Err(wait) => Verdict::unchanged(Err(wait)),
        }
    };
    let decided = match code.as_ref().and_then(|code| app.store.remembered_code(code)) {
        Some(RememberedCode { facts, basis }) => {
            let holds = context.still_holds(|keys| open(keys).is_some()).await?;
            let tried = context.settle_remembered((facts, holds), basis, &decide).await;
            if let (Ok(None), Some(code)) = (&tried, &code) {
                app.store.doubt_code(code);
            }
            tried
        }
        None => Ok(None),
    };
    let decided = match decided {
        Ok(None) => context.settle(load, &decide).await,
        Ok(Some(decided)) => Ok(decided),
        Err(failure) => Err(failure),
    };
    if !matches!(decided, Ok(Ok((Ok(_), _)))) {
        place.give_back(code.as_ref(), context);
    }
    let (outcome, ended_suspects) =
        decided?.map_err(|wait| Failure::Limited(Refusal::TooManyGrants, wait.seconds))?;
    if let (Ok(issue), true) = (&outcome, ended_suspects) {
        tracing::info!(
            client_id = %Foreign(&client.client().id), sub = issue.access.sub,
            "the person has signed in again: suspect grants to this client have ended"
        );
    }
    trace_redemption(context, request, code.as_ref(), &outcome);
    if matches!(outcome, Err(Refusal::CodeRedeemed)) {
        app.metrics.count(SecurityEvent::CodeReplayed);
    }
    Ok(outcome)
}

/// A place among the new grants of a user for a client, taken once for a request however often that is decided. It is looked
/// for last: a replay is found out and a wrong verifier counted whether there is room or not.
#[derive(Default)]
struct GrantPlace {
    taken: AtomicBool,
}

impl GrantPlace {
    /// Takes a place if a grant is about to be made; the code stays unspent where there is none.
    fn take(
        &self,
        verdict: &Verdict<Result<Box<Issue>, Refusal>>,
        code: Option<&AuthorizationCode>,
        context: &RequestContext<'_>,
    ) -> Result<(), RetryAfter> {
        let Some(key) = code.filter(|_| verdict.outcome.is_ok()).map(key) else { return Ok(()) };
        if !self.taken.load(Ordering::Relaxed) {
            context.app.limits.grants.check(key, context.app.clock.passed_millis())?;
            self.taken.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gives the place back: no grant was made.
    fn give_back(&self, code: Option<&AuthorizationCode>, context: &RequestContext<'_>) {
        if let Some(key) = code.filter(|_| self.taken.load(Ordering::Relaxed)).map(key) {
            context.app.limits.grants.refund(&key, context.app.clock.passed_millis());
        }
    }
}

fn key(code: &AuthorizationCode) -> GrantsKey {
    GrantsKey::of(&code.user_id, &code.client_id)
}

/// Steps 7 and 8, which no client can see, for `proofkey dev`.
fn trace_redemption(
    context: &RequestContext<'_>,
    request: &CodeRequest,
    code: Option<&AuthorizationCode>,
    outcome: &Result<Box<Issue>, Refusal>,
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
