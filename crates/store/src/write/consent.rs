//! Consents.

use proofkey_protocol::{ClientId, ConsentFacts, UserId};

use crate::fault::{AdminFault, Fault};
use crate::script::{Script, ScriptStep};
use crate::sql::consents;
use crate::store::{ProtocolStore, Store};
use crate::value::values;

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

    /// Puts less in the place of what a user allows a client; the grants that rest on what is gone end with it. A conflict when
    /// what was read has changed.
    pub async fn narrow_consent(
        &self,
        user: &UserId,
        client: &ClientId,
        before: ConsentFacts,
        after: ConsentFacts,
    ) -> Result<(), AdminFault> {
        let step = if after == ConsentFacts::default() {
            ScriptStep::must_stand(&consents::END_CONSENT, values![user.clone(), client.clone(), before])
        } else {
            let values = values![user.clone(), client.clone(), after.clone(), before];
            ScriptStep::must_stand(&consents::CHANGE_CONSENT, values)
        };
        let is_done = async { Ok(self.consent(user, client).await?.unwrap_or_default() == after) };
        self.change_once(step.into(), is_done).await
    }
}
