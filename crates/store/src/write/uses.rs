//! The uses of sessions, written many at once.

use std::time::Instant;

use proofkey_protocol::session::SessionUse;
use proofkey_protocol::{SessionId, UserId};

use super::session;
use crate::fault::Fault;
use crate::row::Cells;
use crate::sql::sessions::SESSIONS_OF_USER;
use crate::store::{ProtocolStore, Store};
use crate::uses_noted::Due;

/// Uses in one transaction: what comes behind it waits for a millisecond.
const USES_TOGETHER: usize = 64;

impl Store {
    /// Writes the uses of sessions that are noted and due. After a fault that passes they are due again.
    pub async fn write_uses(&self) -> Result<(), Fault> {
        self.write_these(self.uses_noted.due(Instant::now())).await
    }

    /// Writes all of them, before the store is closed.
    pub async fn write_all_uses(&self) -> Result<(), Fault> {
        self.write_these(self.uses_noted.all()).await
    }

    async fn write_these(&self, Due { uses, mut lost }: Due) -> Result<(), Fault> {
        let mut failed = Ok(());
        for some in uses.chunks(USES_TOGETHER) {
            match self.write_at_once(some).await {
                Err(fault) if fault.is_temporary() => {
                    self.doubt_uses(&lost);
                    return Err(fault);
                }
                Err(fault) => {
                    lost.extend(some.iter().map(|used| used.session));
                    failed = Err(fault);
                }
                Ok(()) => {}
            }
        }
        if !uses.is_empty() {
            self.uses_noted.written(&lost);
        }
        self.doubt_uses(&lost);
        failed
    }

    /// What is remembered of these sessions tells uses that will never be written.
    fn doubt_uses(&self, lost: &[SessionId]) {
        lost.iter().for_each(|session| self.backend.doubt(*session));
    }
}

impl ProtocolStore {
    /// Writes the uses of a user's sessions that wait: which of them was not used for longest is about to be asked.
    pub(super) async fn write_uses_of(&self, user: &UserId) -> Result<(), Fault> {
        if self.uses_noted.is_empty() {
            return Ok(());
        }
        let decode = |cells: &mut Cells<'_>| cells.of("sessions").cell();
        let sessions = self.backend.few(&SESSIONS_OF_USER, &[user.as_str().into()], decode).await?;
        let used = |session| {
            let at = self.uses_noted.last(session)?;
            Some(SessionUse { session, at, is_pressing: false })
        };
        let uses: Vec<SessionUse> = sessions.into_iter().filter_map(used).collect();
        self.write_at_once(&uses).await
    }

    async fn write_at_once(&self, uses: &[SessionUse]) -> Result<(), Fault> {
        match session::touch_all(uses) {
            Some(script) => self.backend.run(script).await.map(drop),
            None => Ok(()),
        }
    }
}
