//! The limits of the store: on SQLite writes that wait for the one writer, and waits for another process; on PostgreSQL
//! connections, what is under way on them, and waits for the server.

use std::time::Duration;

use proofkey_store::{
    ConnectOptions, FREED_IN_LOOKS, Options, SUBJECTS_READ_FOR, USES_WAIT_FOR, USES_WAITING_MAX,
};

use super::{Limit, Scope, Value};
use crate::config::Store;

fn of(limit: fn(Options) -> Value) -> Value {
    limit(Options::default())
}

fn linked(limit: fn(ConnectOptions) -> Value) -> Value {
    limit(ConnectOptions::default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) const STORE: &[Limit] = &[
    Limit {
        name: "SQLite: writes that wait",
        value: Value::Setting(|_| of(|options| Value::Count(options.queue_max))),
        scope: Scope::All,
        beyond: "refused at once as busy: 503 `temporarily_unavailable` with `Retry-After`, and nothing is done",
        bounds: "memory of what waits; writes × the time of one",
        test: "a_full_queue_refuses_at_once_instead_of_growing",
    },
    Limit {
        name: "SQLite: writes in one transaction",
        value: Value::Setting(|_| of(|options| Value::Count(options.batch_max))),
        scope: Scope::All,
        beyond: "they are in the next one",
        bounds: "how many writes fail with the disk at once; how long one waits for the others",
        test: "v_31_a_transaction_has_so_many_writes_and_no_more",
    },
    Limit {
        name: "SQLite: time that a write waits for another process",
        value: Value::Setting(|_| of(|options| Value::Seconds(options.busy_timeout.as_secs()))),
        scope: Scope::Request,
        beyond: "503 with `Retry-After`",
        bounds: "requests that wait",
        test: "a_lock_held_elsewhere_is_a_temporary_fault",
    },
    Limit {
        name: "SQLite: time that a read of what is one person's waits for the writer, in a file of 64 MiB or more",
        value: Value::Setting(|_| of(|options| Value::Millis(millis(options.writer_reads_within)))),
        scope: Scope::Request,
        beyond: "the request's own thread reads, and until the writer is on time no read is sent to it",
        bounds: "how long a disk that hangs holds up those who read",
        test: "v_31_reads_go_on_while_another_process_keeps_the_writer_waiting",
    },
    Limit {
        name: "`store.remembered_max`, on SQLite: subjects (a session with its user, consent and client) that are remembered, and as many access tokens with their grants",
        value: Value::Setting(|config| match &config.store {
            Store::Directory { remembered_max, .. } => Value::Count(*remembered_max),
            Store::Postgres { .. } => Value::Count(0),
        }),
        scope: Scope::All,
        beyond: "one takes the place of another, which is read when it is needed",
        bounds: "memory: about 1 KB each, a few KiB at most",
        test: "as_much_is_kept_as_there_is_room_and_no_large_consent",
    },
    Limit {
        name: "SQLite: sweeps, one each half minute, within which what was remembered and has changed is freed",
        value: Value::Count(FREED_IN_LOOKS),
        scope: Scope::All,
        beyond: "it is freed",
        bounds: "what is left in memory of a user who was removed: two hours",
        test: "pk_09_what_is_forgotten_is_freed_within_so_many_looks_and_nothing_else",
    },
    Limit {
        name: "PostgreSQL: reads and writes under way",
        value: Value::Setting(|_| linked(|options| Value::Count(options.queue_max))),
        scope: Scope::All,
        beyond: "refused at once as busy: 503 `temporarily_unavailable` with `Retry-After`, and nothing is done",
        bounds: "memory of what waits",
        test: "more_work_than_may_be_under_way_is_refused",
    },
    Limit {
        name: "PostgreSQL: subjects (a session with its user, consent and client) that are kept as they were read, for the redemption of a code to compare",
        value: Value::Setting(|_| linked(|options| Value::Count(options.subjects_read_max))),
        scope: Scope::All,
        beyond: "one takes the place of another, which is read when its code is redeemed",
        bounds: "memory: a few KiB each",
        test: "so_many_subjects_are_kept_as_there_is_room_and_the_later_one_stays",
    },
    Limit {
        name: "PostgreSQL: how long such a subject is kept",
        value: Value::Seconds(SUBJECTS_READ_FOR.as_secs()),
        scope: Scope::All,
        beyond: "it is read when its code is redeemed, and what is kept is freed with the next sweep",
        bounds: "what is left in memory of a user who was removed",
        test: "pk_09_no_names_and_no_secret_are_kept_and_nothing_for_longer_than_a_code_lives",
    },
    Limit {
        name: "sessions whose use waits to be written with others",
        value: Value::Count(USES_WAITING_MAX),
        scope: Scope::All,
        beyond: "the use of a session is written by itself",
        bounds: "memory, 4 MB and as much again while they are written",
        test: "so_many_uses_wait_at_most_and_half_of_them_are_due_at_once",
    },
    Limit {
        name: "how long the use of a session waits for others",
        value: Value::Seconds(USES_WAIT_FOR.as_secs()),
        scope: Scope::All,
        beyond: "it is written",
        bounds: "the notes that are lost when the server is killed: a session whose note is lost ends by a quarter of its idle life earlier at most",
        test: "uses_wait_for_others_and_are_written_once_each_in_the_order_of_their_ids",
    },
    Limit {
        name: "PostgreSQL: connections of one process",
        value: Value::Setting(|_| linked(|options| Value::Count(options.connections()))),
        scope: Scope::All,
        beyond: "work waits for one of them",
        bounds: "what one process takes of the server's `max_connections`",
        test: "no_more_connections_are_made_than_the_options_say",
    },
    Limit {
        name: "`store.wait_seconds`",
        value: Value::Seconds(crate::config::Store::WAIT_SECONDS as u64),
        scope: Scope::All,
        beyond: "the server does not start",
        bounds: "the wait for a PostgreSQL database that cannot be reached at the start",
        test: "a_server_waits_for_a_database_that_is_not_up_yet_and_not_for_one_that_lets_it_not_in",
    },
    Limit {
        name: "PostgreSQL: time of one statement",
        value: Value::Setting(|_| linked(|options| Value::Seconds(options.statement_timeout.as_secs()))),
        scope: Scope::Request,
        beyond: "503 with `Retry-After`; the link is ended when no answer comes for a second more",
        bounds: "requests that wait",
        test: "sessions_are_set_as_the_options_say_and_wait_for_durability",
    },
    Limit {
        name: "PostgreSQL: time that a statement waits for a row that others have locked",
        value: Value::Setting(|_| linked(|options| Value::Seconds(options.lock_timeout.as_secs()))),
        scope: Scope::Request,
        beyond: "503 with `Retry-After`",
        bounds: "requests that wait",
        test: "sessions_are_set_as_the_options_say_and_wait_for_durability",
    },
    Limit {
        name: "PostgreSQL: time that a transaction waits for its next statement",
        value: Value::Setting(|_| {
            linked(|options| Value::Seconds(options.idle_in_transaction_timeout.as_secs()))
        }),
        scope: Scope::All,
        beyond: "the server ends it, and nothing of it is written",
        bounds: "how long a node that has stopped holds locks",
        test: "a_transaction_whose_commit_never_comes_is_ended_by_the_server",
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
