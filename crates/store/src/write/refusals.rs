//! The record of refused requests is written, and kept within its bound.

use proofkey_protocol::RefusalRecord;

use crate::fault::Fault;
use crate::script::{Script, ScriptStep};
use crate::sql::refusals;
use crate::store::Store;
use crate::value::values;

/// How many more than must go are removed at once: which go is found out by a look at all of them.
const SPARE: i64 = 200;

impl Store {
    /// Adds refusals to the record when no other write waits, and in the same transaction removes so many that no more than
    /// `rows_max` are there: of the address that has most the oldest, and so on, so that no address can crowd out the few of
    /// another. [`Fault::Busy`] where other writes leave it no room.
    pub async fn record_refusals(&self, rows: Vec<RefusalRecord>, rows_max: u32) -> Result<(), Fault> {
        let added = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let excess = self.refusals_held().await?.saturating_add(added) - i64::from(rows_max);
        let crowded = if excess > 0 { self.crowded_refusals(excess + SPARE).await? } else { Vec::new() };
        let removed =
            crowded.into_iter().map(|id| ScriptStep::may_find(&refusals::REMOVE_REFUSAL, values![id]));
        let mut steps = removed.chain(rows.into_iter().map(add));
        let Some(first) = steps.next() else { return Ok(()) };
        self.backend.run_last(Script::from(first).then_all(steps)).await.map(drop)
    }
}

fn add(row: RefusalRecord) -> ScriptStep {
    let RefusalRecord { error_id, recorded_at, keep_until, address, rule, cause, about, client_id, .. } = row;
    let RefusalRecord { request, status, forwarded, followed, believed, from_here, .. } = row;
    let values = values![
        error_id,
        recorded_at,
        keep_until,
        address,
        rule,
        cause,
        about,
        client_id,
        request,
        status,
        forwarded,
        followed,
        believed,
        from_here
    ];
    ScriptStep::may_find(&refusals::ADD_REFUSAL, values)
}
