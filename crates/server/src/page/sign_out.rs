//! The two pages around signing out (OpenID RP-Initiated Logout §2 and §3).

use askama::Template;

use super::back::{Back, ReturnLink};
use super::lang::Lang;
use super::layout::{self, Layout, Width, render};
use super::pages::Pages;
use super::sanitise;
use super::words::{Piece, Rich, Words};

/// More apps than this are counted instead of named.
const NAMED_APPS_MAX: usize = 12;

/// The question before signing out.
#[derive(Clone, Debug)]
pub struct LogoutConfirm {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that ties the post to this flow.
    pub flow: String,
    /// The display name of the user who is signed in.
    pub user_name: String,
    /// The apps whose sessions end too.
    pub app_names: Vec<String>,
    /// An address that the app asked for and that the browser is not led to.
    pub refused_return: Option<RefusedReturn>,
    /// Whether it is shown in the place of a page that no longer fitted: one friendly line says so.
    pub is_resumed: bool,
}

/// An address that is not registered for after a logout.
#[derive(Clone, Debug)]
pub struct RefusedReturn {
    /// As it was sent; shown if it has the form of an address.
    pub sent: String,
    /// The app that has not registered it, where it is known.
    pub app_name: Option<String>,
}

/// The page after signing out.
#[derive(Clone, Debug, Default)]
pub struct SignedOut {
    /// A registered address to return to (OpenID RP-Initiated Logout §3).
    pub return_to: Option<ReturnLink>,
    /// An address that the app asked for and that the browser is not led to.
    pub refused_return: Option<RefusedReturn>,
}

#[derive(Template)]
#[template(path = "logout.html")]
pub(super) struct LogoutPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    who: Rich,
    apps: Rich,
    resumed: Option<String>,
    refused: Option<Rich>,
    action: &'a str,
    flow: &'a str,
}

impl Pages {
    /// The question whether the person wants to sign out (OpenID RP-Initiated Logout §2).
    pub fn logout(&self, lang: Lang, view: &LogoutConfirm) -> String {
        render(&confirm(self, lang, view))
    }

    /// The answer to "Stay signed in".
    pub fn stayed(&self, lang: Lang) -> String {
        render(&stay(self, lang))
    }

    /// What is shown once the session has ended (OpenID RP-Initiated Logout §3).
    pub fn signed_out(&self, lang: Lang, view: &SignedOut) -> String {
        render(&done(self, lang, view))
    }
}

fn confirm<'a>(pages: &'a Pages, lang: Lang, view: &'a LogoutConfirm) -> LogoutPage<'a> {
    let words = pages.words(lang);
    let user = vec![Piece::value(sanitise::name(&view.user_name))];
    let host = vec![Piece { text: pages.host.clone(), emphasised: false }];
    let names: Vec<String> =
        view.app_names.iter().map(|name| layout::app_name_dative(&words, name, None)).collect();
    let apps = if names.is_empty() {
        Rich::new()
    } else {
        words.rich("logout-apps", &[("apps", words.list(&names, NAMED_APPS_MAX))])
    };
    LogoutPage {
        layout: pages.layout(lang, Width::Narrow, words.say("logout-heading")),
        who: words.rich("logout-who", &[("user", user), ("host", host)]),
        apps,
        resumed: view.is_resumed.then(|| words.say("resumed-logout")),
        refused: view.refused_return.as_ref().map(|refused| not_led(&words, refused)),
        action: &view.action,
        flow: &view.flow,
        words,
    }
}

#[derive(Template)]
#[template(path = "signed_out.html")]
pub(super) struct SignedOutPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    heading: String,
    refused: Option<Rich>,
    back: Option<Back<'a>>,
}

/// Why the person is not led back: which address is not registered, and by whom.
fn not_led(words: &Words<'_>, refused: &RefusedReturn) -> Rich {
    let address = sanitise::address(&refused.sent).unwrap_or_else(|| words.say("logout-address"));
    let address = vec![Piece::value(address)];
    match &refused.app_name {
        Some(name) => {
            let app = vec![Piece::value(layout::app_name(words, name, None))];
            words.rich("logout-not-registered", &[("address", address), ("app", app)])
        }
        None => words.rich("logout-no-app", &[("address", address)]),
    }
}

fn done<'a>(pages: &'a Pages, lang: Lang, view: &'a SignedOut) -> SignedOutPage<'a> {
    let words = pages.words(lang);
    let back = view.return_to.as_ref().map(|link| Back::new(&words, link));
    let heading = words.say("signed-out-heading");
    let refused = view.refused_return.as_ref().map(|refused| not_led(&words, refused));
    SignedOutPage {
        layout: pages.layout(lang, Width::Narrow, heading.clone()),
        words,
        heading,
        refused,
        back,
    }
}

fn stay(pages: &Pages, lang: Lang) -> SignedOutPage<'_> {
    let words = pages.words(lang);
    let heading = words.say("logout-stayed-heading");
    let layout = pages.layout(lang, Width::Narrow, heading.clone());
    SignedOutPage { layout, words, heading, refused: None, back: None }
}
