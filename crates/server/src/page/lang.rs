//! Which language a page is in, from what the app and the browser ask for.

use std::cmp::Reverse;

use http::{HeaderMap, header};

/// Both headers are the visitor's to write, so only this many wishes are read.
const WISHES_MAX: usize = 32;

/// A language that every page exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English, also when nothing else fits.
    En,
    /// German, with the formal *Sie*.
    De,
}

impl Lang {
    /// Every language that pages speak, the default first.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The language for a request with these headers, and for the `ui_locales` in it.
    pub fn of(headers: &HeaderMap, ui_locales: Option<&str>) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self::negotiate(ui_locales, accepted)
    }

    /// The first language we have: by `ui_locales` (OpenID Core §3.1.2.1), then by `Accept-Language`
    /// (RFC 9110 §12.5.4), then English.
    fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let by_app = || ui_locales.and_then(|wishes| wishes.split(' ').take(WISHES_MAX).find_map(known));
        let by_browser = || accept_language.and_then(by_quality);
        by_app().or_else(by_browser).unwrap_or(Self::En)
    }

    /// The language tag for the `lang` attribute and `Content-Language` (RFC 5646).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

fn by_quality(header: &str) -> Option<Lang> {
    let mut wishes: Vec<(Lang, u16)> = header.split(',').take(WISHES_MAX).filter_map(wish).collect();
    wishes.sort_by_key(|&(_, quality)| Reverse(quality));
    wishes.first().map(|&(lang, _)| lang)
}

fn wish(item: &str) -> Option<(Lang, u16)> {
    let mut parts = item.split(';');
    let lang = known(parts.next()?.trim())?;
    let quality = match parts.next() {
        None => 1000,
        Some(weight) => thousandths(weight.trim())?,
    };
    (quality > 0).then_some((lang, quality))
}

/// `q=0.8` as 800 (RFC 9110 §12.4.2); anything that is not a weight is `None`.
fn thousandths(weight: &str) -> Option<u16> {
    let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

fn known(tag: &str) -> Option<Lang> {
    let primary = tag.split(['-', '_']).next()?;
    if primary.eq_ignore_ascii_case("de") {
        Some(Lang::De)
    } else if primary.eq_ignore_ascii_case("en") {
        Some(Lang::En)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_language_we_have_wins() {
        let cases = [
            (None, None, Lang::En),
            (None, Some("de"), Lang::De),
            (None, Some("DE-at"), Lang::De),
            (None, Some("fr, de;q=0.5, en;q=0.4"), Lang::De),
            (None, Some("fr, de;q=0.4, en;q=0.5"), Lang::En),
            (None, Some("de;q=0, en;q=0.1"), Lang::En),
            (None, Some("de;q=0"), Lang::En),
            (None, Some("de;q=1.001, en;q=0.1"), Lang::En),
            (None, Some("de;q=NaN"), Lang::En),
            (None, Some("*"), Lang::En),
            (None, Some("den, deutsch"), Lang::En),
            (Some("de en"), Some("en"), Lang::De),
            (Some("fr-CA de"), Some("en"), Lang::De),
            (Some("fr"), Some("de"), Lang::De),
            (Some(""), Some("de"), Lang::De),
        ];
        for (ui_locales, accept_language, expected) in cases {
            let chosen = Lang::negotiate(ui_locales, accept_language);
            assert_eq!(chosen, expected, "{ui_locales:?} {accept_language:?}");
        }
    }

    #[test]
    fn wishes_past_the_limit_are_not_read() {
        let many = "fr,".repeat(WISHES_MAX);
        assert_eq!(Lang::negotiate(None, Some(&format!("{many}de"))), Lang::En);
        assert_eq!(Lang::negotiate(Some(&format!("{}de", "fr ".repeat(WISHES_MAX))), None), Lang::En);
    }

    proptest! {
        #[test]
        fn hostile_wishes_never_panic(ui in ".{0,80}", accept in "(de|en|[a-z*-]{0,9}|\\PC)(;q=[0-9.eNa-]{0,6})?(,.{0,20}){0,5}") {
            Lang::negotiate(Some(&ui), Some(&accept));
        }
    }
}
