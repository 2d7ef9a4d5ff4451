//! Reads and changes of users and of what they allowed.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{ClientId, ConsentRecord, UserId, UserRecord};
use rusqlite::{Connection, Row};

use super::cells::Cells;
use super::engine::Engine;
use super::query::{execute, many, one};
use crate::admin::AdminFault;
use crate::encode::{display_name, json, parse_json, parse_scope};
use crate::fault::Fault;
use crate::sql::{consents, failures, sessions, users};

/// Consents in one answer.
const CONSENTS_MAX: i64 = 10_000;

impl Engine {
    pub(crate) fn user_by_name(&self, username_key: &str) -> Result<Option<UserRecord>, Fault> {
        self.readers.read(|connection| user_named(connection, username_key))
    }

    pub(crate) fn user(&self, id: &UserId) -> Result<Option<UserRecord>, Fault> {
        self.readers.read(|connection| one(connection, users::USER, &[&id.as_str()], user_record))
    }

    pub(crate) async fn list_users(&self, limit: u32) -> Result<Vec<UserRecord>, Fault> {
        self.readers
            .read_apart(move |connection| many(connection, users::USERS, &[&limit], user_record))
            .await
    }

    pub(crate) async fn add_user(&self, user: UserRecord) -> Result<(), AdminFault> {
        self.write(move |connection| {
            let values: [&dyn rusqlite::ToSql; 10] = [
                &user.id.as_str(),
                &user.username,
                &user.username_key,
                &display_name(&user),
                &user.disabled,
                &user.valid_from.seconds(),
                &user.password,
                &user.created_at.seconds(),
                &user.updated_at.seconds(),
                &json(&user.claims)?,
            ];
            added(execute(connection, users::INSERT_USER, &values)?)
        })
        .await
    }

    pub(crate) async fn set_user_disabled(
        &self,
        username_key: &str,
        disabled: bool,
        now: impl FnOnce() -> Timestamp + Send + 'static,
    ) -> Result<(), AdminFault> {
        let username_key = username_key.to_owned();
        self.write(move |connection| {
            let user = user_named(connection, &username_key)?.ok_or(AdminFault::Missing)?;
            let id = user.id.as_str();
            let change = if disabled { users::DISABLE_USER } else { users::ENABLE_USER };
            execute(connection, change, &[&id, &now().seconds()])?;
            execute(connection, sessions::DELETE_SESSIONS_OF_USER, &[&id])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn set_user_password(
        &self,
        username_key: &str,
        phc: &str,
        now: impl FnOnce() -> Timestamp + Send + 'static,
        accounts: &[Sha256],
    ) -> Result<(), AdminFault> {
        let (username_key, phc, accounts) = (username_key.to_owned(), phc.to_owned(), accounts.to_owned());
        self.write(move |connection| {
            let user = user_named(connection, &username_key)?.ok_or(AdminFault::Missing)?;
            let id = user.id.as_str();
            execute(connection, users::SET_USER_PASSWORD, &[&id, &phc, &now().seconds()])?;
            execute(connection, sessions::DELETE_SESSIONS_OF_USER, &[&id])?;
            for account in &accounts {
                execute(connection, failures::CLEAR_SIGN_IN_FAILURES, &[account])?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn set_user_claims(
        &self,
        username_key: &str,
        claims: serde_json::Map<String, serde_json::Value>,
        at: Timestamp,
    ) -> Result<(), AdminFault> {
        let username_key = username_key.to_owned();
        self.write(move |connection| {
            let user = user_named(connection, &username_key)?.ok_or(AdminFault::Missing)?;
            let user = UserRecord { claims, ..user };
            let (text, name) = (json(&user.claims)?, display_name(&user));
            let values: [&dyn rusqlite::ToSql; 4] = [&username_key, &text, &name, &at.seconds()];
            found(execute(connection, users::SET_USER_CLAIMS, &values)?)
        })
        .await
    }

    pub(crate) async fn consents(
        &self,
        user: Option<&UserId>,
        client: Option<&ClientId>,
    ) -> Result<Vec<ConsentRecord>, Fault> {
        let user = user.map(|id| id.as_str().to_owned());
        let client = client.map(|id| id.as_str().to_owned());
        self.readers
            .read_apart(move |connection| {
                many(connection, consents::CONSENTS, &[&user, &client, &CONSENTS_MAX], consent_record)
            })
            .await
    }

    pub(crate) async fn revoke_consent(&self, user: &UserId, client: &ClientId) -> Result<(), AdminFault> {
        let (user, client) = (user.as_str().to_owned(), client.as_str().to_owned());
        self.write(move |connection| found(execute(connection, consents::DELETE_CONSENT, &[&user, &client])?))
            .await
    }
}

/// No row inserted: the key is taken.
pub(super) fn added(rows: usize) -> Result<(), AdminFault> {
    if rows == 0 { Err(AdminFault::Exists) } else { Ok(()) }
}

/// No row changed: there is none.
pub(super) fn found(rows: usize) -> Result<(), AdminFault> {
    if rows == 0 { Err(AdminFault::Missing) } else { Ok(()) }
}

fn user_named(connection: &Connection, username_key: &str) -> Result<Option<UserRecord>, Fault> {
    one(connection, users::USER_BY_NAME, &[&username_key], user_record)
}

fn user_record(row: &Row<'_>) -> Result<UserRecord, Fault> {
    let id = Cells::new(row, "users", 0, &"?").owned(0)?;
    let cells = Cells::new(row, "users", 0, &id);
    Ok(UserRecord {
        id: UserId::new(id.as_str()),
        username: cells.owned(1)?,
        username_key: cells.owned(2)?,
        disabled: cells.flag(3)?,
        valid_from: Timestamp(cells.integer(4)?),
        password: cells.optional(5, Cells::owned)?,
        created_at: Timestamp(cells.integer(6)?),
        updated_at: Timestamp(cells.integer(7)?),
        claims: cells.parsed(8, parse_json)?,
    })
}

fn consent_record(row: &Row<'_>) -> Result<ConsentRecord, Fault> {
    let user = Cells::new(row, "consents", 0, &"?").owned(0)?;
    let cells = Cells::new(row, "consents", 0, &user);
    Ok(ConsentRecord {
        user_id: UserId::new(user.as_str()),
        client_id: ClientId::new(cells.text(1)?),
        scope: cells.parsed(2, parse_scope)?,
        since: Timestamp(cells.integer(3)?),
    })
}
