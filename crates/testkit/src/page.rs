//! Where a navigation ends: on a page of the server, or on the way to a client.

use proofkey_oauth::Params;
use reqwest::header::HeaderMap;

use crate::answer::Answer;
use crate::html::{self, Form};

/// Where the browser is after a navigation.
#[derive(Clone, Debug)]
pub enum Navigated {
    /// It leaves for a client.
    Redirect(Departure),
    /// It shows a page of the server.
    Page(Page),
}

/// The way back to a client.
#[derive(Clone, Debug)]
pub struct Departure {
    /// The whole address, byte for byte.
    pub location: String,
    /// By which kind of answer the browser was sent there.
    pub via: RedirectKind,
    /// The answer that sent the browser there.
    pub answer: Answer,
}

/// How the browser is sent to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// By the status 303 and a `Location`.
    SeeOther,
    /// By a hand-over page that refreshes at once.
    HandOver,
}

/// A page of the server.
#[derive(Clone, Debug)]
pub struct Page {
    /// Path and query of the address that the browser shows.
    pub path: String,
    /// The status that it came with.
    pub status: u16,
    /// The headers that it came with.
    pub headers: HeaderMap,
    /// The whole HTML document.
    pub html: String,
}

impl Navigated {
    /// The page, or the test fails.
    #[track_caller]
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Redirect(departure) => {
                panic!("a page was expected, not a redirect to {}", departure.location)
            }
        }
    }

    /// The redirect, or the test fails.
    #[track_caller]
    pub fn redirect(self) -> Departure {
        match self {
            Self::Redirect(departure) => departure,
            Self::Page(page) => {
                panic!("a redirect was expected, not {} {}: {}", page.status, page.path, page.html)
            }
        }
    }
}

impl Departure {
    /// The first value of a response parameter; empty where it is absent.
    pub fn param(&self, name: &str) -> String {
        self.params().first(name).unwrap_or_default().to_owned()
    }

    /// The parameters of the authorization response.
    pub fn params(&self) -> Params {
        let query = self.location.split_once('?').map_or("", |(_, query)| query);
        Params::parse(query.as_bytes()).expect("a query that parses")
    }

    /// The address without its query.
    pub fn target(&self) -> &str {
        self.location.split('?').next().unwrap_or_default()
    }
}

impl Page {
    /// Its first form; the test fails if it has none.
    pub fn form(&self) -> Form {
        html::form(&self.html)
            .unwrap_or_else(|| panic!("{} {} has no form: {}", self.status, self.path, self.html))
    }

    /// Whether it asks for name and password.
    pub fn is_sign_in(&self) -> bool {
        self.html.contains("id=\"login-submit\"")
    }

    /// Whether it asks for consent.
    pub fn is_consent(&self) -> bool {
        self.html.contains("id=\"consent-allow\"")
    }

    /// Whether it asks to sign out.
    pub fn is_logout(&self) -> bool {
        self.html.contains("id=\"logout-confirm\"")
    }

    /// The error code it shows; empty for a page that shows none.
    pub fn error_code(&self) -> String {
        html::text_of(&self.html, "error-code").unwrap_or_default()
    }

    /// A header's value; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// Its visible text, decoded, tags taken out.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for piece in self.html.split('<') {
            text.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        html::unescape(&text)
    }
}
