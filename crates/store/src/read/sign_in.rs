//! What signing in needs: the password to compare with, and the failures so far.

use proofkey_oauth::Sha256;
use proofkey_protocol::{CredentialFacts, FailureFacts};

use crate::fault::Fault;
use crate::row::{Cells, FromRow};
use crate::sql::{failures, users};
use crate::store::ProtocolStore;

impl ProtocolStore {
    /// What signing in needs of a user, by the normalised, case-folded name.
    pub async fn credentials(&self, username_key: &str) -> Result<Option<CredentialFacts>, Fault> {
        let decode = CredentialFacts::from_row;
        let found = self.backend.one(&users::CREDENTIALS, &[username_key.into()], decode).await?;
        Ok(found.filter(|found| !found.user.id.as_str().is_empty()))
    }

    /// Failed sign-ins of an account; zeros when there are none.
    pub async fn sign_in_failures(&self, account: &Sha256) -> Result<FailureFacts, Fault> {
        let decode = |cells: &mut Cells<'_>| cells.skip().row();
        let found = self.backend.one(&failures::SIGN_IN_FAILURES, &[(*account).into()], decode).await?;
        Ok(found.unwrap_or_default())
    }
}
