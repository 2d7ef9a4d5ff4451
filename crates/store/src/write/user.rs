//! Users.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::UserRecord;
use serde_json::{Map, Value as Json};

use crate::encode::json;
use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::{failures, sessions, users};
use crate::store::Store;
use crate::value::{Value, values};

impl Store {
    /// Adds a user.
    pub async fn add_user(&self, user: UserRecord) -> Result<(), AdminFault> {
        let shown = claimed_name(&user.claims).unwrap_or_else(|| user.username.clone());
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
        ];
        let is_done = async { Ok(self.user(&id).await?.is_some()) };
        self.change_once(ScriptStep::must_add(&users::INSERT_USER, values).into(), is_done).await
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

/// In unknown browsers and on every known device.
fn forget_failures(account: &Sha256) -> [ScriptStep; 2] {
    [&failures::CLEAR_SIGN_IN_FAILURES, &failures::CLEAR_SIGN_IN_FAILURES_OF_DEVICES]
        .map(|statement| ScriptStep::may_find(statement, values![*account]))
}

fn end_sessions(username_key: &str) -> ScriptStep {
    ScriptStep::may_find(&sessions::DELETE_SESSIONS_OF_USER, values![username_key.to_owned()])
}

/// The `name` claim (OpenID Connect Core §5.1), if it shows anything. Without it the name to sign in with is shown.
fn claimed_name(claims: &Map<String, Json>) -> Option<String> {
    let name = claims.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
