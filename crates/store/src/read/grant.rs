//! Grants, and what stands against the tokens and codes of one.

use std::sync::Arc;
use std::time::Instant;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{
    AccessTokenFacts, AuthorizationCode, ClientId, ClientStatus, CodeFacts, GrantId, GrantWithSubject,
    TokenId,
};

use super::session::as_noted;
use crate::basis::{AsRead, Basis, DecidedUnder, RememberedCode};
use crate::fault::Fault;
use crate::remembered::{Remembered, RememberedToken};
use crate::row::{Cells, FromRow};
use crate::sql::grants;
use crate::store::ProtocolStore;

/// Up to this instant nothing has ended, for nothing had begun.
const NEVER: Timestamp = Timestamp(0);

impl ProtocolStore {
    /// A grant with its user, with its session and consent while they exist, and how its client stands.
    pub async fn grant(&self, id: GrantId) -> Result<Option<GrantWithSubject>, Fault> {
        self.personal_facts(&grants::GRANT, &[id.into()], FromRow::from_row).await
    }

    /// All that redeeming a code depends on.
    pub async fn code(&self, code: &AuthorizationCode) -> Result<CodeFacts, Fault> {
        let AuthorizationCode { id, user_id, session_id, client_id, .. } = code;
        let values = [(*id).into(), user_id.as_str().into(), (*session_id).into(), client_id.as_str().into()];
        let noted = self.uses_noted.last(*session_id);
        let code = self.facts(&grants::CODE, &values, CodeFacts::from_row).await?.unwrap_or_default();
        Ok(CodeFacts { subject: code.subject.map(|subject| as_noted(subject, noted)), ..code })
    }

    /// The same without a read, as if no client had presented the code before; `None` where nothing is known of it. It is enough to
    /// redeem a code by, with [`ProtocolStore::commit_remembered`], and not enough to refuse one by.
    ///
    /// Where one writer knows what it has changed, that write looks again at the code, its wrong verifiers, its session and its
    /// client, and a consent is withdrawn by commands alone, which wait. On an engine that others write to as well these are the
    /// facts of the last read, and that write compares all of them; they are given once.
    pub fn remembered_code(&self, code: &AuthorizationCode) -> Option<RememberedCode> {
        let (session, client) = (code.session_id, &code.client_id);
        let (subject, suspect, basis) = match self.backend.remembered() {
            Some(remembered) => {
                let known = remembered.subject(session, client)?;
                (known.facts, known.suspect, None)
            }
            None => {
                let subject = self.subjects_read.take(session, client, Instant::now())?;
                // Before the decision, which then is made by no earlier ones.
                let versions =
                    DecidedUnder { keys: self.keys_version_seen(), apis: self.apis_version_seen() };
                let as_read = AsRead::of(&subject, versions)?;
                (subject, false, Some(Box::new(as_read)))
            }
        };
        let subject = Some(subject).filter(|facts| facts.user.id == code.user_id)?;
        let facts = CodeFacts { subject: Some(subject), redemption: None, failures: 0, suspect };
        Some(RememberedCode { facts, basis: Basis(basis) })
    }

    /// Forgets what a redemption by [`ProtocolStore::remembered_code`] met a conflict with: the next one is decided by what is
    /// read. What is given once is forgotten already.
    pub fn doubt_code(&self, code: &AuthorizationCode) {
        self.backend.doubt(code.session_id);
    }

    /// What an access token of a grant rests on: the grant, as [`ProtocolStore::grant`] reads it, and what is known of the
    /// token. `None` if there is no such grant any more.
    pub async fn granted_access_token(
        &self,
        grant: GrantId,
        token: TokenId,
    ) -> Result<Option<(Arc<GrantWithSubject>, AccessTokenFacts)>, Fault> {
        let remembered = self.backend.remembered();
        if let Some(known) = remembered.and_then(|remembered| remembered.token(grant, token)) {
            return Ok(Some((known.grant, known.facts)));
        }
        let begun = remembered.map(Remembered::begin_read);
        let decode = |cells: &mut Cells<'_>| {
            let grant: GrantWithSubject = cells.row()?;
            let revoked: Option<TokenId> = cells.of("revoked_tokens").cell()?;
            let subject = grant.subject();
            let (client, client_valid_from) = (subject.client, subject.client_valid_from);
            let facts = AccessTokenFacts { client, client_valid_from, revoked: revoked.is_some() };
            Ok(RememberedToken { grant: Arc::new(grant), facts })
        };
        let found = self.facts(&grants::GRANT_OF_TOKEN, &[grant.into(), token.into()], decode).await?;
        if let (Some(found), Some((remembered, begun))) = (&found, remembered.zip(begun)) {
            remembered.keep_token(begun, token, found);
        }
        Ok(found.map(|found| (found.grant, found.facts)))
    }

    /// What is known of an access token that a client asked for by itself.
    pub async fn access_token(&self, client: &ClientId, token: TokenId) -> Result<AccessTokenFacts, Fault> {
        let decode = |cells: &mut Cells<'_>| {
            let client = cells.of("clients").cell()?;
            let valid_from: Option<Timestamp> = cells.cell()?;
            let client_valid_from = valid_from.unwrap_or(NEVER);
            Ok(AccessTokenFacts { client, client_valid_from, revoked: cells.of("revoked_tokens").cell()? })
        };
        let values = [client.as_str().into(), token.into()];
        let found = self.facts(&grants::ACCESS_TOKEN, &values, decode).await?;
        let unknown =
            AccessTokenFacts { client: ClientStatus::Unregistered, client_valid_from: NEVER, revoked: false };
        Ok(found.unwrap_or(unknown))
    }
}
