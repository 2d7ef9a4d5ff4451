//! Removal of what has ended, and the write that shows that writing works.

use proofkey_oauth::Timestamp;
use rusqlite::Connection;

use super::engine::{Engine, fault_only};
use super::query::execute;
use crate::admin::AdminFault;
use crate::fault::Fault;
use crate::sql::{sweep, versions};

/// Ended rows stay for a while longer: an access token may outlive the last refresh of its grant by an hour at most, and
/// the clocks of two nodes may differ.
const GRACE_SECONDS: i64 = 3_700;

/// Failed sign-ins are remembered for 30 days.
const SIGN_IN_FAILURE_SECONDS: i64 = 30 * 24 * 3600;

impl Engine {
    pub(crate) async fn sweep(&self, now: Timestamp, rows_max: u32) -> Result<u32, Fault> {
        let swept = self.write(move |connection| sweep_batch(connection, now, rows_max));
        swept.await.map_err(fault_only)
    }

    pub(crate) async fn ping(&self) -> Result<(), Fault> {
        let written = self.write(|connection| {
            execute(connection, versions::PING, &[])?;
            Ok(())
        });
        written.await.map_err(fault_only)?;
        self.directory_versions().map(drop)
    }
}

/// One transaction of at most `rows_max` rows, shared by the tables in turn.
fn sweep_batch(connection: &Connection, now: Timestamp, rows_max: u32) -> Result<u32, AdminFault> {
    let ended = (now + -GRACE_SECONDS).seconds();
    let old = (now + -SIGN_IN_FAILURE_SECONDS).seconds();
    let mut removed = 0;
    for (text, before) in [
        (sweep::SWEEP_GRANTS, ended),
        (sweep::SWEEP_CODE_FAILURES, ended),
        (sweep::SWEEP_REVOKED_TOKENS, ended),
        (sweep::SWEEP_SESSIONS, ended),
        (sweep::SWEEP_SIGN_IN_FAILURES, old),
    ] {
        let room = rows_max.saturating_sub(removed);
        if room > 0 {
            let rows = execute(connection, text, &[&before, &room])?;
            removed = removed.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        }
    }
    Ok(removed)
}
