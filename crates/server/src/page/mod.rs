//! The pages that people see: sign-in, consent, hand-over, error and sign-out, in English and German.
//!
//! Owns templates, words, style and the headers of an HTML answer. Views are plain values and the result is a
//! string: nothing here knows the store, a rule of the protocol, or who is signed in.

mod asset;
mod back;
mod consent;
mod difference;
mod error;
mod hand_over;
mod lang;
mod layout;
mod moment;
mod respond;
mod sanitise;
mod scope;
mod sign_in;
mod sign_out;
#[cfg(test)]
mod tests;
mod translated;
mod view;
mod words;

pub use asset::{Asset, asset, routes};
pub use lang::Lang;
pub use respond::{respond, respond_with_form};
pub use scope::{ConsentScope, ScopeKind};
pub use view::{
    Api, Compare, Consent, Destination, ErrorKind, ErrorPage, HandOver, HandOverOutcome, LogoutConfirm,
    ReturnLink, SignIn, SignInError, SignedOut, Validity,
};

use layout::{Layout, Width, render};
use words::{Bundle, Words};

/// Renders every page; made once and shared, because the word bundles are parsed here.
pub struct Pages {
    operator: String,
    host: String,
    stylesheet: String,
    favicon: String,
    english: Bundle,
    german: Bundle,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pages").field("operator", &self.operator).finish_non_exhaustive()
    }
}

impl Pages {
    /// Pages that carry the operator's name beside the mark and the issuer's host at the foot, with their stylesheet below
    /// the issuer's path.
    pub fn new(operator_name: &str, issuer_host: &str, base: &str) -> Self {
        Self {
            operator: sanitise::name(operator_name),
            host: sanitise::exact(issuer_host),
            stylesheet: format!("{base}{}", asset::stylesheet_path()),
            favicon: format!("{base}{}", asset::favicon_path()),
            english: words::bundle(Lang::En),
            german: words::bundle(Lang::De),
        }
    }

    /// The page with the username and password fields.
    pub fn sign_in(&self, lang: Lang, view: &SignIn) -> String {
        render(&sign_in::page(self, lang, view))
    }

    /// The question whether an app may act for the person (OAuth 2.1 §7.9).
    pub fn consent(&self, lang: Lang, view: &Consent) -> String {
        render(&consent::page(self, lang, view))
    }

    /// The page that carries the browser back to the app after a form post (OAuth 2.1 §7.5.3).
    pub fn hand_over(&self, lang: Lang, view: &HandOver) -> String {
        render(&hand_over::page(self, lang, view))
    }

    /// The page for whatever may not or cannot be sent back to an app (OAuth 2.1 §4.1.2.1).
    pub fn error(&self, lang: Lang, view: &ErrorPage) -> String {
        render(&error::page(self, lang, view))
    }

    /// The question whether the person wants to sign out (OpenID RP-Initiated Logout §2).
    pub fn logout(&self, lang: Lang, view: &LogoutConfirm) -> String {
        render(&sign_out::confirm(self, lang, view))
    }

    /// The answer to somebody who chose to stay signed in.
    pub fn stayed(&self, lang: Lang) -> String {
        render(&sign_out::stayed(self, lang))
    }

    /// What is shown once the session has ended (OpenID RP-Initiated Logout §3).
    pub fn signed_out(&self, lang: Lang, view: &SignedOut) -> String {
        render(&sign_out::done(self, lang, view))
    }

    fn words(&self, lang: Lang) -> Words<'_> {
        match lang {
            Lang::En => Words::new(&self.english, &self.english),
            Lang::De => Words::new(&self.german, &self.english),
        }
    }

    fn layout(&self, lang: Lang, width: Width, title: String) -> Layout<'_> {
        Layout::new(lang, width, title, self)
    }
}
