//! Grants, and what stands against the tokens and codes of one.

use proofkey_protocol::{AuthorizationCode, CodeFacts, GrantId, GrantWithSubject, TokenId};

use crate::fault::Fault;
use crate::row::{Cells, FromRow};
use crate::sql::grants;
use crate::store::ProtocolStore;

impl ProtocolStore {
    /// A grant with its user, and with its session and consent while they exist.
    pub async fn grant(&self, id: GrantId) -> Result<Option<GrantWithSubject>, Fault> {
        self.backend.one(&grants::GRANT, &[id.into()], FromRow::from_row).await
    }

    /// All that redeeming a code depends on.
    pub async fn code(&self, code: &AuthorizationCode) -> Result<CodeFacts, Fault> {
        let AuthorizationCode { id, user_id, session_id, client_id, .. } = code;
        let values = [(*id).into(), user_id.as_str().into(), (*session_id).into(), client_id.as_str().into()];
        Ok(self.backend.one(&grants::CODE, &values, CodeFacts::from_row).await?.unwrap_or_default())
    }

    /// Wrong verifiers that were sent for a code.
    pub async fn code_failures(&self, code: GrantId) -> Result<i64, Fault> {
        let decode = |cells: &mut Cells<'_>| cells.of("code_failures").skip().cell();
        Ok(self.backend.one(&grants::CODE_FAILURES, &[code.into()], decode).await?.unwrap_or(0))
    }

    /// Whether this access token was revoked by itself; its grant is a question of its own.
    pub async fn access_token_revoked(&self, token: TokenId) -> Result<bool, Fault> {
        let found = self.backend.one(&grants::ACCESS_TOKEN_REVOKED, &[token.into()], |_| Ok(())).await?;
        Ok(found.is_some())
    }
}
