//! The consent page (OAuth 2.1 §7.9): who asks, for what, at whose API, where it goes and until when.
//! The deny button comes first in the form, so that Enter never allows.

use askama::Template;

use super::lang::Lang;
use super::layout::{self, Destination, End, Layout, Width, render};
use super::moment;
use super::pages::Pages;
use super::sanitise;
use super::scope::{self, ConsentScope, Icon, Line};
use super::words::{Piece, Rich, Words, flat};

/// More APIs than this are counted in the heading; all of them stand at the arrow.
const NAMED_APIS_MAX: usize = 3;

/// The consent page (OAuth 2.1 §7.9).
#[derive(Clone, Debug)]
pub struct Consent {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that ties the post to this flow.
    pub flow: String,
    /// The app's name, as the app or the operator gave it.
    pub app_name: String,
    /// The app's host (or its client id): the name is never shown without it.
    pub app_host: String,
    /// The display name of the user who is signed in.
    pub user_name: String,
    /// The APIs that the app may call; none means that it only signs the person in.
    pub apis: Vec<Api>,
    /// What the app asks for.
    pub scopes: Vec<ConsentScope>,
    /// Where the browser goes afterwards.
    pub destination: Destination,
    /// How long the permission lasts.
    pub validity: Validity,
    /// All its redirect addresses are on loopback, so any program on the device could use its name.
    pub loopback_only: bool,
    /// Whether it is shown in the place of a page that no longer fitted: one friendly line says so.
    pub is_resumed: bool,
}

/// An API that an app may call.
#[derive(Clone, Debug)]
pub struct Api {
    /// What the operator calls it.
    pub name: String,
    /// The host of its address; the whole address where two APIs share a host.
    pub host: String,
    /// Whether it comes to those of which the person allows the app something already.
    pub is_new: bool,
}

/// How long a permission lasts.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    /// Until a day, in seconds since 1970.
    Until {
        /// In seconds since 1970.
        ends_at: i64,
    },
    /// For some time from now.
    For {
        /// Counted from the moment of the page.
        ttl_seconds: u64,
    },
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct ConsentPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    heading: Rich,
    signed_in_as: Rich,
    resumed: Option<String>,
    from: Vec<End>,
    to: End,
    scopes: Vec<Line>,
    returns: Rich,
    until_label: String,
    until: Rich,
    notes: Vec<String>,
    action: &'a str,
    flow: &'a str,
}

impl Pages {
    /// The question whether an app may act for the person (OAuth 2.1 §7.9).
    pub fn consent(&self, lang: Lang, view: &Consent) -> String {
        render(&page(self, lang, view))
    }
}

fn page<'a>(pages: &'a Pages, lang: Lang, view: &'a Consent) -> ConsentPage<'a> {
    let words = pages.words(lang);
    let app = layout::app_name(&words, &view.app_name, Some(&view.app_host));
    let heading = heading(&words, &app, view);
    let (until_label, until) = until(&words, view.validity);
    let from = if view.apis.is_empty() {
        vec![End { name: pages.operator.clone(), place: pages.host.clone(), is_new: false }]
    } else {
        let end =
            |api: &Api| End { name: api_name(api), place: sanitise::exact(&api.host), is_new: api.is_new };
        view.apis.iter().map(end).collect()
    };
    ConsentPage {
        layout: pages.layout(lang, Width::Consent, flat(&heading)),
        heading,
        signed_in_as: words
            .rich("consent-signed-in-as", &[("user", vec![Piece::value(sanitise::name(&view.user_name))])]),
        resumed: view.is_resumed.then(|| words.say("resumed-consent")),
        from,
        to: End { name: app, place: app_place(&words, view), is_new: false },
        scopes: view.scopes.iter().map(|scope| scope::line(&words, scope)).collect(),
        returns: returns(&words, &view.destination),
        until_label,
        until,
        notes: notes(&words, view),
        action: &view.action,
        flow: &view.flow,
        words,
    }
}

/// Where the app is: at its host, or on this device where it has none but the address that it returns to.
fn app_place(words: &Words<'_>, view: &Consent) -> String {
    let without_port = |host: &str| match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host.to_owned(),
        _ => host.to_owned(),
    };
    match &view.destination {
        Destination::ThisDevice(place) | Destination::AppScheme(place)
            if without_port(place) == without_port(&view.app_host) =>
        {
            layout::place(words, &view.destination)
        }
        _ => sanitise::exact(&view.app_host),
    }
}

fn api_name(api: &Api) -> String {
    Some(sanitise::name(&api.name))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| sanitise::exact(&api.host))
}

fn heading(words: &Words<'_>, app: &str, view: &Consent) -> Rich {
    let app = vec![Piece::value(app)];
    if view.apis.is_empty() {
        return words.rich("consent-heading-sign-in", &[("app", app)]);
    }
    let names: Vec<String> = view.apis.iter().map(api_name).collect();
    words.rich("consent-heading-api", &[("app", app), ("api", words.list(&names, NAMED_APIS_MAX))])
}

fn returns(words: &Words<'_>, destination: &Destination) -> Rich {
    let (key, place) = match destination {
        Destination::Host(host) => return vec![Piece::value(sanitise::exact(host))],
        Destination::ThisDevice(host) => ("place-this-device", host),
        Destination::AppScheme(scheme) => ("place-app", scheme),
    };
    words.rich(key, &[("place", vec![Piece::value(sanitise::exact(place))])])
}

fn until(words: &Words<'_>, validity: Validity) -> (String, Rich) {
    match validity {
        Validity::Until { ends_at } => {
            let date = vec![Piece::value(moment::date(words, ends_at))];
            (words.say("consent-until"), words.rich("consent-until-date", &[("date", date)]))
        }
        Validity::For { ttl_seconds } => {
            let duration = vec![Piece::value(moment::duration(words, ttl_seconds))];
            (words.say("consent-for"), words.rich("consent-for-duration", &[("duration", duration)]))
        }
    }
}

fn notes(words: &Words<'_>, view: &Consent) -> Vec<String> {
    view.loopback_only.then(|| words.say("consent-loopback-only")).into_iter().collect()
}
