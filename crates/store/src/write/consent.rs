//! Consents.

use proofkey_protocol::{ApiId, ClientId, ConsentFacts, UserId};

use crate::fault::{AdminFault, Fault};
use crate::script::{Script, ScriptStep};
use crate::sql::consents;
use crate::store::{ProtocolStore, Store};
use crate::value::values;

/// How often a consent is read again that has changed before it could be written.
const ATTEMPTS_MAX: usize = 4;

/// Puts a consent in the place of the one that was read, if that still stands as it was.
pub(super) fn give(
    user: UserId,
    client: ClientId,
    before: Option<ConsentFacts>,
    after: ConsentFacts,
) -> Script {
    match before {
        None => ScriptStep::must_add(&consents::BEGIN_CONSENT, values![user, client, after]).into(),
        Some(before) => {
            ScriptStep::must_find(&consents::CHANGE_CONSENT, values![user, client, after, before]).into()
        }
    }
}

impl ProtocolStore {
    /// What a user allows a client.
    pub(super) async fn consent(
        &self,
        user: &UserId,
        client: &ClientId,
    ) -> Result<Option<ConsentFacts>, Fault> {
        let key = [user.as_str().into(), client.as_str().into()];
        self.backend.one(&consents::CONSENT, &key, |cells| cells.skip().row()).await
    }
}

impl Store {
    /// Withdraws all that a user allows a client; the grants that rest on it end with it.
    pub async fn revoke_consent(&self, user: &UserId, client: &ClientId) -> Result<(), AdminFault> {
        let values = values![user.clone(), client.clone()];
        let is_done = async { Ok(self.consent(user, client).await?.is_none()) };
        self.change_once(ScriptStep::must_find(&consents::DELETE_CONSENT, values).into(), is_done).await
    }

    /// Withdraws what a user allows a client at one API; the grants that rest on it end with it.
    pub async fn revoke_consent_at(
        &self,
        user: &UserId,
        client: &ClientId,
        api: ApiId,
    ) -> Result<(), AdminFault> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.consent(user, client).await?.ok_or(AdminFault::Missing)?;
            let after = before.without(api).ok_or(AdminFault::Missing)?;
            let script = if after == ConsentFacts::default() {
                ScriptStep::must_find(&consents::DELETE_CONSENT, values![user.clone(), client.clone()]).into()
            } else {
                give(user.clone(), client.clone(), Some(before), after)
            };
            let is_done = async {
                let stands = self.consent(user, client).await?;
                Ok(stands.is_none_or(|stands| stands.without(api).is_none()))
            };
            match self.change_once(script, is_done).await {
                Err(AdminFault::Missing) => {}
                settled => return settled,
            }
        }
        Err(AdminFault::Missing)
    }
}
