//! The limits of the edge, as docs/limits.md lists them.

use crate::bounds::{Limit, Scope, Value};

use super::limits::{
    BUFFER_BYTES_MAX, CONNECTIONS_ADDRESS_PART, FILES_RESERVED, HEADER_BYTES_MAX, HEADERS_MAX,
};
use super::limits::{
    HttpLimits, METRICS_CONNECTIONS_MAX, SEND_BUFFER_BYTES_MAX, URI_BYTES_MAX, WINDOW_BYTES,
};
use super::pace::{
    PACED_ADDRESSES_MAX, PACED_TURNS_OF_ADDRESS_PER_SECOND, PACED_WAIT_MAX, REFUSAL_SECONDS, REFUSALS_MAX,
};

pub(crate) use super::body::BODY_BYTES_MAX;
pub(crate) use super::budget::{
    ADDRESS_PART, BYTES_IN_FLIGHT_MAX, CONNECTION_BYTES_MAX, CONNECTION_OWN_BYTES, PARKED_BYTES_MAX,
};
pub(crate) use super::limits::{HEADER_LIST_BYTES_MAX, STREAMS_MAX};

fn seconds(of: fn(HttpLimits) -> std::time::Duration) -> Value {
    Value::Seconds(of(HttpLimits::default()).as_secs())
}

pub(crate) const CONNECTIONS: &[Limit] = &[
    Limit {
        name: "`server.connections_max`",
        value: Value::Setting(|config| Value::Count(config.server.connections_max)),
        scope: Scope::All,
        beyond: "the longest idle connection is closed; while none is idle, peers wait in the system's queue",
        bounds: "descriptors, tasks, buffers",
        test: "k_03_a_full_pool_sheds_the_longest_idle_connection",
    },
    Limit {
        name: "`server.connections_address_max`",
        value: Value::Part(CONNECTIONS_ADDRESS_PART, "the connections"),
        scope: Scope::Address,
        beyond: "its own longest idle connection is closed, or, while none is idle, the new one",
        bounds: "what one peer takes of all connections",
        test: "k_03_a_peer_of_one_address_cannot_take_all_connections",
    },
    Limit {
        name: "open files kept back, and four for each core",
        value: Value::Count(FILES_RESERVED),
        scope: Scope::All,
        beyond: "fewer connections are taken than `server.connections_max`",
        bounds: "descriptors: the database, metrics and log always have theirs",
        test: "k_03_connections_leave_the_database_its_files",
    },
    Limit {
        name: "connections to the metrics listener",
        value: Value::Count(METRICS_CONNECTIONS_MAX),
        scope: Scope::All,
        beyond: "the longest idle one is closed",
        bounds: "descriptors",
        test: "k_03_connections_leave_the_database_its_files",
    },
    Limit {
        name: "time to the first complete request head, on HTTP/1 and HTTP/2",
        value: Value::Setting(|_| seconds(|limits| limits.header_read)),
        scope: Scope::Connection,
        beyond: "closed",
        bounds: "connections that ask for nothing",
        test: "k_03_an_http2_peer_without_a_request_is_closed_as_soon_as_one_of_http_1",
    },
    Limit {
        name: "time for a TLS handshake",
        value: Value::Setting(|_| seconds(|limits| limits.handshake)),
        scope: Scope::Connection,
        beyond: "closed",
        bounds: "connections that ask for nothing",
        test: "f_21_an_unfinished_handshake_is_closed",
    },
    Limit {
        name: "time in which no request begins or ends, on HTTP/2",
        value: Value::Setting(|_| seconds(|limits| limits.idle)),
        scope: Scope::Connection,
        beyond: "the peer is told to go (`GOAWAY`); closed when it has, and `server.drain_seconds` later at the latest",
        bounds: "idle connections, answers that nobody takes",
        test: "k_03_a_connection_is_idle_so_long_after_its_last_request_and_no_longer",
    },
    Limit {
        name: "time between requests, on HTTP/1: from an answer to the next complete head",
        value: Value::Setting(|_| seconds(|limits| limits.header_read)),
        scope: Scope::Connection,
        beyond: "closed",
        bounds: "idle connections",
        test: "k_03_an_idle_http1_connection_is_closed_as_soon_as_one_that_never_asked",
    },
    Limit {
        name: "time for any progress of a write",
        value: Value::Setting(|_| seconds(|limits| limits.write_stall)),
        scope: Scope::Connection,
        beyond: "closed",
        bounds: "answers that nobody takes",
        test: "f_22_a_peer_that_does_not_read_is_cut_off",
    },
    Limit {
        name: "`server.unready_seconds`",
        value: Value::Setting(|config| Value::Seconds(config.server.unready_seconds)),
        scope: Scope::All,
        beyond: "the drain begins",
        bounds: "the time for which requests are taken after a stop signal",
        test: "f_13_nodes_that_are_restarted_in_turn_fail_no_request",
    },
    Limit {
        name: "`server.drain_seconds`",
        value: Value::Setting(|config| Value::Seconds(config.server.drain_seconds)),
        scope: Scope::All,
        beyond: "requests in flight are cut off",
        bounds: "the time from a stop signal to the end",
        test: "drain_ends_even_when_a_request_does_not",
    },
];

pub(crate) const REQUESTS: &[Limit] = &[
    Limit {
        name: "requests refused that none which was served has made up for",
        value: Value::Count(REFUSALS_MAX as usize),
        scope: Scope::Address,
        beyond: "it is paced: it waits for a turn before more is read of it, or before its request, where a trusted proxy names it",
        bounds: "processor time for what is refused",
        test: "k_03_an_address_is_paced_by_what_is_refused_and_not_made_up_for",
    },
    Limit {
        name: "time in which one refusal is forgotten",
        value: Value::Seconds(REFUSAL_SECONDS as u64),
        scope: Scope::Address,
        beyond: "it counts no more",
        bounds: "how long an address is paced for what it does no more",
        test: "k_03_an_address_is_paced_by_what_is_refused_and_not_made_up_for",
    },
    Limit {
        name: "`limits.paced_turns_per_second`: reads of 4 KiB, or requests of a proxy's clients, of those that are paced",
        value: Value::Setting(|config| Value::Count(config.limits.paced_turns_per_second as usize)),
        scope: Scope::All,
        beyond: "they wait",
        bounds: "the same",
        test: "k_03_all_that_are_paced_have_so_many_turns_a_second_and_wait_for_them_in_order",
    },
    Limit {
        name: "turns a second of one that is paced, where half of the longest wait is taken",
        value: Value::Count(PACED_TURNS_OF_ADDRESS_PER_SECOND as usize),
        scope: Scope::Address,
        beyond: "nothing more is read: closed when what it asked for is answered; 503 with `Retry-After` behind a trusted proxy",
        bounds: "what one address keeps others from",
        test: "k_03_one_address_keeps_no_other_from_its_turns",
    },
    Limit {
        name: "the wait for a turn",
        value: Value::Seconds(PACED_WAIT_MAX.as_secs()),
        scope: Scope::Connection,
        beyond: "closed; 503 with `Retry-After` for a client of a trusted proxy",
        bounds: "connections that wait",
        test: "k_03_all_that_are_paced_have_so_many_turns_a_second_and_wait_for_them_in_order",
    },
    Limit {
        name: "addresses whose refusals are remembered",
        value: Value::Count(PACED_ADDRESSES_MAX),
        scope: Scope::All,
        beyond: "the least indebted of a few is forgotten",
        bounds: "memory that addresses cost",
        test: "f_27_keys_are_bounded_under_a_spray",
    },
    Limit {
        name: "bytes in flight: heads, bodies, answers, unfinished heads",
        value: Value::Bytes(BYTES_IN_FLIGHT_MAX),
        scope: Scope::All,
        beyond: "`REFUSED_STREAM` on HTTP/2, 503 and close on HTTP/1; an unfinished head is closed",
        bounds: "connections × streams × (heads + bodies + answers)",
        test: "k_02_unfinished_forms_and_heads_hold_no_more_than_there_is_and_others_are_served",
    },
    Limit {
        name: "bytes in flight",
        value: Value::Part(ADDRESS_PART, "what is free"),
        scope: Scope::Address,
        beyond: "the same",
        bounds: "what one peer takes of all bytes",
        test: "k_02_whatever_addresses_hold_one_that_holds_nothing_may_hold_something",
    },
    Limit {
        name: "bytes that a connection has for itself, out of no budget",
        value: Value::Bytes(CONNECTION_OWN_BYTES),
        scope: Scope::Connection,
        beyond: "they come out of the budget",
        bounds: "what floods can take of an honest request: nothing",
        test: "k_02_whatever_addresses_hold_one_that_holds_nothing_may_hold_something",
    },
    Limit {
        name: "bytes in flight of several requests (a single one may have its own limits)",
        value: Value::Bytes(CONNECTION_BYTES_MAX),
        scope: Scope::Connection,
        beyond: "the same",
        bounds: "streams × (heads + bodies + answers)",
        test: "k_02_parked_http2_streams_hold_what_a_connection_may_hold_and_it_goes_back",
    },
    Limit {
        name: "bytes that come before a request begins",
        value: Value::Bytes(PARKED_BYTES_MAX),
        scope: Scope::Connection,
        beyond: "closed",
        bounds: "unfinished heads, many heads at once",
        test: "k_02_more_heads_at_once_than_a_connection_may_hold_end_it",
    },
    Limit {
        name: "HTTP/2 streams",
        value: Value::Count(STREAMS_MAX as usize),
        scope: Scope::Connection,
        beyond: "`REFUSED_STREAM`",
        bounds: "requests of a connection",
        test: "f_24_http2_announces_its_limits",
    },
    Limit {
        name: "HTTP/2 header list, target included",
        value: Value::Bytes(HEADER_LIST_BYTES_MAX as usize),
        scope: Scope::Request,
        beyond: "431",
        bounds: "heads",
        test: "f_24_http2_announces_its_limits",
    },
    Limit {
        name: "HTTP/2 windows, of a stream and of a connection",
        value: Value::Bytes(WINDOW_BYTES as usize),
        scope: Scope::Connection,
        beyond: "the peer has to wait",
        bounds: "bodies that nobody has read yet",
        test: "f_24_http2_announces_its_limits",
    },
    Limit {
        name: "what of an answer waits for an HTTP/2 peer",
        value: Value::Bytes(SEND_BUFFER_BYTES_MAX),
        scope: Scope::Request,
        beyond: "the answer is written further when the peer has taken some",
        bounds: "answers that nobody takes",
        test: "f_22_an_http2_peer_that_takes_no_answer_is_cut_off",
    },
    Limit {
        name: "target of a request",
        value: Value::Bytes(URI_BYTES_MAX),
        scope: Scope::Request,
        beyond: "414",
        bounds: "heads",
        test: "f_24_header_bombs_are_431_and_long_targets_414",
    },
    Limit {
        name: "header fields of an HTTP/1 request, in bytes",
        value: Value::Bytes(HEADER_BYTES_MAX),
        scope: Scope::Request,
        beyond: "431",
        bounds: "heads",
        test: "f_24_header_bombs_are_431_and_long_targets_414",
    },
    Limit {
        name: "header fields of a request",
        value: Value::Count(HEADERS_MAX),
        scope: Scope::Request,
        beyond: "431",
        bounds: "heads",
        test: "f_24_header_bombs_are_431_and_long_targets_414",
    },
    Limit {
        name: "buffer of an HTTP/1 connection: target and header fields together",
        value: Value::Bytes(BUFFER_BYTES_MAX),
        scope: Scope::Connection,
        beyond: "431",
        bounds: "unfinished heads",
        test: "f_24_header_bombs_are_431_and_long_targets_414",
    },
    Limit {
        name: "body of a request",
        value: Value::Bytes(BODY_BYTES_MAX),
        scope: Scope::Request,
        beyond: "413",
        bounds: "bodies",
        test: "v_52_f_23_bodies_past_64_kib_are_413",
    },
    Limit {
        name: "time for the body of a request",
        value: Value::Setting(|_| seconds(|limits| limits.body_read)),
        scope: Scope::Request,
        beyond: "408",
        bounds: "unfinished bodies",
        test: "f_21_a_slow_body_is_refused",
    },
];
