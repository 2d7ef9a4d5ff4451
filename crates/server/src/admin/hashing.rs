//! New passwords: judged by the policy of this installation, and hashed one at a time.

use std::num::NonZeroUsize;

use proofkey_oauth::{Secret, Sha256, Timestamp};
use proofkey_protocol::ArtefactKeys;

use super::AdminRefused;
use crate::config::Config;

use crate::metrics::Metrics;
use crate::password::{Password, PasswordParams, Passwords, PolicyContext, acceptable};

/// How passwords are taken.
#[derive(Debug)]
pub(super) struct Hashing {
    passwords: Passwords,
    /// Fewest code points of a new password.
    length_min: usize,
    /// What this server is called: the names of its operator and its host are guessed early.
    service_names: Vec<String>,
    /// Names accounts in the table of failures.
    seal: ArtefactKeys,
}

impl Hashing {
    /// What a configuration asks for.
    pub(super) fn from_config(config: &Config) -> Result<Self, AdminRefused> {
        let params = PasswordParams::from_config(&config.passwords)?;
        let params = PasswordParams { hashes_max: NonZeroUsize::MIN, ..params };
        let names =
            [Some("proofkey"), Some(config.issuer.authority()), config.pages.operator_name.as_deref()];
        Ok(Self {
            passwords: Passwords::new(params, Metrics::new().passwords)?,
            length_min: usize::try_from(config.passwords.length_min).unwrap_or(usize::MAX),
            service_names: names.into_iter().flatten().map(str::to_owned).collect(),
            seal: config.keys.sealing_keys.artefact_keys(Timestamp(0)),
        })
    }

    /// Judges a password of this user and returns its PHC string.
    pub(super) async fn hash(&self, username_key: &str, password: &Secret) -> Result<String, AdminRefused> {
        let password = Password::parse(password.expose()).map_err(|_| AdminRefused::PasswordTooLong)?;
        let service_names: Vec<&str> = self.service_names.iter().map(String::as_str).collect();
        let context = PolicyContext {
            username: username_key,
            service_names: &service_names,
            length_min: self.length_min,
        };
        acceptable(&password, &context)?;
        Ok(self.passwords.hash(&password).await.ok_or(AdminRefused::Hashing)?.as_str().to_owned())
    }

    /// Under which key the failed sign-ins of a user are counted; those of known devices name it as their owner.
    pub(super) fn account_key(&self, username_key: &str) -> Sha256 {
        proofkey_protocol::sign_in::account_key(&self.seal, username_key)
    }
}
