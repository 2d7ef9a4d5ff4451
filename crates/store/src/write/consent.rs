//! Consents.

use proofkey_oauth::{Scope, Timestamp};
use proofkey_protocol::{ClientId, ConsentFacts, UserId};

use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::consents;
use crate::store::Store;
use crate::value::values;

/// Adds to the consent that was read, if it still stands as it was.
pub(super) fn give(
    user: UserId,
    client: ClientId,
    scope: Scope,
    before: Option<ConsentFacts>,
    at: Timestamp,
) -> Script {
    match before {
        None => ScriptStep::must_add(&consents::BEGIN_CONSENT, values![user, client, scope, at]).into(),
        Some(before) => {
            let widened = before.scope.union(&scope);
            let values = values![user, client, widened, before.scope, before.since];
            ScriptStep::must_find(&consents::WIDEN_CONSENT, values).into()
        }
    }
}

impl Store {
    /// Withdraws a consent; the grants that rest on it end with it.
    pub async fn revoke_consent(&self, user: &UserId, client: &ClientId) -> Result<(), AdminFault> {
        let values = values![user.clone(), client.clone()];
        self.change(ScriptStep::must_find(&consents::DELETE_CONSENT, values).into()).await
    }
}
