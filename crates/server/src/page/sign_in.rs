//! The sign-in page. One error note for both fields: it never says which of them was wrong.

use askama::Template;

use super::lang::Lang;
use super::layout::{self, Layout, Width, render};
use super::moment;
use super::pages::Pages;
use super::sanitise;
use super::words::{Piece, Rich, Words};

/// The sign-in page.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that ties the post to this flow.
    pub flow: String,
    /// The app that the person continues to.
    pub app_name: Option<String>,
    /// The app's host, shown beside its name.
    pub app_host: Option<String>,
    /// What the username field holds; if not empty, the password field has the focus.
    pub username: String,
    /// Whether the page asks who wants to stay signed in.
    pub remember: Remember,
    /// What went wrong the last time.
    pub error: Option<SignInError>,
    /// Whether it is shown in the place of a page that no longer fitted: one friendly line says so.
    pub is_resumed: bool,
}

/// The box *Keep me signed in*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remember {
    /// There is none: the session that goes on keeps what was chosen when it began.
    #[default]
    NotAsked,
    /// It is there, not ticked.
    Clear,
    /// It is there, and ticked.
    Ticked,
}

/// Why the person is asked again. Never says which of the two fields was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// Unknown user or wrong password.
    Wrong,
    /// Too many sign-ins failed, of this account or from this address.
    TooMany {
        /// After so long the next attempt is let through.
        retry_after_seconds: u64,
    },
    /// All places for password checks are taken.
    Busy {
        /// Seconds after which it is worth trying again.
        retry_after_seconds: u64,
    },
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    lead: Rich,
    app_host: Option<String>,
    action: &'a str,
    flow: &'a str,
    username: &'a str,
    /// Whether the box is ticked; `None` where it is not shown.
    remember: Option<bool>,
    resumed: Option<String>,
    note: Option<String>,
    wrong: bool,
}

impl Pages {
    /// The page with the username and password fields.
    pub fn sign_in(&self, lang: Lang, view: &SignIn) -> String {
        render(&page(self, lang, view))
    }
}

fn page<'a>(pages: &'a Pages, lang: Lang, view: &'a SignIn) -> SignInPage<'a> {
    let words = pages.words(lang);
    let host = view.app_host.as_deref().filter(|_| view.app_name.is_some());
    let lead = match &view.app_name {
        Some(name) => words.rich(
            "sign-in-to-app",
            &[("app", vec![Piece::value(layout::app_name_dative(&words, name, host))])],
        ),
        None => words.rich("sign-in-to-account", &[]),
    };
    SignInPage {
        layout: pages.layout(lang, Width::Narrow, words.say("sign-in-heading")),
        words,
        lead,
        app_host: host.map(sanitise::exact),
        action: &view.action,
        flow: &view.flow,
        username: &view.username,
        remember: match view.remember {
            Remember::NotAsked => None,
            Remember::Clear => Some(false),
            Remember::Ticked => Some(true),
        },
        resumed: view.is_resumed.then(|| words.say("resumed-sign-in")),
        note: view.error.map(|error| note(&words, error)),
        wrong: view.error == Some(SignInError::Wrong),
    }
}

fn note(words: &Words<'_>, error: SignInError) -> String {
    match error {
        SignInError::Wrong => words.say("sign-in-wrong"),
        SignInError::TooMany { retry_after_seconds } => later(words, "sign-in-too-many", retry_after_seconds),
        SignInError::Busy { retry_after_seconds } => later(words, "sign-in-busy", retry_after_seconds),
    }
}

fn later(words: &Words<'_>, message: &'static str, seconds: u64) -> String {
    words.say_with(message, &[("duration", moment::duration(words, seconds).into())])
}
