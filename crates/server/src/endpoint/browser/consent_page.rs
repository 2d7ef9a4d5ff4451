//! The consent page for an authorization request: who asks, for what, where it goes and until when.

use axum::response::Response;
use http::StatusCode;
use proofkey_oauth::{AuthMethod, Issuer, Timestamp, standard_scope};
use proofkey_protocol::authorize::Authenticated;
use proofkey_protocol::token::access_token_seconds;
use proofkey_protocol::{ApiRecord, Apis, Policy};

use super::app_names::{app_host, app_name, destination, host, own_scheme};
use super::request::BrowserRequest;
use crate::metrics::Endpoint;
use crate::page::{self, Api, Consent, ConsentScope, Validity};

/// Answers with the page. It is for the user of the session that is there now, and its form, which carries the request, is
/// bound to that session.
pub(super) fn respond(
    browser: &mut BrowserRequest<'_>,
    authenticated: &Authenticated,
    request: &str,
    is_resumed: bool,
) -> Response {
    let flow = browser.seal(authenticated.consent_step(), request);
    let (context, lang) = (browser.context, browser.lang);
    let (app, known_apis) = (context.app, context.directory.apis());
    let client = authenticated.client();
    let apis = apis(authenticated, known_apis, &app.policy.issuer);
    let described = |scope: &str| {
        let api = known_apis.owner(scope).and_then(|owner| known_apis.find(owner))?;
        api.scopes.iter().find(|known| known.name == scope)?.description.clone()
    };
    let view = Consent {
        action: app.path_of(Endpoint::Consent),
        flow: flow.expose().to_owned(),
        app_name: app_name(client),
        app_host: app_host(client),
        user_name: authenticated.login().user().display_name.clone(),
        is_resumed,
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
    let html = app.pages.consent(lang, &view);
    page::respond_with_form(StatusCode::OK, lang, html, own_scheme(authenticated.target().uri()))
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
