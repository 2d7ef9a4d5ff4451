//! The limits on looking clients up, as docs/limits.md lists them.

use crate::bounds::{Limit, Scope, Value};

use super::REMEMBERED_BYTES;
use super::look_ups::{LOOK_UPS_MAX, LOOK_UPS_PER_ADDRESS_MAX};

pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        name: "look-ups of clients at once",
        value: Value::Count(LOOK_UPS_MAX),
        scope: Scope::All,
        beyond: "the request waits, then 503",
        bounds: "reads of the store that invented ids cost",
        test: "thirty_two_look_ups_run_and_the_next_waits_for_one_of_them_to_end",
    },
    Limit {
        name: "look-ups of clients at once",
        value: Value::Count(LOOK_UPS_PER_ADDRESS_MAX),
        scope: Scope::Address,
        beyond: "the request waits, then 503",
        bounds: "what one peer takes of them",
        test: "one_address_has_two_look_ups_and_an_ipv6_network_is_one_address",
    },
    Limit {
        name: "the wait for a look-up",
        value: Value::Millis(100),
        scope: Scope::Request,
        beyond: "503",
        bounds: "requests that wait",
        test: "a_second_look_up_of_an_id_waits_so_long_and_no_longer",
    },
    Limit {
        name: "clients in memory",
        value: Value::Bytes(REMEMBERED_BYTES),
        scope: Scope::All,
        beyond: "the least used is forgotten",
        bounds: "memory",
        test: "memory_is_bounded_however_large_clients_are",
    },
];
