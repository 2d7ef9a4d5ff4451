//! Removal of what has ended, and the write that shows that writing works.

use std::time::Instant;

use proofkey_oauth::Timestamp;

use crate::fault::Fault;
use crate::script::ScriptStep;
use crate::sql::{nodes, sweep, versions};
use crate::store::Store;
use crate::value::values;

/// Ended rows stay for a while longer: an access token may outlive the last refresh of its grant by an hour at most, and
/// the clocks of two nodes may differ.
const GRACE_SECONDS: i64 = 3_700;

/// Failed sign-ins are remembered for 30 days.
const SIGN_IN_FAILURE_SECONDS: i64 = 30 * 24 * 3600;

impl Store {
    /// Removes at most `rows_max` rows that ended long enough before `now`, and says how many. Call it again while it
    /// returns `rows_max`. The tables take turns, each in a transaction of its own: what one leaves of `rows_max` is for
    /// the next, and writes of requests go between them. What this process alone keeps of subjects ends with it, whatever becomes of
    /// the rows.
    pub async fn sweep(&self, now: Timestamp, rows_max: u32) -> Result<u32, Fault> {
        self.subjects_read.drop_old(Instant::now());
        let (ended, old) = (now + -GRACE_SECONDS, now + -SIGN_IN_FAILURE_SECONDS);
        let mut removed: u32 = 0;
        for (statement, before) in [
            (&sweep::SWEEP_GRANTS, ended),
            (&sweep::SWEEP_CODE_FAILURES, ended),
            (&sweep::SWEEP_REVOKED_TOKENS, ended),
            (&sweep::SWEEP_SESSIONS, ended),
            (&sweep::SWEEP_RETIRED_KEYS, ended),
            (&sweep::SWEEP_REMOVED_CLIENTS, ended),
            (&nodes::SWEEP_NODES, ended),
            (&sweep::SWEEP_REFUSALS, ended),
            (&sweep::SWEEP_SIGN_IN_FAILURES, old),
            (&sweep::SWEEP_SIGN_IN_FAILURES_OF_UNKNOWN_NAMES, old),
        ] {
            let room = rows_max.saturating_sub(removed);
            if room > 0 {
                let step = ScriptStep::may_find(statement, values![before, i64::from(room)]);
                let rows = self.backend.run_apart(step.into()).await?.rows();
                removed = removed.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
            }
        }
        Ok(removed)
    }

    /// Frees some of what this process remembers of rows that have changed, and all of it within 240 calls.
    pub async fn free_forgotten(&self) {
        if let Some(remembered) = self.backend.remembered() {
            remembered.free_forgotten().await;
        }
    }

    /// Removes at most `rows_max` counts of failed sign-ins to names that no account has, oldest first, and keeps the latest
    /// `kept_max`; says how many it removed. Counts of accounts are never removed for want of room.
    pub async fn crowd_out_unknown_names(&self, kept_max: u32, rows_max: u32) -> Result<u32, Fault> {
        let values = values![i64::from(kept_max), i64::from(rows_max)];
        let step = ScriptStep::may_find(&sweep::CROWD_OUT_UNKNOWN_NAMES, values);
        let rows = self.backend.run_apart(step.into()).await?.rows();
        Ok(u32::try_from(rows).unwrap_or(u32::MAX))
    }

    /// Writes through the writer and reads it back: the database can do both, and is where it was.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.check_file()?;
        let _ = self.backend.run(ScriptStep::may_find(&versions::PING, values![]).into()).await?;
        self.directory_versions().await.map(drop)
    }
}
