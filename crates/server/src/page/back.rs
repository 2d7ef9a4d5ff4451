//! A link back to the app, never without the app's host.

use super::layout;
use super::sanitise;
use super::words::{Piece, Rich, Words};

/// A link back to an app.
#[derive(Clone, Debug)]
pub struct ReturnLink {
    /// The name as registered, shown as the text of the link.
    pub app_name: String,
    /// The host of the link.
    pub host: String,
    /// Where the link leads: an address that the app has registered.
    pub href: String,
}

/// What the templates need of it.
pub(super) struct Back<'a> {
    pub(super) label: Rich,
    pub(super) host: String,
    pub(super) href: &'a str,
}

impl<'a> Back<'a> {
    pub(super) fn new(words: &Words<'_>, link: &'a ReturnLink) -> Self {
        let app = layout::app_name_dative(words, &link.app_name, Some(&link.host));
        Self {
            label: words.rich("return-to", &[("app", vec![Piece::value(app)])]),
            host: sanitise::exact(&link.host),
            href: &link.href,
        }
    }
}
