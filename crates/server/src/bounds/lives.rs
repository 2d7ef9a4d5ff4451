//! How long what is given lives, and the limits on refreshing it.

use proofkey_protocol::{OVERLAP_SECONDS, OVERLAP_SECONDS_MAX, RECENT_MAX};

use super::{Limit, Scope, Value};

pub(super) const LIVES: &[Limit] = &[
    Limit {
        name: "`tokens.code_seconds`",
        value: Value::Setting(|config| Value::Seconds(config.tokens.code_seconds.unsigned_abs())),
        scope: Scope::Code,
        beyond: "`invalid_grant`",
        bounds: "for how long a stolen code is of use",
        test: "az_21_a_code_is_good_until_the_second_before_its_end",
    },
    Limit {
        name: "`tokens.access_seconds`, unless the API or the client has less",
        value: Value::Setting(|config| Value::Seconds(config.tokens.access_seconds.unsigned_abs())),
        scope: Scope::Token,
        beyond: "APIs refuse it",
        bounds: "for how long a stolen access token is of use where nobody asks this server",
        test: "tk_17_a_client_has_a_ceiling_for_the_life_of_its_tokens",
    },
    Limit {
        name: "`tokens.id_seconds`",
        value: Value::Setting(|config| Value::Seconds(config.tokens.id_seconds.unsigned_abs())),
        scope: Scope::Token,
        beyond: "it proves no sign-in",
        bounds: "for how long a sign-in can be proved by it",
        test: "tk_18_tk_17_the_id_token_says_who_when_and_for_whom",
    },
    Limit {
        name: "`tokens.refresh_idle_days` without use",
        value: Value::Setting(|config| Value::Days(config.tokens.refresh_idle_days.unsigned_abs())),
        scope: Scope::Grant,
        beyond: "`invalid_grant`",
        bounds: "rows of grants; for how long a forgotten refresh token is of use",
        test: "rt_07_idle_and_absolute_end_and_rotation_moves_only_the_first",
    },
    Limit {
        name: "`tokens.refresh_absolute_days`, however often it is used",
        value: Value::Setting(|config| Value::Days(config.tokens.refresh_absolute_days.unsigned_abs())),
        scope: Scope::Grant,
        beyond: "the same",
        bounds: "the same",
        test: "rt_07_idle_and_absolute_end_and_rotation_moves_only_the_first",
    },
    Limit {
        name: "time in which a used refresh token goes on; of clients that share their sign-ins, as long as an access token lives",
        value: Value::Seconds(OVERLAP_SECONDS.unsigned_abs()),
        scope: Scope::Grant,
        beyond: "it counts as stolen, and the grant ends; of shared sign-ins it is refused",
        bounds: "for how long a copied refresh token is of use beside its owner",
        test: "rt_15_the_overlap_of_a_client_and_how_far_clocks_may_differ",
    },
    Limit {
        name: "the same of a client whose registration says it, at most",
        value: Value::Seconds(OVERLAP_SECONDS_MAX.unsigned_abs()),
        scope: Scope::Grant,
        beyond: "refused when the client is registered",
        bounds: "the same",
        test: "rt_15_the_overlap_of_each_client_is_its_own",
    },
    Limit {
        name: "refresh tokens that a row remembers as retired a moment ago",
        value: Value::Count(RECENT_MAX),
        scope: Scope::Grant,
        beyond: "the oldest drops out, and counts as stolen from then on",
        bounds: "bytes of a row that refreshing in a row makes",
        test: "rt_14_a_row_remembers_sixteen_tokens_for_an_overlap_and_the_oldest_drops_out",
    },
    Limit {
        name: "used refresh tokens whose address is in memory, for the log",
        value: Value::Count(crate::refresh_uses::TOKENS_MAX),
        scope: Scope::All,
        beyond: "of two that meet in one place the newer stays",
        bounds: "memory: half a megabyte",
        test: "k_12_a_million_repeats_are_a_few_lines_and_a_million_tokens_no_more_memory",
    },
    Limit {
        name: "verified access tokens in memory",
        value: Value::Bytes(crate::keys::VERIFIED_BYTES),
        scope: Scope::All,
        beyond: "the least used is forgotten, and verified again",
        bounds: "memory; what is verified twice costs once",
        test: "k_02_verified_tokens_take_no_more_than_their_bytes",
    },
    Limit {
        name: "`sessions.idle_seconds` without use",
        value: Value::Setting(|config| Value::Seconds(config.sessions.idle_seconds.unsigned_abs())),
        scope: Scope::Session,
        beyond: "the password is asked for",
        bounds: "for how long a stolen cookie is of use",
        test: "lg_13_sessions_end_by_idleness_and_by_age_on_the_server",
    },
    Limit {
        name: "`sessions.absolute_seconds`, however busy",
        value: Value::Setting(|config| Value::Seconds(config.sessions.absolute_seconds.unsigned_abs())),
        scope: Scope::Session,
        beyond: "the password is asked for",
        bounds: "for how long a stolen cookie is of use",
        test: "lg_13_sessions_end_by_idleness_and_by_age_on_the_server",
    },
    Limit {
        name: "`sessions.remembered_idle_seconds`: of people who asked to stay signed in",
        value: Value::Setting(|config| {
            Value::Seconds(config.sessions.remembered_idle_seconds.unsigned_abs())
        }),
        scope: Scope::Session,
        beyond: "the same",
        bounds: "the same",
        test: "lg_13_who_asks_to_stay_signed_in_outlives_the_browser_for_30_days_idle_and_90_in_all",
    },
    Limit {
        name: "`sessions.remembered_absolute_seconds`: the same",
        value: Value::Setting(|config| {
            Value::Seconds(config.sessions.remembered_absolute_seconds.unsigned_abs())
        }),
        scope: Scope::Session,
        beyond: "the same",
        bounds: "the same",
        test: "lg_13_who_asks_to_stay_signed_in_outlives_the_browser_for_30_days_idle_and_90_in_all",
    },
    Limit {
        name: "`keys.rotation_days`",
        value: Value::Setting(|config| Value::Days(config.keys.rotation_days.unsigned_abs())),
        scope: Scope::Key,
        beyond: "the next key signs",
        bounds: "what one key has signed",
        test: "v_81_md_05_md_06_for_400_days_every_living_token_has_its_key_and_every_key_was_published_ahead",
    },
    Limit {
        name: "`keys.publish_ahead_hours`",
        value: Value::Setting(|config| Value::Hours(config.keys.publish_ahead_hours.unsigned_abs())),
        scope: Scope::Key,
        beyond: "it signs",
        bounds: "for how long others may not know a key that signs: not at all",
        test: "v_81_md_05_md_06_for_400_days_every_living_token_has_its_key_and_every_key_was_published_ahead",
    },
    Limit {
        name: "`keys.jwks_max_age_seconds`",
        value: Value::Setting(|config| Value::Seconds(config.keys.jwks_max_age_seconds.unsigned_abs())),
        scope: Scope::All,
        beyond: "others fetch the key set again",
        bounds: "for how long others take a key that was revoked",
        test: "md_05_a_retired_key_stays_while_its_tokens_live_and_the_next_is_there_before_use",
    },
];
