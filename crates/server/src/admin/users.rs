//! Users, as operators make them.

use proofkey_oauth::{Secret, Timestamp};
use proofkey_protocol::{Random as _, SealKeys, UserId, UserRecord, userinfo};
use proofkey_store::Store;
use serde_json::{Map, Value};

use super::{AdminRefused, named};
use crate::clock::Clock;
use crate::login::{account_keys, username_key};
use crate::password::{Password, Passwords, PolicyContext, acceptable};
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

/// How passwords are taken.
#[derive(Debug)]
pub struct Hashing<'a> {
    /// Hashes them.
    pub passwords: &'a Passwords,
    /// Fewest code points.
    pub length_min: u32,
    /// Names accounts in the table of failures.
    pub seal: &'a SealKeys,
}

/// Checks and makes a user.
pub async fn add_user(
    store: &Store,
    hashing: &Hashing<'_>,
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

/// Sets a password. Sessions and grants from before end, and failures are forgotten. The clock is read when the password is
/// hashed and about to be stored: whatever began while somebody was typing it began before.
pub async fn set_password(
    store: &Store,
    hashing: &Hashing<'_>,
    username: &str,
    password: &Secret,
    clock: &Clock,
) -> Result<(), AdminRefused> {
    let key = username_key(username).ok_or(AdminRefused::Username)?;
    let phc = hash(hashing, &key, password).await?;
    let accounts = account_keys(hashing.seal, &key);
    store
        .set_user_password(&key, &phc, Timestamp(clock.now()), &accounts)
        .await
        .map_err(|fault| named(fault, format!("user {username}")))?;
    tracing::info!("password set by an operator");
    Ok(())
}

async fn hash(hashing: &Hashing<'_>, key: &str, password: &Secret) -> Result<String, AdminRefused> {
    let password = Password::parse(password.expose()).map_err(|_| AdminRefused::PasswordTooLong)?;
    let length_min = usize::try_from(hashing.length_min).unwrap_or(usize::MAX);
    acceptable(&password, &PolicyContext { username: key, service_names: &["proofkey"], length_min })?;
    Ok(hashing.passwords.hash(&password).await?.as_str().to_owned())
}
