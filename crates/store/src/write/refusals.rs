//! The record of refused requests is written, and kept within its bound.

use proofkey_protocol::RefusalRecord;

use crate::fault::Fault;
use crate::script::{Script, ScriptStep};
use crate::sql::refusals;
use crate::store::Store;
use crate::value::values;

/// How many more than must go are removed together: which go is found out by a look at all of them.
const SPARE: i64 = 200;
/// Most that are removed in one transaction: on SQLite other writes stand behind it.
const REMOVED_AT_ONCE: usize = 32;

impl Store {
    /// Adds refusals to the record, in one transaction, when no other write waits. Before that it removes so many that no more
    /// than `rows_max` are there: of the address that has most the oldest, and so on, so that no address can crowd out the few
    /// of another. [`Fault::Busy`], and none of these added, where other work leaves it no room; then nothing is read either.
    pub async fn record_refusals(&self, rows: Vec<RefusalRecord>, rows_max: u32) -> Result<(), Fault> {
        if !self.backend.has_room_for_last() {
            return Err(Fault::Busy);
        }
        let added = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let excess = self.refusals_held().await?.saturating_add(added) - i64::from(rows_max);
        let mut crowded = if excess > 0 { self.crowded_refusals(excess + SPARE).await? } else { Vec::new() };
        // In one order at every server: two that remove the same rows wait for each other, and in no circle.
        crowded.sort_unstable();
        for ids in crowded.chunks(REMOVED_AT_ONCE) {
            let remove = |id: &String| ScriptStep::may_find(&refusals::REMOVE_REFUSAL, values![id.clone()]);
            self.run_last(ids.iter().map(remove)).await?;
        }
        self.run_last(rows.into_iter().map(add)).await
    }

    async fn run_last(&self, mut steps: impl Iterator<Item = ScriptStep>) -> Result<(), Fault> {
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
