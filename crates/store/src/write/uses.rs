//! The uses of sessions, written many at once.

use std::time::{Duration, Instant};

use proofkey_protocol::session::SessionUse;

use super::session;
use crate::fault::Fault;
use crate::script::Script;
use crate::store::Store;

/// Uses in one transaction: what comes behind it waits for a millisecond.
const USES_TOGETHER: usize = 64;
/// The pause before a transaction is tried again that found no room.
const PAUSE: Duration = Duration::from_millis(20);
/// How often it is tried.
const TRIES_MAX: u32 = 50;

impl Store {
    /// Writes the uses of sessions that are noted and due, behind every other write. What could not be written is lost; a failure is
    /// told when all has been tried.
    pub async fn write_uses(&self) -> Result<(), Fault> {
        self.write_these(self.uses_noted.due(Instant::now())).await
    }

    /// Writes all of them, before the store is closed.
    pub async fn write_all_uses(&self) -> Result<(), Fault> {
        self.write_these(self.uses_noted.all()).await
    }

    async fn write_these(&self, uses: Vec<SessionUse>) -> Result<(), Fault> {
        let mut worst = Ok(());
        for some in uses.chunks(USES_TOGETHER) {
            let written = self.write_last(|| session::touch_all(some)).await;
            worst = worst.and(written);
        }
        self.uses_noted.written();
        worst
    }

    /// Runs a script behind the others as soon as there is room, and after a while in the middle of them.
    async fn write_last(&self, script: impl Fn() -> Option<Script>) -> Result<(), Fault> {
        for tries in 0..=TRIES_MAX {
            let Some(script) = script() else { return Ok(()) };
            let ran = if tries < TRIES_MAX {
                self.backend.run_last(script).await
            } else {
                self.backend.run(script).await
            };
            match ran {
                Err(Fault::Busy) if tries < TRIES_MAX => tokio::time::sleep(PAUSE).await,
                ran => return ran.map(drop),
            }
        }
        Ok(())
    }
}
