//! The limits on the record of refusals, as docs/limits.md lists them.

use super::{KEPT_MAX, KEPT_SECONDS, NOTED_MAX, NOTED_OF_NETWORK_MAX};
use crate::bounds::{Limit, Scope, Value};

pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        name: "refusals that are recorded in a second",
        value: Value::Count(NOTED_MAX),
        scope: Scope::All,
        beyond: "one of the network that has most is not recorded; metric `refusals_not_recorded`",
        bounds: "memory, and writes that strangers cause",
        test: "pk_08_a_second_has_a_bound_and_a_share_for_each_network",
    },
    Limit {
        name: "the same of one IPv4 address, or of one /48 of IPv6",
        value: Value::Count(NOTED_OF_NETWORK_MAX),
        scope: Scope::Network,
        beyond: "the refusal is not recorded; metric `refusals_not_recorded`",
        bounds: "what one stranger crowds out",
        test: "pk_08_a_second_has_a_bound_and_a_share_for_each_network",
    },
    Limit {
        name: "refusals that are kept for `proofkey explain`",
        value: Value::Count(KEPT_MAX as usize),
        scope: Scope::All,
        beyond: "of the network that has most the oldest goes",
        bounds: "the database",
        test: "pk_08_the_record_is_bounded_and_a_stranger_cannot_flush_the_rows_of_others",
    },
    Limit {
        name: "a recorded refusal",
        value: Value::Days(KEPT_SECONDS.cast_unsigned() / 86_400),
        scope: Scope::Request,
        beyond: "it is told no more, and removed within hours",
        bounds: "the same",
        test: "pk_08_what_was_recorded_is_told_for_seven_days",
    },
];
