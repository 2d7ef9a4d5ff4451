//! Users.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{UserId, UserRecord};
use serde_json::{Map, Value as Json};

use crate::encode::{hash_of_removed_name, json};
use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::{consents, failures, sessions, users};
use crate::store::Store;
use crate::value::{Value, values};

impl Store {
    /// Adds a user, under an id and a name that no removed user had.
    pub async fn add_user(&self, user: UserRecord) -> Result<(), AdminFault> {
        let refused_name = Some(hash_of_removed_name(&user.username_key));
        self.insert_user(user, refused_name).await
    }

    /// Adds a user whose name may have been a removed user's; the id may not.
    pub async fn add_user_under_freed_name(&self, user: UserRecord) -> Result<(), AdminFault> {
        self.insert_user(user, None).await
    }

    async fn insert_user(&self, user: UserRecord, refused_name: Option<Sha256>) -> Result<(), AdminFault> {
        let shown = shown_name(&user.username, &user.claims);
        let claims = json(&user.claims)?;
        // Ids of users are random: no other call adds this one.
        let id = user.id.clone();
        let values = values![
            user.id,
            user.username,
            user.username_key,
            shown,
            user.disabled,
            user.valid_from,
            user.password,
            user.created_at,
            user.updated_at,
            claims,
            refused_name,
        ];
        let is_done = async { Ok(self.user(&id).await?.is_some()) };
        self.change_once(ScriptStep::must_add(&users::INSERT_USER, values).into(), is_done).await
    }

    /// Replaces the claims of a user, as they were read, by these; a conflict when they have changed since.
    pub async fn update_user_claims(
        &self,
        before: &UserRecord,
        claims: &Map<String, Json>,
        now: Timestamp,
    ) -> Result<(), AdminFault> {
        let id = before.id.clone();
        let (shown, read) = (shown_name(&before.username, claims), json(&before.claims)?);
        let update = values![id.clone(), json(claims)?, shown, now, read];
        let script =
            Script::from(locked_by_id(&id)).then(ScriptStep::must_stand(&users::UPDATE_USER_CLAIMS, update));
        let is_done = async { Ok(self.user(&id).await?.is_some_and(|found| found.claims == *claims)) };
        self.change_once(script, is_done).await
    }

    /// Removes a user with the sessions, the consents and the failed sign-ins of `account`, the limiter's key of the name. The
    /// grants have no user from then on, and so are none; their rows go when they would have expired. What stays is that there was
    /// one of this id and this name ([`Store::user_name_removed`]).
    pub async fn remove_user(
        &self,
        user: &UserRecord,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        account: &Sha256,
    ) -> Result<(), AdminFault> {
        let of = || values![user.id.clone()];
        let note =
            values![user.id.clone(), hash_of_removed_name(&user.username_key), Value::Now(Box::new(now))];
        let script = Script::from(locked_by_id(&user.id))
            .then(ScriptStep::must_find(&users::NOTE_REMOVED_USER, note))
            .then(ScriptStep::may_find(&sessions::DELETE_SESSIONS_OF_USER_ID, of()))
            .then(ScriptStep::may_find(&consents::DELETE_CONSENTS_OF_USER, of()))
            .then_all(forget_failures(account))
            .then(ScriptStep::must_find(&users::DELETE_USER, of()));
        let is_done = async { Ok(self.user(&user.id).await?.is_none()) };
        self.change_once(script, is_done).await
    }

    /// Disables an account or enables it again. Either way its sessions end, and disabling ends its grants for good. The
    /// instant is asked for inside the transaction, so that no grant can come between it and the change.
    pub async fn set_user_disabled(
        &self,
        username_key: &str,
        disabled: bool,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<(), AdminFault> {
        let change = if disabled { &users::DISABLE_USER } else { &users::ENABLE_USER };
        let values = values![username_key.to_owned(), Value::Now(Box::new(now))];
        let script = Script::from(locked(username_key))
            .then(ScriptStep::must_find(change, values))
            .then(end_sessions(username_key));
        self.change(script).await
    }

    /// Sets a password (a PHC string), ends every session and grant that began before, and forgets the failed sign-ins of
    /// `account`, the limiter's key of this name. The instant is asked for inside the transaction, as above.
    pub async fn set_user_password(
        &self,
        username_key: &str,
        phc: &str,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        account: &Sha256,
    ) -> Result<(), AdminFault> {
        let values = values![username_key.to_owned(), Value::Now(Box::new(now)), phc.to_owned()];
        let script = Script::from(locked(username_key))
            .then(ScriptStep::must_find(&users::SET_USER_PASSWORD, values))
            .then(end_sessions(username_key))
            .then_all(forget_failures(account));
        self.change(script).await
    }

    /// Forgets the failed sign-ins of `account`, the limiter's key of this name, on its known devices too.
    pub async fn unlock_user(&self, username_key: &str, account: &Sha256) -> Result<(), AdminFault> {
        self.change(Script::from(locked(username_key)).then_all(forget_failures(account))).await
    }

    /// Ends every session of a user, and with them the grants that are bound to one.
    pub async fn end_sessions_of_user(&self, username_key: &str) -> Result<(), AdminFault> {
        self.change(Script::from(locked(username_key)).then(end_sessions(username_key))).await
    }

    /// Ends every session and every grant of a user. The instant is asked for inside the transaction, as above; the rows of
    /// the grants stay as they are.
    pub async fn end_grants_of_user(
        &self,
        username_key: &str,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<(), AdminFault> {
        let values = values![username_key.to_owned(), Value::Now(Box::new(now))];
        let end = ScriptStep::must_find(&users::END_GRANTS_OF_USER, values);
        self.change(Script::from(locked(username_key)).then(end).then(end_sessions(username_key))).await
    }
}

/// Finds the user, and keeps others from changing it until the script has ended.
fn locked(username_key: &str) -> ScriptStep {
    ScriptStep::must_find(&users::TOUCH_USER, values![username_key.to_owned()])
}

fn locked_by_id(id: &UserId) -> ScriptStep {
    ScriptStep::must_find(&users::TOUCH_USER_OF_ID, values![id.clone()])
}

/// In unknown browsers and on every known device.
fn forget_failures(account: &Sha256) -> [ScriptStep; 2] {
    [&failures::CLEAR_SIGN_IN_FAILURES, &failures::CLEAR_SIGN_IN_FAILURES_OF_DEVICES]
        .map(|statement| ScriptStep::may_find(statement, values![*account]))
}

fn end_sessions(username_key: &str) -> ScriptStep {
    ScriptStep::may_find(&sessions::DELETE_SESSIONS_OF_USER, values![username_key.to_owned()])
}

/// How a user is called on pages.
fn shown_name(username: &str, claims: &Map<String, Json>) -> String {
    claimed_name(claims).unwrap_or_else(|| username.to_owned())
}

/// The `name` claim (OpenID Connect Core §5.1), if it shows anything. Without it the name to sign in with is shown.
fn claimed_name(claims: &Map<String, Json>) -> Option<String> {
    let name = claims.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
