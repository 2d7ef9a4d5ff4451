//! Users, as operators make them.

use std::num::NonZeroUsize;

use proofkey_oauth::{Secret, Timestamp};
use proofkey_protocol::{ArtefactKeys, Random as _, UserId, UserRecord, userinfo};
use proofkey_store::Store;
use serde_json::{Map, Value};

use super::{AdminRefused, named};
use crate::clock::Clock;
use crate::config::Config;
use crate::login::{account_keys, username_key};
use crate::metrics::Metrics;
use crate::password::{Password, PasswordParams, Passwords, PolicyContext, acceptable};
use crate::random::SystemRandom;

/// A user as `user add` takes one.
#[derive(Debug)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: String,
    /// The password; without one the user cannot sign in with a password.
    pub password: Option<Secret>,
    /// Standard claims.
    pub claims: Map<String, Value>,
}

/// How passwords are taken, for commands: one hash at a time.
#[derive(Debug)]
pub struct Hashing {
    /// Hashes them.
    passwords: Passwords,
    /// Fewest code points.
    length_min: usize,
    /// What this server is called: its operator and its host are among the first words that come to somebody's mind.
    service_names: Vec<String>,
    /// Names accounts in the table of failures.
    seal: ArtefactKeys,
}

impl Hashing {
    /// What a configuration asks for.
    pub fn from_config(config: &Config) -> Result<Self, AdminRefused> {
        let params = PasswordParams::from_config(&config.passwords)?;
        let params = PasswordParams { hashes_max: NonZeroUsize::MIN, ..params };
        let names =
            [Some("proofkey"), Some(config.issuer.authority()), config.pages.operator_name.as_deref()];
        Ok(Self {
            passwords: Passwords::new(params, Metrics::new().passwords)?,
            length_min: usize::try_from(config.passwords.length_min).unwrap_or(usize::MAX),
            service_names: names.into_iter().flatten().map(str::to_owned).collect(),
            seal: ArtefactKeys::derive(config.keys.sealing_key.expose()),
        })
    }
}

/// Checks and makes a user.
pub async fn add_user(
    store: &Store,
    hashing: &Hashing,
    new: NewUser,
    now: Timestamp,
) -> Result<UserRecord, AdminRefused> {
    let key = username_key(&new.username).ok_or(AdminRefused::Username)?;
    userinfo::check_claims(&new.claims)?;
    let password = match &new.password {
        Some(password) => Some(hash(hashing, &key, password).await?),
        None => None,
    };
    let mut id = [0; 10];
    SystemRandom.fill(&mut id);
    let mut claims = new.claims;
    claims.entry("updated_at").or_insert(Value::from(now.seconds()));
    let record = UserRecord {
        id: UserId::from_random(id),
        username: new.username.trim().to_owned(),
        username_key: key,
        password,
        claims,
        disabled: false,
        // Nothing of this user began before.
        valid_from: Timestamp(0),
        created_at: now,
        updated_at: now,
    };
    let name = format!("user {}", record.username);
    store.add_user(record.clone()).await.map_err(|fault| named(fault, name))?;
    tracing::info!(user = %record.id, "user added");
    Ok(record)
}

/// Sets a password. Sessions and grants from before end, and failures are forgotten. The clock is read when the change is
/// written: whatever began while somebody was typing the password began before.
pub async fn set_password(
    store: &Store,
    hashing: &Hashing,
    username: &str,
    password: &Secret,
    clock: &Clock,
) -> Result<(), AdminRefused> {
    let key = username_key(username).ok_or(AdminRefused::Username)?;
    let phc = hash(hashing, &key, password).await?;
    let clock = clock.clone();
    let accounts = account_keys(&hashing.seal, &key);
    store
        .set_user_password(&key, &phc, move || Timestamp(clock.now()), &accounts)
        .await
        .map_err(|fault| named(fault, format!("user {username}")))?;
    tracing::info!("password set by an operator");
    Ok(())
}

async fn hash(hashing: &Hashing, key: &str, password: &Secret) -> Result<String, AdminRefused> {
    let password = Password::parse(password.expose()).map_err(|_| AdminRefused::PasswordTooLong)?;
    let service_names: Vec<&str> = hashing.service_names.iter().map(String::as_str).collect();
    let length_min = hashing.length_min;
    acceptable(&password, &PolicyContext { username: key, service_names: &service_names, length_min })?;
    Ok(hashing.passwords.hash(&password).await?.as_str().to_owned())
}
