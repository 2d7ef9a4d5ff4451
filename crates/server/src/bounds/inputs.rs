//! What one request, one registration or one file may contain.

use proofkey_oauth::{PARAMS_BYTES_MAX, PARAMS_COUNT_MAX, SCOPE_BYTES_MAX};
use proofkey_protocol::claims::ID_TOKEN_CLAIMS_BYTES_MAX;
use proofkey_protocol::interaction::INTERACTION_SECONDS;
use proofkey_protocol::{CONSENT_BYTES_MAX, NAME_CHARS_MAX, ORIGINS_MAX, REDIRECT_URIS_MAX, RESOURCES_MAX};

use super::{Limit, Scope, Value};
use crate::config::OLD_SEALING_KEYS_MAX;
use crate::login::USERNAME_BYTES_MAX;

pub(super) const INPUTS: &[Limit] = &[
    Limit {
        name: "bytes of the parameters of a request",
        value: Value::Bytes(PARAMS_BYTES_MAX),
        scope: Scope::Request,
        beyond: "`invalid_request`",
        bounds: "memory and time that a request costs before anything is known of it",
        test: "malformed_encodings_are_refused_with_their_cause",
    },
    Limit {
        name: "parameters of a request",
        value: Value::Count(PARAMS_COUNT_MAX),
        scope: Scope::Request,
        beyond: "`invalid_request`",
        bounds: "the same",
        test: "malformed_encodings_are_refused_with_their_cause",
    },
    Limit {
        name: "bytes of a scope",
        value: Value::Bytes(SCOPE_BYTES_MAX),
        scope: Scope::Request,
        beyond: "`invalid_scope`",
        bounds: "bytes of a code, a row and a token",
        test: "az_29_the_grammar_is_enforced",
    },
    Limit {
        name: "bytes of a username that is typed",
        value: Value::Bytes(USERNAME_BYTES_MAX),
        scope: Scope::Request,
        beyond: "it is no account",
        bounds: "time to bring a name into its form",
        test: "k_05_a_name_that_is_too_long_is_no_account",
    },
    Limit {
        name: "a sign-in or consent page, from when it was made",
        value: Value::Seconds(INTERACTION_SECONDS.unsigned_abs()),
        scope: Scope::Request,
        beyond: "it leads back to its request",
        bounds: "for how long a page that was left open goes on",
        test: "k_15_v_11_v_38_v_56_k_14_a_step_fits_in_its_browser_and_in_time_and_is_else_a_link_to_its_request",
    },
    Limit {
        name: "bytes of claims of the user in an ID token",
        value: Value::Bytes(ID_TOKEN_CLAIMS_BYTES_MAX),
        scope: Scope::UserAndClient,
        beyond: "the claim is left out, and is at userinfo",
        bounds: "bytes of a token that clients keep in cookies",
        test: "pk_13_claims_of_an_id_token_stay_below_their_size_and_the_first_go_before",
    },
    Limit {
        name: "bytes of what a user has allowed a client",
        value: Value::Bytes(CONSENT_BYTES_MAX),
        scope: Scope::UserAndClient,
        beyond: "`invalid_scope`; what was allowed before stays",
        bounds: "bytes of a row that asking for more and more makes",
        test: "k_10_what_is_remembered_has_a_bound_of_its_own",
    },
    Limit {
        name: "redirect URIs of a client",
        value: Value::Count(REDIRECT_URIS_MAX),
        scope: Scope::Client,
        beyond: "refused when the client is registered",
        bounds: "memory of a client that is remembered",
        test: "k_05_a_client_has_so_many_addresses_and_apis_and_no_more",
    },
    Limit {
        name: "further web origins of a client",
        value: Value::Count(ORIGINS_MAX),
        scope: Scope::Client,
        beyond: "the same",
        bounds: "rows of the index of origins",
        test: "k_31_a_further_origin_is_one_that_a_browser_sends",
    },
    Limit {
        name: "APIs of a client",
        value: Value::Count(RESOURCES_MAX),
        scope: Scope::Client,
        beyond: "the same",
        bounds: "memory of a client that is remembered",
        test: "k_05_a_client_has_so_many_addresses_and_apis_and_no_more",
    },
    Limit {
        name: "characters of a client's name",
        value: Value::Count(NAME_CHARS_MAX),
        scope: Scope::Client,
        beyond: "the same",
        bounds: "what a page shows of a stranger's text",
        test: "k_05_a_client_has_so_many_addresses_and_apis_and_no_more",
    },
    Limit {
        name: "older sealing keys that are read",
        value: Value::Count(OLD_SEALING_KEYS_MAX),
        scope: Scope::All,
        beyond: "another rotation is refused until one of them is no longer read",
        bounds: "keys that are tried for a text that none of them made",
        test: "k_16_a_leak_is_answered_however_many_older_keys_there_are",
    },
];
