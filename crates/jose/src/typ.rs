//! Explicit typing of tokens (RFC 8725 §3.11): every kind of token has a `typ` that fails every other verifier.

use crate::listed::listed_enum;

listed_enum! {
    /// A kind of token. Closed on purpose: every verifier has to decide about a new kind.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Typ {
        /// An access token, `at+jwt` (RFC 9068 §2.1).
        AccessToken,
        /// An ID token, `JWT`. OpenID Connect does not demand the member, so its absence means this one and no other.
        IdToken,
    }
}

impl Typ {
    /// The value of the header member, as we write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
        }
    }

    /// Whether a header's `typ` says this kind: without regard to case, `application/` may be left out
    /// (RFC 7515 §4.1.9).
    pub(crate) fn matches(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else {
            return self == Self::IdToken;
        };
        let bare = match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        bare.eq_ignore_ascii_case(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rs_03_typ_is_compared_as_a_media_type() {
        let cases = [
            (Some("at+jwt"), Some(Typ::AccessToken)),
            (Some("AT+JWT"), Some(Typ::AccessToken)),
            (Some("application/at+jwt"), Some(Typ::AccessToken)),
            (Some("Application/AT+jwt"), Some(Typ::AccessToken)),
            (Some("JWT"), Some(Typ::IdToken)),
            (None, Some(Typ::IdToken)),
            (Some("logout+jwt"), None),
            (Some("dpop+jwt"), None),
            (Some(""), None),
            (Some("application/"), None),
            (Some("text/at+jwt"), None),
            (Some("at+jwt "), None),
        ];
        for (typ, expected) in cases {
            for kind in Typ::ALL {
                assert_eq!(kind.matches(typ), expected == Some(kind), "{typ:?} as {kind:?}");
            }
        }
    }
}
