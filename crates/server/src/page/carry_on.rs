//! The page between a long request that another site posted and the page that it asks for. The post came without our cookies; the
//! button of this page sends the request again, from here, with them.

use askama::Template;

use super::lang::Lang;
use super::layout::{Layout, Width, render};
use super::pages::Pages;
use super::words::Words;

/// The page that carries a request on.
#[derive(Clone, Debug)]
pub struct CarryOn {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that carries the request.
    pub flow: String,
}

#[derive(Template)]
#[template(path = "carry_on.html")]
struct CarryOnPage<'a> {
    layout: Layout<'a>,
    words: Words<'a>,
    heading: String,
    action: &'a str,
    flow: &'a str,
}

impl Pages {
    /// The page whose button posts a request to us that came from another site (OAuth 2.1 §3.1).
    pub fn carry_on(&self, lang: Lang, view: &CarryOn) -> String {
        let words = self.words(lang);
        let heading = words.say("carry-on-heading");
        let layout = self.layout(lang, Width::Narrow, heading.clone());
        render(&CarryOnPage { layout, words, heading, action: &view.action, flow: &view.flow })
    }
}
