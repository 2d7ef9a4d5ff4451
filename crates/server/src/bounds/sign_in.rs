//! The limits on guesses, on what one user may hold, and on hashes.

use super::{Limit, Scope, Value};
use crate::password::PASSWORD_BYTES_MAX;

/// `limits.factor` multiplies them all.
pub(super) const FAILURES: &[Limit] = &[
    Limit {
        name: "`limits.login_address_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_address_burst as usize)),
        scope: Scope::Address,
        beyond: "429, and no hash",
        bounds: "guesses from one place, the hashes that they cost",
        test: "lg_07_v_48_ht_04_an_address_is_limited_whatever_it_claims_and_only_failures_count",
    },
    Limit {
        name: "`limits.login_address_interval_seconds`: then one in",
        value: Value::Setting(|config| {
            Value::Seconds(u64::from(config.limits.login_address_interval_seconds))
        }),
        scope: Scope::Address,
        beyond: "the same",
        bounds: "the same",
        test: "lg_07_a_burst_passes_then_one_per_interval",
    },
    Limit {
        name: "`limits.login_account_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_account_burst as usize)),
        scope: Scope::Account,
        beyond: "429, and no hash",
        bounds: "guesses at one password",
        test: "lg_07_v_62_v_63_an_account_is_limited_by_its_name_in_any_form_and_across_restarts",
    },
    Limit {
        name: "`limits.login_account_interval_seconds`: then a pause, longer with each failure",
        value: Value::Setting(|config| {
            Value::Seconds(u64::from(config.limits.login_account_interval_seconds))
        }),
        scope: Scope::Account,
        beyond: "the same",
        bounds: "the same",
        test: "lg_07_failures_cost_nothing_then_time_then_the_password",
    },
    Limit {
        name: "`limits.login_account_interval_max_seconds`: the longest pause",
        value: Value::Setting(|config| {
            Value::Seconds(u64::from(config.limits.login_account_interval_max_seconds))
        }),
        scope: Scope::Account,
        beyond: "the same",
        bounds: "how long a stranger keeps the owner out",
        test: "lg_07_failures_cost_nothing_then_time_then_the_password",
    },
    Limit {
        name: "`limits.login_account_failures_max` in a row",
        value: Value::Setting(|config| Value::Count(config.limits.login_account_failures_max as usize)),
        scope: Scope::Account,
        beyond: "no password is taken any more until an operator acts",
        bounds: "guesses at one password, for good",
        test: "lg_07_failures_cost_nothing_then_time_then_the_password",
    },
    Limit {
        name: "`limits.login_device_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_device_burst as usize)),
        scope: Scope::Device,
        beyond: "429, and no hash",
        bounds: "guesses from a stolen device",
        test: "lg_07_failures_cost_nothing_then_time_then_the_password",
    },
    Limit {
        name: "`limits.login_device_interval_seconds`: then one in",
        value: Value::Setting(|config| {
            Value::Seconds(u64::from(config.limits.login_device_interval_seconds))
        }),
        scope: Scope::Device,
        beyond: "the same",
        bounds: "the same",
        test: "lg_07_failures_cost_nothing_then_time_then_the_password",
    },
    Limit {
        name: "`limits.client_failures_per_minute`",
        value: Value::Setting(|config| Value::Count(config.limits.client_failures_per_minute as usize)),
        scope: Scope::Client,
        beyond: "429",
        bounds: "guesses at one secret from one address",
        test: "k_04_ca_04_guesses_at_a_secret_at_once_are_told_no_more_than_one_after_another",
    },
    Limit {
        name: "`limits.code_verifier_failures_max`",
        value: Value::Setting(|config| Value::Count(config.limits.code_verifier_failures_max as usize)),
        scope: Scope::Code,
        beyond: "the code is burnt",
        bounds: "guesses at one verifier",
        test: "tk_09_v_03_five_wrong_verifiers_burn_a_code_for_good",
    },
    Limit {
        name: "`limits.sessions_per_user_max`",
        value: Value::Setting(|config| Value::Count(config.limits.sessions_per_user_max as usize)),
        scope: Scope::User,
        beyond: "the longest unused ends",
        bounds: "rows that one user writes",
        test: "k_03_of_a_users_sessions_beyond_the_limit_the_longest_unused_goes",
    },
    Limit {
        name: "`limits.grants_per_minute`",
        value: Value::Setting(|config| Value::Count(config.limits.grants_per_minute as usize)),
        scope: Scope::UserAndClient,
        beyond: "`temporarily_unavailable` with `Retry-After`; nothing that exists ends",
        bounds: "rows that one user writes",
        test: "k_03_beyond_60_new_grants_a_minute_a_user_and_client_wait_and_nothing_ends",
    },
    Limit {
        name: "`limits.entries_max`",
        value: Value::Setting(|config| Value::Count(config.limits.entries_max as usize)),
        scope: Scope::All,
        beyond: "the least indebted of a few is forgotten",
        bounds: "memory of each table of addresses and clients",
        test: "f_27_keys_are_bounded_under_a_spray",
    },
];

pub(super) const HASHES: &[Limit] = &[
    Limit {
        name: "`passwords.hashes_max`: hashes at once, 0 for one a core",
        value: Value::Setting(|config| Value::Count(config.passwords.hashes_max as usize)),
        scope: Scope::All,
        beyond: "a sign-in waits",
        bounds: "processors; memory, with the cost of a hash",
        test: "f_26_a_storm_waits_in_a_bounded_queue_then_is_told_to_come_back",
    },
    Limit {
        name: "`passwords.memory_kib`",
        value: Value::Setting(|config| Value::Bytes(config.passwords.memory_kib as usize * 1024)),
        scope: Scope::Request,
        beyond: "–",
        bounds: "memory of one hash",
        test: "lg_06_memory_is_reused_and_wiped",
    },
    Limit {
        name: "`passwords.queue_seconds`",
        value: Value::Setting(|config| Value::Seconds(u64::from(config.passwords.queue_seconds))),
        scope: Scope::Request,
        beyond: "429 with `Retry-After`",
        bounds: "how long a sign-in waits for a hash",
        test: "f_26_nobody_waits_longer_than_the_limit",
    },
    Limit {
        name: "password, in bytes",
        value: Value::Bytes(PASSWORD_BYTES_MAX),
        scope: Scope::Request,
        beyond: "refused before it is hashed",
        bounds: "the work of a hash",
        test: "lg_02_more_than_1024_bytes_are_refused_before_hashing",
    },
];
