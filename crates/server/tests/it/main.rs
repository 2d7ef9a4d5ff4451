//! The server over the wire, one module per endpoint; each test has a server of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod access;
mod administration;
mod authorize;
mod clients;
mod clock;
mod edits;
mod emergency;
mod enumeration;
mod exchanges;
mod explain;
mod faults;
mod flow;
mod fuzz;
mod id_token_claims;
mod introspect;
mod keys;
mod leaks;
mod log_lines;
mod login;
mod logout;
mod metadata;
mod metadata_values;
mod moving;
mod museum;
mod nodes;
mod older_rules;
mod overlap;
mod postgres;
mod preview;
mod races;
mod refresh;
mod refusals;
mod revocation;
mod revoke;
mod sessions;
mod sign_in_limits;
mod signing_algorithms;
mod slow_body;
mod spelling;
mod support;
mod taken_away;
mod tampering;
mod token;
mod trace;
mod userinfo;
