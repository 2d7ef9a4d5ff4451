//! Factors: what a user has proved, and what must still hold when the session begins.

use proofkey_oauth::Sha256;

use crate::authentication::AuthenticationMethod;

/// What came of comparing a password with the stored hash.
#[derive(Debug)]
pub enum HashVerdict {
    /// It is the password, hashed anew where the stored hash was weak.
    Matches {
        /// A stronger hash of the same password, to be stored in place of the weaker one.
        rehashed: Option<String>,
    },
    /// It is another text, or there is no stored hash to compare it with.
    Differs,
}

/// The proof of one factor. The store guards each by a statement of its own: a session begins only while what was proved
/// still holds.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A password was right.
    Password(PasswordProof),
}

/// What was proved in one sign-in: one factor at least, so that no session begins without a guard.
#[derive(Clone, Debug)]
pub struct Factors {
    first: Proof,
    more: Vec<Proof>,
}

impl From<Proof> for Factors {
    fn from(first: Proof) -> Self {
        Self { first, more: Vec::new() }
    }
}

impl Factors {
    /// The factors in the order in which they were proved.
    pub fn iter(&self) -> impl Iterator<Item = &Proof> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

/// A password that was right.
#[derive(Clone, Debug)]
pub struct PasswordProof {
    /// The stored hash that it was compared with: an account that has another one by now has another password.
    pub stored: String,
    /// The same password hashed with stronger parameters, where the stored hash was weaker.
    pub rehashed: Option<String>,
    /// The key under which the account's failures are counted: they are forgotten.
    pub counted_as: Sha256,
}

impl Proof {
    /// How the claim `amr` names it.
    pub(super) const fn method(&self) -> AuthenticationMethod {
        match self {
            Self::Password(_) => AuthenticationMethod::Password,
        }
    }
}
