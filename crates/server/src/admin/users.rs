//! Users: add, list, show, disable, enable, set the password, unlock, sign out.

use proofkey_oauth::{Secret, Timestamp};
use proofkey_protocol::{Random as _, UserId, UserRecord, userinfo};
use proofkey_store::AdminFault;
use serde_json::{Map, Value};

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::login::{is_new_username, username_key};
use crate::random::SystemRandom;
use crate::remembered::seen_by_servers;

/// A user to be added.
#[derive(Debug)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: String,
    /// The password; without one the user cannot sign in with a password.
    pub password: Option<Secret>,
    /// Standard claims (OpenID Connect Core §5.1).
    pub claims: Map<String, Value>,
}

impl Admin {
    /// Checks and adds a user. The name of a user who was removed is refused: what apps and APIs keep under it is not this
    /// person's.
    pub async fn add_user(&self, new: NewUser) -> Result<UserRecord, AdminRefused> {
        if let Some(key) = username_key(&new.username)
            && self.store.user_by_name(&key).await?.is_none()
            && let Some(removed_at) = self.store.user_name_removed(&key).await?
        {
            return Err(AdminRefused::NameOfRemoved { name: new.username, removed_at });
        }
        let record = self.new_user(new).await?;
        self.added(self.store.add_user(record.clone()).await, record)
    }

    /// The same where the operator says that the name of a removed user is free.
    pub async fn add_user_under_freed_name(&self, new: NewUser) -> Result<UserRecord, AdminRefused> {
        let record = self.new_user(new).await?;
        self.added(self.store.add_user_under_freed_name(record.clone()).await, record)
    }

    fn added(&self, added: Result<(), AdminFault>, user: UserRecord) -> Result<UserRecord, AdminRefused> {
        added.map_err(|fault| AdminRefused::about(fault, Noun::User, &user.username))?;
        self.record_change(Verb::Add, Noun::User, &user.id);
        Ok(user)
    }

    /// The record of a user who is to be added, if there can be one.
    async fn new_user(&self, new: NewUser) -> Result<UserRecord, AdminRefused> {
        let key = username_key(&new.username).filter(|_| is_new_username(&new.username));
        let key = key.ok_or(AdminRefused::Username)?;
        userinfo::check_claims(&new.claims)?;
        let password = match &new.password {
            Some(password) => Some(self.hashing.hash(&key, password).await?),
            None => None,
        };
        let now = self.now();
        let mut id = [0; 10];
        SystemRandom.fill(&mut id);
        let mut claims = new.claims;
        claims.entry("updated_at").or_insert(Value::from(now.seconds()));
        Ok(UserRecord {
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
        })
    }

    /// At most `limit` users, by name.
    pub async fn users(&self, limit: u32) -> Result<Vec<UserRecord>, AdminRefused> {
        let records = self.store.list_users(limit).await?;
        self.record_list(Noun::User);
        Ok(records)
    }

    /// One user, by the name to sign in with.
    pub async fn user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let record = self.find_user(username).await?;
        self.record_read(Verb::Show, Noun::User, &record.id);
        Ok(record)
    }

    /// Keeps a user from signing in, and ends the user's sessions and tokens.
    pub async fn disable_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let user = self.set_user_disabled(username, true).await?;
        self.record_change(Verb::Disable, Noun::User, &user.id);
        seen_by_servers().await;
        Ok(user)
    }

    /// Lets a disabled user sign in again.
    pub async fn enable_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let user = self.set_user_disabled(username, false).await?;
        self.record_change(Verb::Enable, Noun::User, &user.id);
        seen_by_servers().await;
        Ok(user)
    }

    /// Sets a password. Sessions and grants from before end, and failed sign-ins are forgotten. The clock is read when the
    /// change is written: a session that began while the new password was being hashed began before it.
    pub async fn set_password(&self, username: &str, password: &Secret) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let key = &user.username_key;
        let phc = self.hashing.hash(key, password).await?;
        let account = self.hashing.account_key(key);
        let clock = self.clock.clone();
        let set = self.store.set_user_password(key, &phc, move || Timestamp(clock.now()), &account).await;
        set.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
        self.record_change(Verb::SetPassword, Noun::User, &user.id);
        seen_by_servers().await;
        Ok(user)
    }

    /// Forgets the failed sign-ins of a user: the account takes the right password at once.
    pub async fn unlock_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let key = &user.username_key;
        let unlocked = self.store.unlock_user(key, &self.hashing.account_key(key)).await;
        unlocked.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
        self.record_change(Verb::Unlock, Noun::User, &user.id);
        Ok(user)
    }

    /// Ends a user's sessions, and with them what is bound to one: codes on their way, and the grants of browser apps.
    pub async fn sign_out_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let ended = self.store.end_sessions_of_user(&user.username_key).await;
        ended.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
        self.record_change(Verb::SignOut, Noun::User, &user.id);
        seen_by_servers().await;
        Ok(user)
    }

    /// Ends a user's sessions, and every grant that the user has given.
    pub async fn revoke_grants_of_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let clock = self.clock.clone();
        let now = move || Timestamp(clock.now());
        let ended = self.store.end_grants_of_user(&user.username_key, now).await;
        ended.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
        self.record_change(Verb::RevokeGrants, Noun::User, &user.id);
        seen_by_servers().await;
        Ok(user)
    }

    pub(super) async fn find_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let key = username_key(username).ok_or(AdminRefused::Username)?;
        let found = self.store.user_by_name(&key).await?;
        found.ok_or_else(|| AdminRefused::Missing { noun: Noun::User, name: username.to_owned() })
    }

    async fn set_user_disabled(&self, username: &str, disabled: bool) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let clock = self.clock.clone();
        let now = move || Timestamp(clock.now());
        let set = self.store.set_user_disabled(&user.username_key, disabled, now).await;
        set.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
        Ok(UserRecord { disabled, ..user })
    }
}
