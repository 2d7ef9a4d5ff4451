//! Administration: every verb on every noun (clients, APIs, users, consents, keys, the sealing key), once, whatever asks for it.
//!
//! [`Admin`] checks what is given, writes it through the store, and logs what was done and by which actor. It knows
//! neither arguments nor output: a refusal names the *member* that is wrong, and how a member is given (a flag of a
//! command, a place in a body) is for the caller to say.

mod actor;
mod api_changes;
mod api_refused;
mod apis;
mod app;
mod app_kind;
mod app_refused;
mod app_rules;
mod client_apis;
mod client_document;
mod client_edit;
mod clients;
mod consents;
mod hashing;
mod keys;
mod limits;
mod member;
mod noun;
mod preview;
mod record;
mod refusals;
mod refused;
mod sealing_key;
mod signers;
mod user_changes;
mod users;

pub use actor::Actor;
pub use api_changes::{ApiEdit, CredentialEdit, LifeEdit};
pub use api_refused::ApiRefused;
pub use apis::{AddedApi, NewApi};
pub use app::NewApp;
pub use app_kind::AppKind;
pub use app_refused::AppRefused;
pub use client_document::{ClientDocument, MetadataRefused};
pub use client_edit::{ClientEdit, ListEdit};
pub use clients::{AddedClient, RotatedSecret};
pub use consents::ListedConsent;
pub use keys::{KeysToRevoke, ListedKey, RevokedKeys};
pub use limits::SECRET_KEEP_SECONDS_MAX;
pub use member::Member;
pub use noun::Noun;
pub use preview::{
    Part, PreviewRequest, PreviewedConsent, PreviewedToken, PreviewedTokens, Reason, TokenPreview,
};
pub use refusals::ExplainedRefusal;
pub use refused::AdminRefused;
pub use sealing_key::{RotatedSealingKey, SealingKeyRotation};
pub use user_changes::UserEdit;
pub use users::NewUser;

use std::sync::Arc;

use proofkey_oauth::{Issuer, Secret, Timestamp, TokenKind, encode_token};
use proofkey_protocol::{Policy, Random as _};
use proofkey_store::Store;

use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Keyring;
use crate::random::SystemRandom;
use hashing::Hashing;

/// Administers one installation on behalf of one actor, beside whatever server works on the same database.
#[derive(Debug)]
pub struct Admin {
    store: Store,
    hashing: Hashing,
    keyring: Keyring,
    refresh_idle_seconds: i64,
    clock: Clock,
    actor: Actor,
    issuer: Issuer,
    policy: Policy,
}

/// What administration takes from the configuration.
#[derive(Debug)]
pub struct AdminSettings {
    hashing: Hashing,
    keyring: Keyring,
    refresh_idle_seconds: i64,
    issuer: Issuer,
    policy: Policy,
}

impl AdminSettings {
    /// Derives the keys and starts the thread that hashes passwords.
    pub fn from_config(config: &Config) -> Result<Self, AdminRefused> {
        let (sealing, source) =
            (Arc::clone(&config.keys.sealing_keys), config.keys.sealing_key_source.clone());
        let keyring = Keyring::new(config.signers(), sealing, source)?;
        let policy = config.policy();
        let (refresh_idle_seconds, issuer) = (policy.refresh_idle_seconds, config.issuer.clone());
        Ok(Self { hashing: Hashing::from_config(config)?, keyring, refresh_idle_seconds, issuer, policy })
    }
}

impl Admin {
    /// Administers the installation whose database is `store`. Each change is dated by `clock` when it is written.
    pub fn new(store: Store, settings: AdminSettings, clock: Clock, actor: Actor) -> Self {
        let AdminSettings { hashing, keyring, refresh_idle_seconds, issuer, policy } = settings;
        Self { store, hashing, keyring, refresh_idle_seconds, clock, actor, issuer, policy }
    }

    /// The issuer of the installation.
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now())
    }
}

/// A new secret for a client or an API: 256 random bits.
fn new_secret() -> Secret {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes);
    encode_token(TokenKind::ClientSecret, &bytes)
}
