//! The error page: one calm sentence for the person, exact values for the app's developer.

use askama::Template;

use super::back::{Back, ReturnLink};
use super::difference::{Marked, mark};
use super::lang::Lang;
use super::layout::{self, Layout, Width, render};
use super::moment;
use super::pages::Pages;
use super::sanitise;
use super::words::{Piece, Rich, Words, flat};

/// What an error page shows.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The HTTP status of the answer.
    pub status: u16,
    /// Whose failure it is.
    pub kind: ErrorKind,
    /// Say that nothing was shared; only if it is true.
    pub nothing_shared: bool,
    /// The id that is also in the log: `pk-7Q4M-2XKD`.
    pub error_id: String,
    /// The protocol's error code.
    pub code: String,
    /// What happened, in English, for the developer; another language looks the rule up first.
    pub what_happened: Option<String>,
    /// What it is about, as the request named it; added to what happened in any language.
    pub about: Option<String>,
    /// The value that was sent, beside the one it was compared with.
    pub compare: Option<Compare>,
    /// What the developer must change, in English.
    pub fix: Option<String>,
    /// The rule that was broken: `redirect_uri.unregistered`.
    pub rule: Option<String>,
    /// The address of a page about the rule, where the operator has one.
    pub rule_page: Option<String>,
    /// The client id that was sent.
    pub client_id: Option<String>,
    /// Method and path: `GET /authorize`.
    pub endpoint: String,
    /// When, in seconds since 1970.
    pub occurred_at: i64,
    /// Where the rule stands: `RFC 9700 §2.1`.
    pub standard: Option<String>,
    /// The way to the app with the error, where the person may take it.
    pub return_to: Option<ReturnLink>,
    /// What the header `Retry-After` says.
    pub retry_after_seconds: Option<u64>,
}

/// Whose failure an error page tells of.
#[derive(Clone, Debug)]
pub enum ErrorKind {
    /// A known app sent something that we refuse.
    App {
        /// The app's name.
        name: String,
        /// The app's host.
        host: String,
    },
    /// An unknown sender sent something that we refuse: no name, no way back.
    UnknownApp,
    /// The server failed: no app can help, and no rule is explained.
    Fault,
    /// A page of ours that is too old, used, or another browser's.
    Expired,
    /// A limit was reached; the page names the wait, and so does `Retry-After`.
    Limited {
        /// After so long the next attempt is let through.
        retry_after_seconds: u64,
    },
    /// Nothing answers at the address.
    NotFound,
}

/// Two values that should have been equal.
#[derive(Clone, Debug)]
pub struct Compare {
    /// The value in the request.
    pub sent: String,
    /// What is registered; only in development or for an administrator.
    pub registered: Option<String>,
}

#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorDocument<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    heading: Rich,
    app_host: Option<String>,
    lead: String,
    error_id: &'a str,
    what_happened: Option<Explanation>,
    compare: Option<Compared>,
    fix: Option<Explanation>,
    code: &'a str,
    rule: Option<String>,
    rule_page: Option<&'a str>,
    client_id: Option<String>,
    endpoint: String,
    status: u16,
    time: String,
    standard: Option<&'a str>,
    back: Option<Back<'a>>,
}

/// A sentence for the developer; `english` if the page itself is in another language.
struct Explanation {
    text: String,
    english: bool,
}

impl Explanation {
    /// The sentence with what it is about in place of its full stop.
    fn about(self, about: Option<&str>) -> Self {
        let Some(about) = about else { return self };
        Self { text: format!("{}: {}.", self.text.trim_end_matches('.'), sanitise::exact(about)), ..self }
    }
}

struct Compared {
    sent: Marked,
    registered: Option<Marked>,
}

impl Pages {
    /// The page for whatever may not or cannot be sent back to an app (OAuth 2.1 §4.1.2.1).
    pub fn error(&self, lang: Lang, view: &ErrorPage) -> String {
        render(&page(self, lang, view))
    }
}

fn page<'a>(pages: &'a Pages, lang: Lang, view: &'a ErrorPage) -> ErrorDocument<'a> {
    let words = pages.words(lang);
    let heading = heading(&words, &view.kind);
    let (what_in_words, fix_in_words) = match (lang, &view.rule) {
        (Lang::En, _) | (_, None) => (None, None),
        (Lang::De, Some(rule)) => words.rule(rule),
    };
    let given =
        |text: &Option<String>| text.clone().map(|text| Explanation { text, english: lang != Lang::En });
    let translated = |text| Explanation { text, english: false };
    ErrorDocument {
        layout: pages.layout(lang, Width::Error, flat(&heading)),
        heading,
        app_host: match &view.kind {
            ErrorKind::App { host, .. } => Some(sanitise::exact(host)).filter(|host| !host.is_empty()),
            _ => None,
        },
        lead: lead(&words, view),
        error_id: &view.error_id,
        what_happened: what_in_words
            .map(translated)
            .or_else(|| given(&view.what_happened))
            .map(|what| what.about(view.about.as_deref())),
        compare: view.compare.as_ref().and_then(compared),
        fix: fix_in_words.map(translated).or_else(|| given(&view.fix)),
        code: &view.code,
        rule: view.rule.as_deref().map(sanitise::exact),
        rule_page: view.rule_page.as_deref(),
        client_id: view.client_id.as_deref().and_then(sanitise::client_id),
        endpoint: sanitise::exact(&view.endpoint),
        status: view.status,
        time: moment::instant(view.occurred_at),
        standard: view.standard.as_deref(),
        back: view.return_to.as_ref().map(|link| Back::new(&words, link)),
        words,
    }
}

fn heading(words: &Words<'_>, kind: &ErrorKind) -> Rich {
    let key = match kind {
        ErrorKind::App { name, host } => {
            let app = layout::app_name(words, name, Some(host));
            return words.rich("error-heading-app", &[("app", vec![Piece::value(app)])]);
        }
        ErrorKind::UnknownApp => "error-heading-unknown",
        ErrorKind::Fault => "error-heading-fault",
        ErrorKind::Expired => "error-heading-expired",
        ErrorKind::Limited { .. } => "error-heading-limited",
        ErrorKind::NotFound => "error-heading-not-found",
    };
    words.rich(key, &[])
}

fn lead(words: &Words<'_>, view: &ErrorPage) -> String {
    let lead = match view.kind {
        ErrorKind::App { .. } => words.say("error-lead-app"),
        ErrorKind::UnknownApp => words.say("error-lead-unknown"),
        ErrorKind::Fault => words.say("error-lead-fault"),
        ErrorKind::Expired => words.say("error-lead-expired"),
        ErrorKind::Limited { retry_after_seconds } => {
            let duration = moment::duration(words, retry_after_seconds);
            words.say_with("error-lead-limited", &[("duration", duration.into())])
        }
        ErrorKind::NotFound => words.say("error-lead-not-found"),
    };
    if view.nothing_shared { format!("{} {lead}", words.say("nothing-shared")) } else { lead }
}

/// `None` for what was sent in the place of an address and is none: what no page of ours repeats.
fn compared(compare: &Compare) -> Option<Compared> {
    let sent = sanitise::address(&compare.sent)?;
    Some(match &compare.registered {
        None => Compared { sent: Marked::whole(sent), registered: None },
        Some(registered) => {
            let (sent, registered) = mark(&sent, &sanitise::exact(registered));
            Compared { sent, registered: Some(registered) }
        }
    })
}
