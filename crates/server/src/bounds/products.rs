//! What limits multiply to.

use super::{Product, Value};
use crate::config::Config;
use crate::http::HttpLimits;
use crate::http::bounds as http;
use crate::{clients, keys, log, password};

/// The cores of the machine for which products are worked out.
const CORES: usize = 2;

fn edge(config: &Config, files: usize) -> HttpLimits {
    HttpLimits::within(&config.server, files, CORES)
}

pub(super) const PRODUCTS: &[Product] = &[
    Product {
        name: "connections",
        factors: "`server.connections_max`, or the hard limit on open files less those that are kept back",
        value: |config, files| Value::Count(edge(config, files).connections_max),
    },
    Product {
        name: "connections of one address",
        factors: "`server.connections_address_max`, or a quarter of them",
        value: |config, files| Value::Count(edge(config, files).connections_address_max()),
    },
    Product {
        name: "requests in flight",
        factors: "connections × streams of each",
        value: |config, files| {
            let streams = usize::try_from(http::STREAMS_MAX).unwrap_or(usize::MAX);
            Value::Count(edge(config, files).connections_max * streams)
        },
    },
    Product {
        name: "what those would hold, each at its own limits",
        factors: "connections × streams × (header list + body)",
        value: |config, files| {
            let head = usize::try_from(http::HEADER_LIST_BYTES_MAX).unwrap_or(usize::MAX);
            let streams = usize::try_from(http::STREAMS_MAX).unwrap_or(usize::MAX);
            let each = head + http::BODY_BYTES_MAX;
            Value::Bytes(edge(config, files).connections_max * streams * each)
        },
    },
    Product {
        name: "what they may hold: heads, bodies, answers, unfinished heads",
        factors: "one budget, whatever the number of connections and streams",
        value: |_, _| Value::Bytes(http::BYTES_IN_FLIGHT_MAX),
    },
    Product {
        name: "what 100 connections may hold",
        factors: "100 × what one connection may hold, and never more than the budget",
        value: |_, _| Value::Bytes((100 * http::CONNECTION_BYTES_MAX).min(http::BYTES_IN_FLIGHT_MAX)),
    },
    Product {
        name: "what one address may take of the budget while nobody else takes anything",
        factors: "its part of it",
        value: |_, _| Value::Bytes(http::BYTES_IN_FLIGHT_MAX / http::ADDRESS_PART),
    },
    Product {
        name: "what connections have for themselves, whatever others hold",
        factors: "connections × 12 KiB",
        value: |config, files| {
            let connections = edge(config, files).connections_max;
            Value::Bytes(connections * http::CONNECTION_OWN_BYTES)
        },
    },
    Product {
        name: "password hashes, on two cores",
        factors: "hashes at once (one a core) × `passwords.memory_kib`",
        value: |config, _| {
            Value::Bytes(CORES * usize::try_from(config.passwords.memory_kib).unwrap_or(usize::MAX) * 1024)
        },
    },
    Product {
        name: "sign-ins that wait for a hash of 30 ms, on two cores",
        factors: "`passwords.queue_seconds` × cores / the time of a hash, and 1,024 at most",
        value: |config, _| {
            let seconds = usize::try_from(config.passwords.queue_seconds).unwrap_or(usize::MAX);
            Value::Count((seconds * 1000 * CORES / 30).min(password::WAITING_MAX))
        },
    },
    Product {
        name: "guesses at one account in a day, whatever the number of addresses",
        factors: "the burst, then one after each pause, and `limits.login_account_failures_max` in a row",
        value: |config, _| Value::Count(config.limits.login_account_failures_max as usize),
    },
    Product {
        name: "rows that a day of made up names leaves, hashes of 30 ms on two cores",
        factors: "one for each hash, and `limits.entries_max` at most",
        value: |config, _| {
            let hashes = 86_400 * 1000 * CORES / 30;
            Value::Count(hashes.min(config.limits.entries_max as usize))
        },
    },
    Product {
        name: "log lines that wait",
        factors: "lines × bytes of a line",
        value: |_, _| Value::Bytes(log::LINES_MAX * log::LINE_BYTES_MAX),
    },
    Product {
        name: "verified access tokens in memory",
        factors: "the limit",
        value: |_, _| Value::Bytes(keys::VERIFIED_BYTES),
    },
    Product {
        name: "memory that strangers can fill at once: requests in flight, clients, verified tokens, log lines",
        factors: "the sum of those limits, without what connections have for themselves and without hashes",
        value: |_, _| {
            let log = log::LINES_MAX * log::LINE_BYTES_MAX;
            Value::Bytes(http::BYTES_IN_FLIGHT_MAX + clients::REMEMBERED_BYTES + keys::VERIFIED_BYTES + log)
        },
    },
    Product {
        name: "clients in memory",
        factors: "the limit",
        value: |_, _| Value::Bytes(clients::REMEMBERED_BYTES),
    },
];
