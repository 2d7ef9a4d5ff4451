//! What all pages are made with: the words of each language, and what the frame says of this server.

use super::asset;
use super::lang::Lang;
use super::sanitise;
use super::words::{self, Bundle, Words};

/// Renders every page; made once and shared, because the word bundles are parsed here.
pub struct Pages {
    pub(super) operator: String,
    pub(super) host: String,
    pub(super) stylesheet: String,
    pub(super) favicon: String,
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

    pub(super) fn words(&self, lang: Lang) -> Words<'_> {
        match lang {
            Lang::En => Words::new(&self.english, &self.english),
            Lang::De => Words::new(&self.german, &self.english),
        }
    }
}
