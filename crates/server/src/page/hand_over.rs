//! The page that carries the browser back to the app. A form post may not be answered by a redirect to an app,
//! because browsers apply `form-action` to every hop; a page that moves on by itself is a new navigation.

use askama::Template;

use super::lang::Lang;
use super::layout::{self, Destination, End, Layout, Width, render};
use super::pages::Pages;
use super::words::{Piece, Rich, Words, flat};

/// The page that returns to the app.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// The app's name.
    pub app_name: String,
    /// The whole redirect address with its answer: in the link and the refresh. Shown only where the app listens on this device,
    /// folded, for a listener that runs on another one.
    pub target: String,
    /// What of the address is shown.
    pub destination: Destination,
    /// What the app is about to learn.
    pub outcome: HandOverOutcome,
}

/// What a redirect tells the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOverOutcome {
    /// The app gets a code.
    Granted,
    /// The app gets `access_denied`: the person said no.
    Denied,
    /// The app gets another error, of which the person need not know more.
    Failed,
}

#[derive(Template)]
#[template(path = "hand_over.html")]
pub(super) struct HandOverPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    heading: Rich,
    lead: String,
    from: [End; 1],
    to: End,
    target: &'a str,
    closable: bool,
    /// Whether the address can be copied.
    on_loopback: bool,
}

impl Pages {
    /// The page that carries the browser back to the app after a form post (OAuth 2.1 §7.5.3).
    pub fn hand_over(&self, lang: Lang, view: &HandOver) -> String {
        render(&page(self, lang, view))
    }
}

fn page<'a>(pages: &'a Pages, lang: Lang, view: &'a HandOver) -> HandOverPage<'a> {
    let words = pages.words(lang);
    let place = layout::place(&words, &view.destination);
    let app = layout::app_name(&words, &view.app_name, Some(&place));
    let back_to = layout::app_name_dative(&words, &view.app_name, Some(&place));
    let heading = words.rich("return-to", &[("app", vec![Piece::value(back_to)])]);
    let lead = words.say(match view.outcome {
        HandOverOutcome::Granted => "hand-over-granted",
        HandOverOutcome::Denied => "hand-over-denied",
        HandOverOutcome::Failed => "hand-over-failed",
    });
    HandOverPage {
        layout: pages.layout(lang, Width::Narrow, flat(&heading)),
        words,
        heading,
        lead,
        from: [End { name: pages.operator.clone(), place: pages.host.clone(), is_new: false }],
        to: End { name: app, place, is_new: false },
        target: &view.target,
        // A web app replaces this page; a native one leaves it behind.
        on_loopback: matches!(view.destination, Destination::ThisDevice(_)),
        closable: !matches!(view.destination, Destination::Host(_)),
    }
}
