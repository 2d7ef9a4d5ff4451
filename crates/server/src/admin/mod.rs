//! What operators do by command, beside a running server: clients, users, APIs.
//!
//! It checks what is given and writes it through the store; it knows neither arguments nor output.

mod apis;
mod clients;
mod users;

pub use apis::{AddedApi, NewApi, add_api};
pub use clients::{AddedClient, NewClient, add_client, rotate_secret, update_client};
pub use users::{Hashing, NewUser, add_user, set_password};

use proofkey_oauth::{Secret, TokenKind, encode_token};
use proofkey_protocol::{Random as _, RegistrationRefused, userinfo::ClaimRefused};
use proofkey_store::{AdminFault, Fault};
use thiserror::Error;

use crate::password::{Busy, CostRefused, Unacceptable};
use crate::random::SystemRandom;

/// Why an operator's change is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdminRefused {
    /// The registration cannot work.
    #[error("{0}")]
    Registration(#[from] RegistrationRefused),
    /// The JSON is not client metadata.
    #[error("this is not client metadata (RFC 7591): {0}")]
    Metadata(serde_json::Error),
    /// The name or id is taken.
    #[error("{0} exists already")]
    Exists(String),
    /// There is nothing of that name or id.
    #[error("there is no {0}")]
    Missing(String),
    /// A username that nobody can have.
    #[error("a username is 1 to 256 bytes without control characters")]
    Username,
    /// A claim that a user cannot have.
    #[error("{0}")]
    Claim(#[from] ClaimRefused),
    /// A password that is too weak.
    #[error("the password cannot be used: {0}")]
    Password(#[from] Unacceptable),
    /// A password that is too long.
    #[error("a password is at most 1024 bytes long")]
    PasswordTooLong,
    /// The password hasher is busy.
    #[error("{0}")]
    Busy(#[from] Busy),
    /// A cost that passwords cannot have.
    #[error("[passwords]: {0}")]
    PasswordCost(#[from] CostRefused),
    /// The hashing thread cannot be had.
    #[error("a thread for hashing passwords: {0}")]
    Thread(#[from] std::io::Error),
    /// An API that cannot be.
    #[error("{0}")]
    Api(String),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] Fault),
}

/// Names what an operator's change is about in the store's answer.
pub fn named(fault: AdminFault, what: impl Into<String>) -> AdminRefused {
    match fault {
        AdminFault::Exists => AdminRefused::Exists(what.into()),
        AdminFault::Missing => AdminRefused::Missing(what.into()),
        AdminFault::Fault(fault) => AdminRefused::Store(fault),
    }
}

/// A new client secret: 256 random bits.
fn new_secret() -> Secret {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes);
    encode_token(TokenKind::ClientSecret, &bytes)
}

/// A new id of 96 random bits, in digits that no command line takes for an option.
fn new_id() -> String {
    let mut bytes = [0; 12];
    SystemRandom.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
