//! What every page shares: its frame, and how a template becomes a string.

use askama::Template;

use super::lang::Lang;
use super::pages::Pages;
use super::sanitise;
use super::words::Words;

/// How wide the card is.
#[derive(Clone, Copy)]
pub(super) enum Width {
    Narrow,
    Consent,
    Error,
}

/// The frame of a page.
pub(super) struct Layout<'a> {
    pub(super) lang: &'static str,
    pub(super) width: &'static str,
    pub(super) title: String,
    pub(super) operator: &'a str,
    pub(super) host: &'a str,
    pub(super) stylesheet: &'a str,
    pub(super) favicon: &'a str,
}

impl Pages {
    pub(super) fn layout(&self, lang: Lang, width: Width, title: String) -> Layout<'_> {
        let width = match width {
            Width::Narrow => "narrow",
            Width::Consent => "consent",
            Width::Error => "error",
        };
        let Self { operator, host, stylesheet, favicon, .. } = self;
        Layout { lang: lang.tag(), width, title, operator, host, stylesheet, favicon }
    }
}

/// Where the browser goes when we are done.
#[derive(Clone, Debug)]
pub enum Destination {
    /// An https host.
    Host(String),
    /// A loopback address.
    ThisDevice(String),
    /// A private-use scheme (RFC 8252 §7.1).
    AppScheme(String),
}

/// One end of an arrow: who, and at which address.
pub(super) struct End {
    pub(super) name: String,
    pub(super) place: String,
    /// Whether the person has not allowed anything there yet.
    pub(super) is_new: bool,
}

/// An app's name as it may be shown; the host stands in for a name that has nothing visible in it.
pub(super) fn app_name(words: &Words<'_>, name: &str, host: Option<&str>) -> String {
    shown_name(name, host).unwrap_or_else(|| words.say("unnamed-app"))
}

/// The same after a preposition that takes the dative in German: "von", "zu", "mit".
pub(super) fn app_name_dative(words: &Words<'_>, name: &str, host: Option<&str>) -> String {
    shown_name(name, host).unwrap_or_else(|| words.say("unnamed-app-dative"))
}

fn shown_name(name: &str, host: Option<&str>) -> Option<String> {
    let visible = |text: String| Some(text).filter(|text| !text.is_empty());
    visible(sanitise::name(name)).or_else(|| host.and_then(|host| visible(sanitise::exact(host))))
}

/// The address an app is reached at, in words.
pub(super) fn place(words: &Words<'_>, destination: &Destination) -> String {
    let (key, place) = match destination {
        Destination::Host(host) => return sanitise::exact(host),
        Destination::ThisDevice(host) => ("place-this-device", sanitise::exact(host)),
        Destination::AppScheme(scheme) => ("place-app", sanitise::exact(scheme)),
    };
    words.say_with(key, &[("place", place.into())])
}

/// Writing into a string fails only if a template's own code says so, and ours does not.
pub(super) fn render(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be rendered");
        String::new()
    })
}
