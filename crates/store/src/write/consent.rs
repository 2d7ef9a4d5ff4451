//! Consents.

use proofkey_protocol::{ApiId, ClientId, ConsentFacts, UserId};

use crate::fault::AdminFault;
use crate::row::Cells;
use crate::script::{Script, ScriptStep};
use crate::sql::consents;
use crate::store::Store;
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

impl Store {
    /// Withdraws all that a user allows a client; the grants that rest on it end with it.
    pub async fn revoke_consent(&self, user: &UserId, client: &ClientId) -> Result<(), AdminFault> {
        let values = values![user.clone(), client.clone()];
        self.change(ScriptStep::must_find(&consents::DELETE_CONSENT, values).into()).await
    }

    /// Withdraws what a user allows a client at one API; the grants that rest on it end with it.
    pub async fn revoke_consent_at(
        &self,
        user: &UserId,
        client: &ClientId,
        api: ApiId,
    ) -> Result<(), AdminFault> {
        let key = [user.as_str().into(), client.as_str().into()];
        let decode = |cells: &mut Cells<'_>| cells.skip().row();
        for _ in 0..ATTEMPTS_MAX {
            let before: Option<ConsentFacts> = self.backend.one(&consents::CONSENT, &key, decode).await?;
            let before = before.ok_or(AdminFault::Missing)?;
            let after = before.without(api).ok_or(AdminFault::Missing)?;
            let script = if after == ConsentFacts::default() {
                ScriptStep::must_find(&consents::DELETE_CONSENT, values![user.clone(), client.clone()]).into()
            } else {
                give(user.clone(), client.clone(), Some(before), after)
            };
            match self.change(script).await {
                Err(AdminFault::Missing) => {}
                settled => return settled,
            }
        }
        Err(AdminFault::Missing)
    }
}
