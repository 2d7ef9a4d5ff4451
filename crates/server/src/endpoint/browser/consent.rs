//! The consent page and its form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use proofkey_oauth::{AuthMethod, Issuer, Timestamp, standard_scope};
use proofkey_protocol::authorize::{Answer, Authenticated, ConsentGiven, Next, Progress};
use proofkey_protocol::token::access_token_seconds;
use proofkey_protocol::{ApiRecord, Apis, Interaction, Policy, Refusal, Step};

use super::app_names::{app_host, app_name, destination, host};
use super::authorization::{RequestMethod, Visit, flow_parameter, same_site};
use crate::app::App;
use crate::endpoint::body::form;
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::login::Browser;
use crate::metrics::Endpoint;
use crate::page::{self, Api, Consent, ConsentScope, Validity};

/// `GET /consent?flow=…`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Consent, Method::GET);
    let browser = Browser::of(&app, &headers);
    let flow = flow_parameter(&uri);
    let step = match Interaction::open(&app.keys, &flow, Step::Consent, browser.flow(), exchange.now) {
        Ok(step) => step,
        Err(refusal) => {
            let visit = Visit::new(&exchange, browser, &headers, RequestMethod::Get, String::new());
            let response = visit.failure(&Failure::Refused(refusal));
            return visit.leave(response);
        }
    };
    let mut visit = Visit::new(&exchange, browser, &headers, RequestMethod::Get, step.request.clone());
    let response = match visit.decide(progress(&step, None)).await {
        // The page shows the user of the session that is there now; its form is bound to that session.
        Ok(Next::Consent(authenticated)) => render(&mut visit, &authenticated),
        Ok(_) => return visit.dispatch(progress(&step, None)).await,
        Err(failure) => visit.failure(&failure),
    };
    visit.leave(response)
}

/// `POST /consent`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let exchange = RequestContext::begin(&app, arrival, Endpoint::Consent, Method::POST);
    let headers = request.headers().clone();
    let browser = Browser::of(&app, &headers);
    match read(&exchange, request).await {
        Ok((step, given)) => {
            let progress = progress(&step, Some(given));
            Visit::new(&exchange, browser, &headers, RequestMethod::Form, step.request)
                .dispatch(progress)
                .await
        }
        Err(failure) => {
            let visit = Visit::new(&exchange, browser, &headers, RequestMethod::Form, String::new());
            let response = visit.failure(&failure);
            visit.leave(response)
        }
    }
}

async fn read(
    exchange: &RequestContext<'_>,
    request: Request,
) -> Result<(Interaction, ConsentGiven), Failure> {
    let form = form(request).await?;
    same_site(exchange.app, &form.head.headers)?;
    let browser = Browser::of(exchange.app, &form.head.headers);
    let flow = form.params.first("flow").unwrap_or_default();
    let step = Interaction::open(&exchange.app.keys, flow, Step::Consent, browser.flow(), exchange.now)?;
    let answer = match form.params.first("decision") {
        Some("allow") => Answer::Allow,
        Some("deny") => Answer::Deny,
        _ => return Err(Refusal::InteractionInvalid.into()),
    };
    let given = ConsentGiven::from_page(&step, answer)?;
    Ok((step, given))
}

/// How far the step says that the person has come.
fn progress(step: &Interaction, consent: Option<ConsentGiven>) -> Progress {
    Progress { authenticated_as: step.authenticated_as(), consent }
}

fn render(visit: &mut Visit<'_>, authenticated: &Authenticated) -> Response {
    let app = visit.exchange.app;
    let session = authenticated.login().session();
    let flow = visit.seal(Step::Consent, Some(session));
    let not_you = visit.sealed_address("/sign-in", Step::SignIn, None);
    let client = authenticated.client();
    let directory = &visit.exchange.directory;
    let apis = apis(authenticated, directory.apis(), &app.policy.issuer);
    let described = |scope: &str| {
        let api = directory.apis().owner(scope).and_then(|owner| directory.apis().find(owner))?;
        api.scopes.iter().find(|known| known.name == scope)?.description.clone()
    };
    let view = Consent {
        action: format!("{}/consent", app.policy.issuer.path()),
        flow: flow.expose().to_owned(),
        app_name: app_name(client),
        app_host: app_host(client),
        user_name: authenticated.login().user().display_name.clone(),
        not_you,
        validity: validity(authenticated, &apis, visit.exchange.now, &app.policy),
        apis: shown(&apis),
        scopes: authenticated
            .scope()
            .iter()
            .map(|scope| ConsentScope::new(scope, described(scope)))
            .collect(),
        destination: destination(authenticated.target().uri()),
        loopback_only: client.authentication == AuthMethod::None && authenticated.target().is_on_device(),
    };
    page::respond_with_form(StatusCode::OK, visit.lang, app.pages.consent(visit.lang, &view))
}

/// The APIs that the app could reach: those that own a scope asked for, and those that it names.
fn apis<'a>(authenticated: &Authenticated, all: &'a Apis, issuer: &Issuer) -> Vec<&'a ApiRecord> {
    let owners = authenticated.scope().iter().filter_map(|scope| all.owner(scope));
    let named = authenticated.resources().iter().filter(|resource| resource.as_str() != issuer.as_str());
    let mut found: Vec<&ApiRecord> = Vec::new();
    for api in owners.chain(named).filter_map(|resource| all.find(resource)) {
        if !found.iter().any(|known| known.resource == api.resource) {
            found.push(api);
        }
    }
    found
}

/// APIs by name and host. Where two stand at one host the whole address tells them apart.
fn shown(apis: &[&ApiRecord]) -> Vec<Api> {
    let place = |api: &ApiRecord| {
        let (whole, host) = (api.resource.as_str(), host(api.resource.as_str()));
        let shared = apis.iter().filter(|other| self::host(other.resource.as_str()) == host).count() > 1;
        if shared || !whole.contains("://") { whole.to_owned() } else { host.to_owned() }
    };
    let view =
        |api: &&ApiRecord| Api { name: api.name.clone().unwrap_or_else(|| place(api)), host: place(api) };
    apis.iter().map(view).collect()
}

/// How long what is allowed lasts: as long as the longest access token, or as long as it can be refreshed.
fn validity(authenticated: &Authenticated, apis: &[&ApiRecord], now: Timestamp, policy: &Policy) -> Validity {
    let client = authenticated.client();
    if !authenticated.scope().contains(standard_scope::OFFLINE_ACCESS) {
        let of_each = apis.iter().map(|api| access_token_seconds(client, Some(api), policy));
        let longest = of_each.max().unwrap_or_else(|| access_token_seconds(client, None, policy));
        return Validity::For { ttl_seconds: u64::try_from(longest).unwrap_or_default() };
    }
    let refreshed = now + policy.refresh_absolute_seconds;
    if client.is_browser_app() {
        let ends_at = refreshed.min(authenticated.login().session_ends_at());
        return Validity::For { ttl_seconds: u64::try_from(ends_at - now).unwrap_or_default() };
    }
    Validity::Until { ends_at: refreshed.seconds() }
}
