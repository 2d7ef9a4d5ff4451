//! Why a request is refused: one row per rule, and everything that is told of a refusal comes out of the rows.
//!
//! A rule's name begins with its family, and the family decides the file:
//!
//! | file | families |
//! |---|---|
//! | `request.rs` | `parameters`, `body`, `limit` |
//! | `client.rs` | `client`, `client_auth`, `grant_type` |
//! | `authorize.rs` | `redirect_uri`, `response_type`, `response_mode`, `request`, `request_uri`, `prompt`, `max_age`, `id_token_hint` |
//! | `pkce.rs` | `pkce` |
//! | `scope.rs` | `scope`, `resource` |
//! | `interaction.rs` | `interaction`, `form` |
//! | `code.rs` | `code` |
//! | `grant.rs` | `user`, `session`, `consent`, `grant` |
//! | `refresh.rs` | `refresh_token`, `store` |
//! | `bearer.rs` | `token` |
//!
//! To add a refusal:
//!
//! 1. write its row into the file of its family: variant, wire code, name, cause, cure, standard. The name is a contract
//!    with tools and stays; cause and cure are plain ASCII, because a redirect carries
//!    them;
//! 2. write its German text into `server/locales/de/rules.ftl`, in the place that it has here: without it the server does
//!    not compile;
//! 3. write the request that is refused so into `server/tests/it/refusals`: a refusal that no request reaches fails there.

mod authorize;
mod bearer;
mod client;
mod code;
mod grant;
mod interaction;
mod named;
mod pkce;
mod refresh;
mod request;
mod scope;

use std::borrow::Cow;

use proofkey_oauth::{ErrorCode, ParamsMalformed, Repeated, RequiredParameter};

pub use self::named::Named;
pub use self::request::Unreadable;

/// A refusal in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The rule's name, stable across releases.
    pub rule: &'static str,
    /// What happened.
    pub cause: &'static str,
    /// What to change.
    pub fix: &'static str,
    /// Where the rule comes from.
    pub standard: &'static str,
}

impl Explanation {
    /// What happened, with what it is about in place of the full stop.
    pub fn cause_about(&self, about: Option<&str>) -> Cow<'static, str> {
        match about {
            None => self.cause.into(),
            Some(about) => format!("{}: {about}.", self.cause.trim_end_matches('.')).into(),
        }
    }
}

/// Makes the refusals out of their rows. Where the cause depends on a value, a row has one cause per value of its type; a cause
/// in braces is about something that the request named: the variant holds it, and [`Refusal::cause`] adds it.
macro_rules! refusals {
    ($(
        $variant:ident $(($value_type:ident))? => $code:ident, $rule:literal,
        $($cause:literal)? $([$($value:ident: $cause_of_value:literal,)+])? $({$cause_of_named:literal: $named:ident})?,
        $fix:literal,
        $standard:literal;
    )+) => {
        /// A rule that a request breaks. What the caller may read is in [`Refusal::explain`]; nothing here holds a secret.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Refusal {
            $(
                $(#[doc = $cause])? $($(#[doc = $cause_of_value])+)? $(#[doc = $cause_of_named])?
                $variant $(($value_type))? $(($named))?,
            )+
        }

        impl Refusal {
            /// Every refusal, by family; one for each value where the cause depends on it, and one that names nothing where it
            /// is about something.
            pub const ALL: &[Self] = &[$(
                $(refusals!(@of $cause, Self::$variant),)?
                $($(Self::$variant($value_type::$value),)+)?
                $(refusals!(@of $cause_of_named, Self::$variant($named::NOTHING)),)?
            )+];

            /// The code on the wire.
            pub const fn code(&self) -> ErrorCode {
                match self {
                    $(Self::$variant { .. } => ErrorCode::$code,)+
                }
            }

            /// Cause, cure and source; without what the request named.
            pub const fn explain(&self) -> Explanation {
                match self {$(
                    $(Self::$variant => refusals!(@explained $rule, $cause, $fix, $standard),)?
                    $($(Self::$variant($value_type::$value) => {
                        refusals!(@explained $rule, $cause_of_value, $fix, $standard)
                    })+)?
                    $(Self::$variant(_) => refusals!(@explained $rule, $cause_of_named, $fix, $standard),)?
                )+}
            }

            /// What the refusal is about, where that is known: a parameter, a scope, an algorithm.
            pub fn about(&self) -> Option<&str> {
                self.named().and_then(Named::as_str)
            }

            /// Whether that is a word of ours, the name of a parameter or of an algorithm, and no text that a request chose.
            pub fn is_about_a_word_of_ours(&self) -> bool {
                self.named().is_some_and(Named::is_ours)
            }

            fn named(&self) -> Option<&Named> {
                match self {
                    $($(Self::$variant(named) => refusals!(@about $cause_of_named, named),)?)+
                    _ => None,
                }
            }

            /// What happened, with what the refusal is about. Plain ASCII, as a redirect carries it.
            pub fn cause(&self) -> Cow<'static, str> {
                self.explain().cause_about(self.about())
            }
        }
    };
    (@of $cause:literal, $refusal:expr) => { $refusal };
    (@about $cause:literal, $named:expr) => { Some($named) };
    (@explained $rule:literal, $cause:literal, $fix:literal, $standard:literal) => {
        Explanation { rule: $rule, cause: $cause, fix: $fix, standard: $standard }
    };
}

/// Collects the rows of one family after the other, for `refusals!`.
macro_rules! families {
    ([$family:ident $($later:ident)*] $($rows:tt)*) => { $family::rows! { families! [$($later)*] $($rows)* } };
    ([] $($rows:tt)*) => { refusals! { $($rows)* } };
}

impl From<Repeated> for Refusal {
    fn from(Repeated(parameter): Repeated) -> Self {
        Self::ParameterRepeated(Named::ours(parameter))
    }
}

impl From<RequiredParameter> for Refusal {
    fn from(missing: RequiredParameter) -> Self {
        Self::ParameterMissing(Named::ours(missing.as_str()))
    }
}

impl From<ParamsMalformed> for Refusal {
    fn from(malformed: ParamsMalformed) -> Self {
        match malformed {
            ParamsMalformed::BadPercent => Self::ParametersMalformed(Unreadable::BadPercent),
            ParamsMalformed::NotUtf8 => Self::ParametersMalformed(Unreadable::NotUtf8),
            ParamsMalformed::TooMany => Self::ParametersMalformed(Unreadable::TooMany),
            ParamsMalformed::TooLong => Self::BodyTooLarge,
        }
    }
}

families! { [request client authorize pkce scope interaction code grant refresh bearer] }

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::mem::discriminant;

    use proofkey_oauth::wire_text;

    use super::*;

    #[test]
    fn az_23_every_refusal_is_explained_in_characters_that_the_wire_can_carry() {
        let mut rules = HashMap::new();
        let mut causes = HashSet::new();
        for refusal in Refusal::ALL {
            let Explanation { rule, cause, fix, standard } = refusal.explain();
            assert_eq!(refusal.cause(), cause, "{rule}: nothing is named");
            for text in [cause, fix, standard] {
                assert!(!text.is_empty(), "{rule}");
            }
            assert_eq!((wire_text(cause).as_ref(), wire_text(fix).as_ref()), (cause, fix), "{rule}");
            let plain = |byte: u8| byte.is_ascii_lowercase() || b"._".contains(&byte);
            assert!(rule.bytes().all(plain), "{rule}");
            let named = rules.entry(rule).or_insert(discriminant(refusal));
            assert_eq!(*named, discriminant(refusal), "{rule} is the name of two rules");
            assert!(causes.insert(cause), "{rule}: a redirect tells two refusals apart by their cause alone");
        }
    }

    #[test]
    fn k_38_what_a_request_named_stands_at_the_end_of_the_cause() {
        let refusal = Refusal::ParameterRepeated(Named::ours("state"));
        assert_eq!(refusal.cause(), "A parameter was sent more than once: state.");
        assert_eq!(Refusal::ChallengeMissing.about(), None);
    }
}
