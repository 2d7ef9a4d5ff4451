//! The sign-in page. One error note for both fields: it never says which of them was wrong.

use askama::Template;

use super::words::{Piece, Rich, Words};
use super::{Lang, Layout, Pages, SignIn, SignInError, Width, layout, moment, sanitise};

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
    note: Option<String>,
    wrong: bool,
}

pub(super) fn page<'a>(pages: &'a Pages, lang: Lang, view: &'a SignIn) -> SignInPage<'a> {
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
        note: view.error.map(|error| note(&words, error)),
        wrong: view.error == Some(SignInError::Wrong),
    }
}

fn note(words: &Words<'_>, error: SignInError) -> String {
    match error {
        SignInError::Wrong => words.say("sign-in-wrong"),
        SignInError::TooMany { retry_after_seconds } => {
            let duration = moment::duration(words, retry_after_seconds);
            words.say_with("sign-in-too-many", &[("duration", duration.into())])
        }
        SignInError::Busy { .. } => words.say("sign-in-busy"),
        SignInError::StartAgain => words.say("sign-in-start-again"),
    }
}
