//! The limits of the store: writes that wait for the one writer, and waits for another process.

use proofkey_store::Options;

use super::{Limit, Scope, Value};

fn of(limit: fn(Options) -> Value) -> Value {
    limit(Options::default())
}

pub(super) const STORE: &[Limit] = &[
    Limit {
        name: "writes that wait",
        value: Value::Setting(|_| of(|options| Value::Count(options.queue_max))),
        scope: Scope::All,
        beyond: "refused at once as busy: 503 `temporarily_unavailable` with `Retry-After`, and nothing is done",
        bounds: "memory of what waits; writes × the time of one",
        test: "a_full_queue_refuses_at_once_instead_of_growing",
    },
    Limit {
        name: "writes in one transaction",
        value: Value::Setting(|_| of(|options| Value::Count(options.batch_max))),
        scope: Scope::All,
        beyond: "they are in the next one",
        bounds: "how many writes fail with the disk at once; how long one waits for the others",
        test: "v_31_a_transaction_has_so_many_writes_and_no_more",
    },
    Limit {
        name: "time that a write waits for another process",
        value: Value::Setting(|_| of(|options| Value::Seconds(options.busy_timeout.as_secs()))),
        scope: Scope::Request,
        beyond: "503 with `Retry-After`",
        bounds: "requests that wait",
        test: "a_lock_held_elsewhere_is_a_temporary_fault",
    },
    Limit {
        name: "decisions about one request, where others change what it rests on",
        value: Value::Count(crate::endpoint::DECISIONS_MAX),
        scope: Scope::Request,
        beyond: "503 with `Retry-After`",
        bounds: "work that requests at one row cost: each try means that another went through",
        test: "a_decision_that_met_a_conflict_is_made_again_on_new_facts_and_never_answered",
    },
];
