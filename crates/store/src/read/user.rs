//! Whole users, and what they allowed.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientId, ConsentRecord, UserId, UserRecord};

use crate::encode::hash_of_removed_name;
use crate::fault::Fault;
use crate::row::{Cells, FromRow};
use crate::sql::{consents, users};
use crate::store::{ProtocolStore, Store};
use crate::value::values;

/// Consents in one answer.
const CONSENTS_MAX: i64 = 10_000;

impl ProtocolStore {
    /// A user by id.
    pub async fn user(&self, id: &UserId) -> Result<Option<UserRecord>, Fault> {
        self.backend.one(&users::USER, &[id.as_str().into()], FromRow::from_row).await
    }
}

impl Store {
    /// A user by the normalised, case-folded name.
    pub async fn user_by_name(&self, username_key: &str) -> Result<Option<UserRecord>, Fault> {
        self.backend.one(&users::USER_BY_NAME, &[username_key.into()], FromRow::from_row).await
    }

    /// When the last user of a name was removed; `None` if none was.
    pub async fn user_name_removed(&self, username_key: &str) -> Result<Option<Timestamp>, Fault> {
        let values = [hash_of_removed_name(username_key).into()];
        let decode = |cells: &mut Cells<'_>| cells.skip().of("removed_users").cell();
        self.backend.one(&users::USER_NAME_REMOVED, &values, decode).await
    }

    /// At most `limit` users by name.
    pub async fn list_users(&self, limit: u32) -> Result<Vec<UserRecord>, Fault> {
        self.backend.many(&users::USERS, values![i64::from(limit)], FromRow::from_row).await
    }

    /// Remembered consents of one user, of one client, or all; at most 10,000.
    pub async fn consents(
        &self,
        user: Option<&UserId>,
        client: Option<&ClientId>,
    ) -> Result<Vec<ConsentRecord>, Fault> {
        let values = values![user.cloned(), client.cloned(), CONSENTS_MAX];
        self.backend.many(&consents::CONSENTS, values, FromRow::from_row).await
    }
}
