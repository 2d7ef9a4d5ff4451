//! The limits on guesses, on what one user may hold, and on hashes.

use proofkey_protocol::sign_in::DEVICE_SECONDS;

use super::{Limit, Scope, Value};
use crate::password::{
    PASSWORD_BYTES_MAX, RETURN_WITHIN, SECOND_IN_A_ROW_MAX, TURNS_PER_THREAD, WAITING_MAX,
};

/// `limits.factor` multiplies the counts and divides the intervals in memory.
pub(super) const FAILURES: &[Limit] = &[
    Limit {
        name: "`limits.factor`: multiplies the counts and divides the intervals of this section that are in memory",
        value: Value::Setting(|config| Value::Count(config.limits.factor.round() as usize)),
        scope: Scope::All,
        beyond: "–",
        bounds: "nothing by itself: for tests, which raise it",
        test: "the_factor_multiplies_what_is_allowed",
    },
    Limit {
        name: "`limits.login_address_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_address_burst as usize)),
        scope: Scope::Address,
        beyond: "429, and no hash",
        bounds: "guesses from one place, and the hashes that they cost",
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
        name: "`limits.login_network_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_network_burst as usize)),
        scope: Scope::Network,
        beyond: "429, and no hash",
        bounds: "guesses from the addresses of one site: addresses × `login_address_burst`",
        test: "k_05_lg_07_the_networks_of_one_48_share_a_bucket_and_ipv4_addresses_do_not",
    },
    Limit {
        name: "`limits.login_network_interval_seconds`: then one in",
        value: Value::Setting(|config| {
            Value::Seconds(u64::from(config.limits.login_network_interval_seconds))
        }),
        scope: Scope::Network,
        beyond: "the same",
        bounds: "the same",
        test: "k_05_lg_07_the_networks_of_one_48_share_a_bucket_and_ipv4_addresses_do_not",
    },
    Limit {
        name: "`limits.login_all_failures_per_minute`",
        value: Value::Setting(|config| Value::Count(config.limits.login_all_failures_per_minute as usize)),
        scope: Scope::All,
        beyond: "nobody is refused: known devices and signed-in browsers are hashed first (as they are when half of those wait that may), then networks where sign-ins succeeded in the last day and none failed of late, last those where they only failed",
        bounds: "what a flood from many addresses costs those who are known",
        test: "k_05_the_bucket_of_all_says_that_many_fail_and_refuses_nobody",
    },
    Limit {
        name: "`limits.login_account_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_account_burst as usize)),
        scope: Scope::Account,
        beyond: "429, and no hash",
        bounds: "guesses at one password, at once or not",
        test: "k_04_ten_are_hashed_when_240_guesses_come_at_once",
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
        bounds: "how long a stranger keeps the owner out of an unknown browser",
        test: "lg_07_failures_cost_nothing_then_time_then_the_password",
    },
    Limit {
        name: "`limits.login_account_failures_max` in a row",
        value: Value::Setting(|config| Value::Count(config.limits.login_account_failures_max as usize)),
        scope: Scope::Account,
        beyond: "no password is taken any more until an operator acts",
        bounds: "guesses at one password, for good",
        test: "lg_09_v_61_a_locked_account_takes_no_password_not_even_where_the_form_was_open",
    },
    Limit {
        name: "`limits.login_device_burst`",
        value: Value::Setting(|config| Value::Count(config.limits.login_device_burst as usize)),
        scope: Scope::Device,
        beyond: "429, and no hash",
        bounds: "guesses from a device that somebody else has",
        test: "k_07_lg_07_failures_on_one_device_stop_neither_another_nor_its_address",
    },
    Limit {
        name: "`limits.login_device_interval_seconds`: then a pause, longer with each failure",
        value: Value::Setting(|config| {
            Value::Seconds(u64::from(config.limits.login_device_interval_seconds))
        }),
        scope: Scope::Device,
        beyond: "the same",
        bounds: "the same",
        test: "k_07_lg_07_failures_on_one_device_stop_neither_another_nor_its_address",
    },
    Limit {
        name: "time without a sign-in after which a device is unknown",
        value: Value::Seconds(DEVICE_SECONDS as u64),
        scope: Scope::Device,
        beyond: "it counts as any other browser",
        bounds: "for how long a stolen cookie has a bucket of its own",
        test: "k_07_a_device_stays_the_same_at_each_sign_in_and_ends_by_time_and_with_the_accounts_sessions",
    },
    Limit {
        name: "`limits.client_failures_per_minute`",
        value: Value::Setting(|config| Value::Count(config.limits.client_failures_per_minute as usize)),
        scope: Scope::Client,
        beyond: "429; where no secret is compared nothing is counted",
        bounds: "guesses at one secret from one address",
        test: "ca_04_failures_are_limited_per_client_and_address",
    },
    Limit {
        name: "`limits.code_verifier_failures_max`",
        value: Value::Setting(|config| Value::Count(config.limits.code_verifier_failures_max as usize)),
        scope: Scope::Code,
        beyond: "the code is locked: no verifier is taken any more",
        bounds: "guesses at one verifier",
        test: "tk_09_v_03_five_wrong_verifiers_burn_a_code_for_good",
    },
    Limit {
        name: "`limits.sessions_per_user_max`",
        value: Value::Setting(|config| Value::Count(config.limits.sessions_per_user_max as usize)),
        scope: Scope::User,
        beyond: "the one that was not used for longest ends",
        bounds: "rows of sessions",
        test: "k_03_of_a_users_sessions_beyond_the_limit_the_longest_unused_goes",
    },
    Limit {
        name: "`limits.grants_per_minute`",
        value: Value::Setting(|config| Value::Count(config.limits.grants_per_minute as usize)),
        scope: Scope::UserAndClient,
        beyond: "`temporarily_unavailable`; what was granted before goes on",
        bounds: "rows of grants",
        test: "k_03_beyond_60_new_grants_a_minute_a_user_and_client_wait_and_nothing_ends",
    },
    Limit {
        name: "`limits.entries_max`: keys of each limit in memory",
        value: Value::Setting(|config| Value::Count(config.limits.entries_max as usize)),
        scope: Scope::All,
        beyond: "the least indebted of a few is forgotten",
        bounds: "memory that addresses cost",
        test: "f_27_keys_are_bounded_under_a_spray",
    },
    Limit {
        name: "`limits.entries_max`: names that no account has, in the database",
        value: Value::Setting(|config| Value::Count(config.limits.entries_max as usize)),
        scope: Scope::All,
        beyond: "the oldest of them are removed, those of accounts never",
        bounds: "rows that strangers make: one for each hash, kept 30 days",
        test: "k_05_for_want_of_room_the_oldest_unknown_names_go_and_accounts_never",
    },
];

pub(super) const HASHES: &[Limit] = &[
    Limit {
        name: "hashes in a row for networks where sign-ins succeed, while sign-ins of others wait and many fail, or half of those wait that may",
        value: Value::Count(SECOND_IN_A_ROW_MAX as usize),
        scope: Scope::All,
        beyond: "one of the others is hashed",
        bounds: "what people who sign in and out again cost newcomers",
        test: "k_05_of_eight_hashes_one_is_for_networks_of_which_nothing_is_known",
    },
    Limit {
        name: "`passwords.hashes_max`: hashes at once, 0 for one a core",
        value: Value::Setting(|config| Value::Count(config.passwords.hashes_max as usize)),
        scope: Scope::All,
        beyond: "a sign-in waits",
        bounds: "processors; hashes × `memory_kib`",
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
        name: "`passwords.iterations`",
        value: Value::Setting(|config| Value::Count(config.passwords.iterations as usize)),
        scope: Scope::Request,
        beyond: "–",
        bounds: "time of one hash",
        test: "lg_06_stored_hashes_are_argon2id_with_a_bounded_cost",
    },
    Limit {
        name: "`passwords.parallelism`",
        value: Value::Setting(|config| Value::Count(config.passwords.parallelism as usize)),
        scope: Scope::Request,
        beyond: "–",
        bounds: "the same: its lanes are computed one after another",
        test: "lg_06_stored_hashes_are_argon2id_with_a_bounded_cost",
    },
    Limit {
        name: "`passwords.length_min`, in characters",
        value: Value::Setting(|config| Value::Count(config.passwords.length_min as usize)),
        scope: Scope::User,
        beyond: "a shorter new password is refused",
        bounds: "what guessing at a hash that was stolen finds",
        test: "lg_01_fifteen_code_points_at_least",
    },
    Limit {
        name: "sign-ins that have a turn, for each hash at once",
        value: Value::Count(TURNS_PER_THREAD),
        scope: Scope::All,
        beyond: "a sign-in waits",
        bounds: "sign-ins that wait for the disk while others are hashed",
        test: "k_08_no_more_wait_than_are_hashed_in_the_time_that_one_may_wait",
    },
    Limit {
        name: "sign-ins that have a turn",
        value: Value::Count(1),
        scope: Scope::Account,
        beyond: "the others wait, behind whoever has not been served",
        bounds: "what one user with the right password takes of the hashes",
        test: "k_03_many_sign_ins_of_one_account_starve_nobody",
    },
    Limit {
        name: "hashes in one round of the addresses that wait",
        value: Value::Count(1),
        scope: Scope::Address,
        beyond: "its last one gives way to a newcomer, with 429",
        bounds: "what one address takes of the hashes",
        test: "k_03_the_longest_row_of_one_address_gives_way_to_a_newcomer",
    },
    Limit {
        name: "`passwords.queue_seconds`: hashing that those who wait stand for",
        value: Value::Setting(|config| Value::Seconds(u64::from(config.passwords.queue_seconds))),
        scope: Scope::All,
        beyond: "the last in the order gets 429 with `Retry-After`",
        bounds: "those that wait × the time of a hash",
        test: "k_08_no_more_wait_than_are_hashed_in_the_time_that_one_may_wait",
    },
    Limit {
        name: "`passwords.queue_seconds`: the wait for a turn",
        value: Value::Setting(|config| Value::Seconds(u64::from(config.passwords.queue_seconds))),
        scope: Scope::Request,
        beyond: "429 with `Retry-After`",
        bounds: "how long a sign-in waits",
        test: "f_26_nobody_waits_longer_than_the_limit",
    },
    Limit {
        name: "`passwords.queue_max`: those that wait, 0 for",
        value: Value::Count(WAITING_MAX),
        scope: Scope::All,
        beyond: "the last in the order gets 429 with `Retry-After`",
        bounds: "memory of those that wait, however short a hash is",
        test: "f_26_a_storm_waits_in_a_bounded_queue_then_is_told_to_come_back",
    },
    Limit {
        name: "time from the end of `passwords.queue_seconds` within which who is refused a turn is told to come back, spread by the time of a hash",
        value: Value::Seconds(RETURN_WITHIN.as_secs()),
        scope: Scope::All,
        beyond: "the next is told the soonest time again",
        bounds: "how long a person is asked to wait",
        test: "f_26_who_is_told_to_come_back_comes_after_others_who_were_and_within_a_bound",
    },
    Limit {
        name: "password, in bytes",
        value: Value::Bytes(PASSWORD_BYTES_MAX),
        scope: Scope::Request,
        beyond: "refused before anything is counted in the database or hashed",
        bounds: "the work of a hash",
        test: "lg_02_more_than_1024_bytes_are_refused_before_hashing",
    },
];
