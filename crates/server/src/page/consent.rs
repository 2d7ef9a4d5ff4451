//! The consent page (OAuth 2.1 §7.9): who asks, for what, at whose API, where it goes and until when.
//! The deny button comes first in the form, so that Enter never allows.

use askama::Template;

use super::layout::{self, End};
use super::scope::{self, Icon, Line};
use super::words::{Piece, Rich, Words, flat};
use super::{Consent, Destination, Lang, Layout, Pages, Validity, Width, moment, sanitise};

/// More APIs than this are counted in the heading; all of them stand at the arrow.
const NAMED_APIS_MAX: usize = 3;

#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct ConsentPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    heading: Rich,
    signed_in_as: Rich,
    not_you: &'a str,
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

pub(super) fn page<'a>(pages: &'a Pages, lang: Lang, view: &'a Consent) -> ConsentPage<'a> {
    let words = pages.words(lang);
    let app = layout::app_name(&words, &view.app_name, Some(&view.app_host));
    let heading = heading(&words, &app, view);
    let (until_label, until) = until(&words, view.validity);
    let from = if view.apis.is_empty() {
        vec![End { name: pages.operator.clone(), place: pages.host.clone() }]
    } else {
        view.apis.iter().map(|api| End { name: api_name(api), place: sanitise::exact(&api.host) }).collect()
    };
    ConsentPage {
        layout: pages.layout(lang, Width::Consent, flat(&heading)),
        heading,
        signed_in_as: words
            .rich("consent-signed-in-as", &[("user", vec![Piece::value(sanitise::name(&view.user_name))])]),
        not_you: &view.not_you,
        from,
        to: End { name: app, place: sanitise::exact(&view.app_host) },
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

fn api_name(api: &super::Api) -> String {
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
        Validity::Ended => (words.say("consent-until"), words.rich("consent-until-ended", &[])),
    }
}

fn notes(words: &Words<'_>, view: &Consent) -> Vec<String> {
    let notes =
        [(view.self_registered, "consent-self-registered"), (view.loopback_only, "consent-loopback-only")];
    notes.into_iter().filter(|(applies, _)| *applies).map(|(_, key)| words.say(key)).collect()
}
