//! The consent page for an authorization request: who asks, for what, where it goes and until when.

use axum::response::Response;
use http::StatusCode;
use proofkey_oauth::{AuthMethod, Timestamp};
use proofkey_protocol::RegisteredApi;
use proofkey_protocol::authorize::{
    ApiShown, Authenticated, ConsentTerms, Lifetime, ScopeShown, app_host, host,
};

use super::app_names::{app_name, destination, own_scheme};
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
    let (context, lang) = (browser.context, browser.lang);
    let step = context.decide(|cx| authenticated.consent_step(cx));
    let flow = browser.seal(step, request);
    let (app, client) = (context.app, authenticated.client());
    let directory = context.directory();
    let terms = authenticated.consent_terms(directory.apis(), &app.policy);
    let view = Consent {
        action: app.path_of(Endpoint::Consent),
        flow: flow.expose().to_owned(),
        app_name: app_name(client),
        app_host: app_host(client).to_owned(),
        user_name: authenticated.login().user().display_name.clone(),
        is_resumed,
        validity: validity(terms.lifetime, context.now),
        apis: shown(&terms.apis),
        scopes: terms.scopes.iter().map(|scope| line(scope, &terms)).collect(),
        destination: destination(authenticated.target().uri()),
        loopback_only: client.authentication == AuthMethod::None && authenticated.target().is_on_device(),
    };
    let html = app.pages.consent(lang, &view);
    page::respond_with_form(StatusCode::OK, lang, html, own_scheme(authenticated.target().uri()))
}

/// A scope as the page says it. Where several of the APIs have one of that name, it is said with the API's.
fn line(scope: &ScopeShown<'_>, terms: &ConsentTerms<'_>) -> ConsentScope {
    let known = |api: &RegisteredApi| {
        api.record.scopes.iter().find(|known| known.name == scope.token)?.description.clone()
    };
    let shared = terms.scopes.iter().filter(|other| other.token == scope.token).count() > 1;
    let at = scope.api.filter(|_| shared);
    ConsentScope {
        at: at.map(|api| api.record.name.clone().unwrap_or_else(|| api.resource().to_owned())),
        is_new: scope.is_new,
        ..ConsentScope::new(scope.token, scope.api.and_then(known))
    }
}

/// APIs by name and host. Where two stand at one host the whole address tells them apart.
fn shown(apis: &[ApiShown<'_>]) -> Vec<Api> {
    let place = |api: &RegisteredApi| {
        let (whole, host) = (api.resource(), host(api.resource()));
        let shared = apis.iter().filter(|other| self::host(other.api.resource()) == host).count() > 1;
        if shared || !whole.contains("://") { whole.to_owned() } else { host.to_owned() }
    };
    let view = |&ApiShown { api, is_new }: &ApiShown<'_>| {
        let place = place(api);
        Api { name: api.record.name.clone().unwrap_or_else(|| place.clone()), host: place, is_new }
    };
    apis.iter().map(view).collect()
}

/// How long what is allowed lasts, as the page says it.
fn validity(lifetime: Lifetime, now: Timestamp) -> Validity {
    let lasting = |seconds: i64| Validity::For { ttl_seconds: u64::try_from(seconds).unwrap_or_default() };
    match lifetime {
        Lifetime::AccessToken { seconds } => lasting(seconds),
        Lifetime::Session { seconds, ends_at } => lasting(seconds.min(ends_at - now)),
        Lifetime::Refreshed { seconds } => Validity::Until { ends_at: (now + seconds).seconds() },
    }
}
