//! Browser sessions with the user and the consent behind them.

use std::time::Instant;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientId, SessionFacts, SessionId, SubjectFacts, UserFacts};

use crate::fault::Fault;
use crate::remembered::RememberedSubject;
use crate::row::Cells;
use crate::sql::{grants, subjects};
use crate::store::ProtocolStore;
use crate::value::{Value, values};

/// The newest grants that are looked through for the clients of a session.
const SESSION_GRANTS_MAX: i64 = 1000;
/// Clients that are named.
const SESSION_CLIENTS_MAX: i64 = 20;

/// The session, with the use of it that is noted and not yet written.
fn used_last(session: SessionFacts, noted: Option<Timestamp>) -> SessionFacts {
    SessionFacts { seen_at: noted.map_or(session.seen_at, |at| session.seen_at.max(at)), ..session }
}

/// The same of a subject with its session.
pub(super) fn as_noted(facts: SubjectFacts, noted: Option<Timestamp>) -> SubjectFacts {
    SubjectFacts { session: facts.session.map(|session| used_last(session, noted)), ..facts }
}

impl ProtocolStore {
    /// A session with its user.
    pub async fn session(&self, id: SessionId) -> Result<Option<(SessionFacts, UserFacts)>, Fault> {
        let decode = |cells: &mut Cells<'_>| Ok((cells.row()?, cells.row()?));
        // Before the read: what is written meanwhile is in the row.
        let noted = self.uses_noted.last(id);
        let found = self.facts(&subjects::SESSION, &[id.into()], decode).await?;
        Ok(found.map(|(session, user)| (used_last(session, noted), user)))
    }

    /// A session with its user, with the consent for that client, and how the client stands: one moment's answer to all
    /// that an authorization request asks of the store.
    pub async fn session_with_consent(
        &self,
        id: SessionId,
        client: &ClientId,
    ) -> Result<Option<SubjectFacts>, Fault> {
        if let Some(known) = self.remembered_subject(id, client) {
            return Ok(Some(known.facts));
        }
        // Before the read: what is written meanwhile is in the row.
        let noted = self.uses_noted.last(id);
        let remembered = self.backend.remembered().map(|remembered| (remembered, remembered.begin_read()));
        let decode: fn(&mut Cells<'_>) -> Result<RememberedSubject, Fault> =
            |cells| Ok(RememberedSubject { facts: cells.row()?, suspect: cells.of("grants").cell()? });
        let values = [Value::from(id), client.as_str().into()];
        let found = self.personal_facts(&subjects::SESSION_WITH_CONSENT, &values, decode).await?;
        let Some(found) = found else { return Ok(None) };
        let Some((remembered, begun)) = remembered else {
            // As it was read: a note that is not written yet is in no row that this is compared with.
            self.subjects_read.keep(id, client, &found, Instant::now());
            return Ok(Some(as_noted(found.facts, noted)));
        };
        let found = RememberedSubject { facts: as_noted(found.facts, noted), ..found };
        remembered.keep_subject(begun, id, client, &found);
        // What was noted meanwhile was told to what was kept before.
        if let Some(at) = self.uses_noted.last(id) {
            remembered.note_use(id, at);
        }
        Ok(Some(found.facts))
    }

    /// The same as it is remembered, where it is.
    pub(super) fn remembered_subject(&self, id: SessionId, client: &ClientId) -> Option<RememberedSubject> {
        self.backend.remembered()?.subject(id, client)
    }

    /// At most 20 clients that hold a live grant given in this session, as far as the newest 1,000 grants tell. For the
    /// sign-out page to show; what sign-out ends does not depend on it.
    pub async fn session_clients(&self, session: SessionId) -> Result<Vec<ClientId>, Fault> {
        let values = values![session, SESSION_GRANTS_MAX, SESSION_CLIENTS_MAX];
        self.backend.many(&grants::SESSION_CLIENTS, values, |cells| cells.of("grants").cell()).await
    }
}
