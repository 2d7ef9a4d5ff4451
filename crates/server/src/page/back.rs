//! A link back to the app, never without the app's host.

use super::words::{Piece, Rich, Words};
use super::{ReturnLink, layout, sanitise};

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
