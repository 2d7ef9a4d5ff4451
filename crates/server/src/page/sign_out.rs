//! The two pages around signing out (OpenID RP-Initiated Logout §2 and §3).

use askama::Template;

use super::back::Back;
use super::words::{Piece, Rich, Words};
use super::{Lang, Layout, LogoutConfirm, Pages, SignedOut, Width, layout, sanitise};

/// More apps than this are counted instead of named.
const NAMED_APPS_MAX: usize = 12;

#[derive(Template)]
#[template(path = "logout.html")]
pub(super) struct LogoutPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    who: Rich,
    apps: Rich,
    action: &'a str,
    flow: &'a str,
}

pub(super) fn confirm<'a>(pages: &'a Pages, lang: Lang, view: &'a LogoutConfirm) -> LogoutPage<'a> {
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
    back: Option<Back<'a>>,
}

pub(super) fn done<'a>(pages: &'a Pages, lang: Lang, view: &'a SignedOut) -> SignedOutPage<'a> {
    let words = pages.words(lang);
    let back = view.return_to.as_ref().map(|link| Back::new(&words, link));
    let heading = words.say("signed-out-heading");
    SignedOutPage { layout: pages.layout(lang, Width::Narrow, heading.clone()), words, heading, back }
}

/// The answer to "Stay signed in".
pub(super) fn stayed(pages: &Pages, lang: Lang) -> SignedOutPage<'_> {
    let words = pages.words(lang);
    let heading = words.say("logout-stayed-heading");
    SignedOutPage { layout: pages.layout(lang, Width::Narrow, heading.clone()), words, heading, back: None }
}
