//! The consent page and its form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use proofkey_oauth::{AuthMethod, Issuer, Timestamp, standard_scope};
use proofkey_protocol::authorize::{Answer, Authenticated, ConsentGiven, Next, Progress};
use proofkey_protocol::interaction::{self, Sealed};
use proofkey_protocol::token::access_token_seconds;
use proofkey_protocol::{ApiRecord, Apis, Policy, Refusal};

use super::app_names::{app_host, app_name, destination, host};
use super::authorization::{Authorization, SentRequest};
use super::request::{BrowserRequest, RequestMethod, flow_parameter};
use crate::app::App;
use crate::endpoint::body::{Form, form};
use crate::endpoint::context::RequestContext;
use crate::endpoint::failure::Failure;
use crate::http::Arrival;
use crate::metrics::Endpoint;
use crate::page::{self, Api, Consent, ConsentScope, Validity};

/// `GET /consent?flow=…`
pub(super) async fn get(
    State(app): State<Arc<App>>,
    arrival: Arrival,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let context = RequestContext::begin(&app, arrival, Endpoint::Consent, Method::GET);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Get);
    match opened(&browser, &flow_parameter(&uri)) {
        Ok((step, sent)) => show(Authorization::new(browser, sent, progress(&step, None))).await,
        Err(refusal) => browser.refused(&refusal.into()),
    }
}

/// `POST /consent`
pub(super) async fn post(State(app): State<Arc<App>>, arrival: Arrival, request: Request) -> Response {
    let headers = request.headers().clone();
    let form = form(request).await;
    let context = RequestContext::begin(&app, arrival, Endpoint::Consent, Method::POST);
    let browser = BrowserRequest::new(&context, &headers, RequestMethod::Form);
    match read(&browser, form) {
        Ok((sent, progress)) => Authorization::new(browser, sent, progress).dispatch().await,
        Err(failure) => browser.refused(&failure),
    }
}

/// The step of a consent page of this browser, and the request that it is about.
fn opened(
    browser: &BrowserRequest<'_>,
    flow: &str,
) -> Result<(Sealed<interaction::Consent>, SentRequest), Refusal> {
    let step: Sealed<interaction::Consent> = browser.open(flow)?;
    let sent = SentRequest::parse(step.request())?;
    Ok((step, sent))
}

fn read(
    browser: &BrowserRequest<'_>,
    form: Result<Form, Failure>,
) -> Result<(SentRequest, Progress), Failure> {
    let form = form?;
    browser.same_site()?;
    let (step, sent) = opened(browser, form.params.first("flow").unwrap_or_default())?;
    let answer = match form.params.first("decision") {
        Some("allow") => Answer::Allow,
        Some("deny") => Answer::Deny,
        _ => return Err(Refusal::InteractionInvalid.into()),
    };
    Ok((sent, progress(&step, Some(ConsentGiven::from_page(&step, answer)))))
}

/// How far the step says that the person has come.
fn progress(step: &Sealed<interaction::Consent>, consent: Option<ConsentGiven>) -> Progress {
    Progress { authenticated_as: step.step().authenticated_as(), consent }
}

/// Shows the page, if consent is still what comes next. It is for the user of the session that is there now; its form is bound
/// to that session.
async fn show(mut authorization: Authorization<'_>) -> Response {
    match authorization.decide().await {
        Ok(Next::Consent(authenticated)) => {
            let response = page(&mut authorization, &authenticated);
            authorization.browser.leave(response)
        }
        Ok(next) => authorization.answer(next),
        Err(failure) => authorization.fail(&failure),
    }
}

fn page(authorization: &mut Authorization<'_>, authenticated: &Authenticated) -> Response {
    let (context, lang) = (authorization.context(), authorization.browser.lang);
    let (app, known_apis) = (context.app, context.directory.apis());
    let flow = authorization.seal_consent(authenticated);
    let not_you = authorization.sign_in_address();
    let client = authenticated.client();
    let apis = apis(authenticated, known_apis, &app.policy.issuer);
    let described = |scope: &str| {
        let api = known_apis.owner(scope).and_then(|owner| known_apis.find(owner))?;
        api.scopes.iter().find(|known| known.name == scope)?.description.clone()
    };
    let view = Consent {
        action: app.path_of(Endpoint::Consent),
        flow,
        app_name: app_name(client),
        app_host: app_host(client),
        user_name: authenticated.login().user().display_name.clone(),
        not_you,
        validity: validity(authenticated, &apis, context.now, &app.policy),
        apis: shown(&apis),
        scopes: authenticated
            .scope()
            .iter()
            .map(|scope| ConsentScope::new(scope, described(scope)))
            .collect(),
        destination: destination(authenticated.target().uri()),
        loopback_only: client.authentication == AuthMethod::None && authenticated.target().is_on_device(),
    };
    page::respond_with_form(StatusCode::OK, lang, app.pages.consent(lang, &view))
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
