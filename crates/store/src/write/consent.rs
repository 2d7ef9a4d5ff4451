//! Consents.

use proofkey_protocol::{ClientId, ConsentFacts, UserId};

use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::consents;
use crate::store::Store;
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

impl Store {
    /// Withdraws all that a user allows a client; the grants that rest on it end with it.
    pub async fn revoke_consent(&self, user: &UserId, client: &ClientId) -> Result<(), AdminFault> {
        let values = values![user.clone(), client.clone()];
        self.change(ScriptStep::must_find(&consents::DELETE_CONSENT, values).into()).await
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
        let (user, client) = (user.clone(), client.clone());
        let narrow = if after == ConsentFacts::default() {
            ScriptStep::must_stand(&consents::END_CONSENT, values![user, client, before])
        } else {
            ScriptStep::must_stand(&consents::CHANGE_CONSENT, values![user, client, after, before])
        };
        self.change(narrow.into()).await
    }
}
