//! The consent page and its form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use proofkey_oauth::{AuthMethod, standard_scope};
use proofkey_protocol::authorize::{Answer, Authenticated, ConsentGiven, Next, Progress};
use proofkey_protocol::{Interaction, Refusal, Step};

use super::body::form;
use super::dispatch::{Via, Visit, flow_parameter, same_site};
use super::exchange::{Exchange, Failure};
use super::names::{app_host, app_name, host, returns_to};
use crate::app::App;
use crate::http::Arrival;
use crate::login::Browser;
use crate::metrics::Endpoint;
use crate::page::{self, Api, Consent, ConsentScope, Lasts};

/// `GET /consent?flow=…`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let exchange = Exchange::begin(&app, arrival, Endpoint::Consent, "GET /consent");
    let browser = Browser::of(&app, &headers);
    let flow = flow_parameter(&uri);
    let step = match Interaction::open(&app.seal, &flow, Step::Consent, browser.flow(), exchange.now) {
        Ok(step) => step,
        Err(refusal) => {
            let visit = Visit::new(&exchange, browser, &headers, Via::Get, String::new());
            let response = visit.failure(&Failure::Refused(refusal));
            return visit.leave(response);
        }
    };
    let mut visit = Visit::new(&exchange, browser, &headers, Via::Get, step.request.clone());
    let response = match visit.decide(progress(&step, None)).await {
        // The page shows the user of the session that is there now; its form is bound to that session.
        Ok((Next::Consent(authenticated), _)) => render(&mut visit, &authenticated, step.fresh),
        Ok(_) => {
            if step.fresh {
                visit.browser.mark_fresh();
            }
            return visit.dispatch(progress(&step, None)).await;
        }
        Err(failure) => visit.failure(&failure),
    };
    visit.leave(response)
}

/// `POST /consent`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = Exchange::begin(&app, arrival, Endpoint::Consent, "POST /consent");
    let headers = request.headers().clone();
    let mut browser = Browser::of(&app, &headers);
    match read(&exchange, request).await {
        Ok((step, given)) => {
            if step.fresh {
                browser.mark_fresh();
            }
            let progress = progress(&step, Some(given));
            Visit::new(&exchange, browser, &headers, Via::Form, step.request).dispatch(progress).await
        }
        Err(failure) => {
            let visit = Visit::new(&exchange, browser, &headers, Via::Form, String::new());
            let response = visit.failure(&failure);
            visit.leave(response)
        }
    }
}

async fn read(exchange: &Exchange<'_>, request: Request) -> Result<(Interaction, ConsentGiven), Failure> {
    let form = form(request).await?;
    same_site(exchange.app, &form.head.headers)?;
    let browser = Browser::of(exchange.app, &form.head.headers);
    let flow = form.params.first("flow").unwrap_or_default();
    let step = Interaction::open(&exchange.app.seal, flow, Step::Consent, browser.flow(), exchange.now)?;
    let answer = match form.params.first("decision") {
        Some("allow") => Answer::Allow,
        Some("deny") => Answer::Deny,
        _ => return Err(Refusal::InteractionInvalid.into()),
    };
    let given = ConsentGiven::from_page(&step, answer)?;
    Ok((step, given))
}

/// Somebody who authenticated during this interaction has done so for any session that it led to.
fn progress(step: &Interaction, consent: Option<ConsentGiven>) -> Progress {
    Progress { began_with: step.fresh.then_some(None), consent }
}

fn render(visit: &mut Visit<'_>, authenticated: &Authenticated, fresh: bool) -> Response {
    let app = visit.exchange.app;
    let session = Some(authenticated.login().session());
    let flow = visit.seal(Step::Consent, session, fresh);
    let not_you = visit.sealed_address("/sign-in", Step::SignIn, session, false);
    let client = authenticated.client();
    let directory = app.directory.now();
    let described = |scope: &str| {
        let api = directory.apis().owner(scope).and_then(|owner| directory.apis().find(owner))?;
        api.scopes.iter().find(|known| known.name == scope)?.description.clone()
    };
    let mut apis: Vec<Api> = Vec::new();
    for owner in authenticated.scope().iter().filter_map(|scope| directory.apis().owner(scope)) {
        let name = directory.apis().find(owner).and_then(|api| api.name.clone());
        let host = host(owner.as_str()).to_owned();
        if !apis.iter().any(|api| api.host == host) {
            apis.push(Api { name: name.unwrap_or_else(|| host.clone()), host });
        }
    }
    let lasts = if authenticated.scope().contains(standard_scope::OFFLINE_ACCESS) {
        Lasts::Until { ends_at: (visit.exchange.now + app.policy.refresh_absolute_seconds).seconds() }
    } else {
        Lasts::For { ttl_seconds: u64::try_from(app.policy.access_token_seconds).unwrap_or_default() }
    };
    let view = Consent {
        action: format!("{}/consent", app.policy.issuer.path()),
        flow: flow.expose().to_owned(),
        app_name: app_name(client),
        app_host: app_host(client),
        user_name: authenticated.login().user().display_name.clone(),
        not_you,
        apis,
        scopes: authenticated
            .scope()
            .iter()
            .map(|scope| ConsentScope::new(scope, described(scope)))
            .collect(),
        returns_to: returns_to(authenticated.target().uri()),
        lasts,
        self_registered: false,
        loopback_only: client.authentication == AuthMethod::None && authenticated.target().is_on_device(),
    };
    page::respond_with_form(StatusCode::OK, visit.lang, app.pages.consent(visit.lang, &view))
}
