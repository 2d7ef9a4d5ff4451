//! When and how a user authenticated: what the claims `auth_time`, `amr` and `acr` say (OpenID Connect Core §2).
//!
//! It is made by a proof in [`crate::sign_in`] and travels unchanged: session, authorization code, grant, ID token.

use std::fmt;

use proofkey_oauth::{Timestamp, listed_enum};

listed_enum! {
    /// A way to prove who one is (RFC 8176 §2).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum AuthenticationMethod {
        /// `pwd`: a password.
        Password,
    }
}

impl AuthenticationMethod {
    /// The registered value of the claim `amr`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// The method of that name; `None` for a name that this server does not know.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The methods of one authentication, in the order in which they were proved. Empty for a session or grant from before
/// methods were recorded: nothing is known of it, and nothing is claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationMethods(Vec<AuthenticationMethod>);

impl FromIterator<AuthenticationMethod> for AuthenticationMethods {
    fn from_iter<T: IntoIterator<Item = AuthenticationMethod>>(methods: T) -> Self {
        Self(methods.into_iter().collect())
    }
}

impl AuthenticationMethods {
    /// Reads the text form back: names separated by spaces. `None` if one of them is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        let names = text.split(' ').filter(|name| !name.is_empty());
        names.map(AuthenticationMethod::parse).collect::<Option<_>>().map(Self)
    }

    /// The value of the claim `amr`; `None` when nothing is known.
    pub fn claim(&self) -> Option<Vec<String>> {
        let names = || self.0.iter().map(|method| method.name().to_owned()).collect();
        (!self.0.is_empty()).then(names)
    }
}

impl fmt::Display for AuthenticationMethods {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, method) in self.0.iter().enumerate() {
            if place > 0 {
                out.write_str(" ")?;
            }
            out.write_str(method.name())?;
        }
        Ok(())
    }
}

/// When and how a user authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The instant of the proof: the claim `auth_time`.
    pub at: Timestamp,
    /// What was proved: the claim `amr`.
    pub methods: AuthenticationMethods,
    /// The claim `acr`: the class of the authentication, where a proof satisfies one. A password alone satisfies none.
    pub context: Option<String>,
}

impl Authentication {
    /// The lowest class: a user who stays signed in for weeks, and was not asked (OpenID Connect Core §2, `acr`).
    pub(crate) const LOWEST_CLASS: &str = "0";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_read_back_as_they_were_written_and_unknown_names_do_not_read() {
        for methods in [
            AuthenticationMethods::default(),
            AuthenticationMethods::from_iter([AuthenticationMethod::Password]),
        ] {
            assert_eq!(AuthenticationMethods::parse(&methods.to_string()), Some(methods));
        }
        assert_eq!(AuthenticationMethods::parse("pwd otp"), None);
        assert_eq!(AuthenticationMethods::default().claim(), None);
        let one = AuthenticationMethods::from_iter([AuthenticationMethod::Password]);
        assert_eq!(one.claim(), Some(vec!["pwd".to_owned()]));
    }
}
