//! The limits on the record of refusals, as docs/limits.md lists them.

use super::{
    KEPT_MAX, KEPT_SECONDS, NETWORKS_MAX, NOTED_MAX, OF_NETWORK_BURST, OF_NETWORK_EVERY_MILLIS,
    UNKNOWN_BURST, UNKNOWN_EVERY_MILLIS,
};
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
        name: "refusals of one IPv4 address, or of one /48 of IPv6, that are recorded at once",
        value: Value::Count(OF_NETWORK_BURST as usize),
        scope: Scope::Network,
        beyond: "the refusal is not recorded; metric `refusals_not_recorded`",
        bounds: "what one stranger crowds out",
        test: "pk_08_a_second_has_a_bound_and_a_share_for_each_network",
    },
    Limit {
        name: "time after which another of them is recorded",
        value: Value::Seconds((OF_NETWORK_EVERY_MILLIS / 1_000) as u64),
        scope: Scope::Network,
        beyond: "another is recorded",
        bounds: "what one stranger makes the database write",
        test: "pk_08_of_one_network_one_a_second_goes_on_and_of_unknown_addresses_fewer",
    },
    Limit {
        name: "requests for addresses at which nothing answers, of one network, that are recorded at once",
        value: Value::Count(UNKNOWN_BURST as usize),
        scope: Scope::Network,
        beyond: "the request is not recorded; metric `refusals_not_recorded`",
        bounds: "what scanners make the database write",
        test: "pk_08_of_one_network_one_a_second_goes_on_and_of_unknown_addresses_fewer",
    },
    Limit {
        name: "time after which another of those is recorded",
        value: Value::Seconds((UNKNOWN_EVERY_MILLIS / 1_000) as u64),
        scope: Scope::Network,
        beyond: "another is recorded",
        bounds: "the same",
        test: "pk_08_of_one_network_one_a_second_goes_on_and_of_unknown_addresses_fewer",
    },
    Limit {
        name: "networks whose shares of the record are remembered",
        value: Value::Count(NETWORKS_MAX),
        scope: Scope::All,
        beyond: "the least indebted of a few is forgotten",
        bounds: "memory that addresses cost",
        test: "f_27_keys_are_bounded_under_a_spray",
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
