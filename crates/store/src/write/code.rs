//! Authorization codes: redemption, and wrong verifiers.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{GrantFacts, GrantId};

use crate::basis::AsRead;
use crate::script::{Script, ScriptStep};
use crate::sql::grants;
use crate::value::{Value, values};

/// Inserts the grant under the code's id, and ends those that this sign-in replaces.
pub(super) fn redeem(grant: GrantFacts, failures_max: i64, ends_suspects: bool) -> Script {
    let suspects = ends_suspects.then(|| {
        let values = values![grant.user_id.clone(), grant.client_id.clone(), grant.created_at];
        ScriptStep::may_find(&grants::REVOKE_SUSPECT_GRANTS, values)
    });
    let values = values_of(grant, failures_max);
    Script::from(ScriptStep::must_add(&grants::REDEEM_CODE, values)).then_all(suspects)
}

/// Inserts the grant under the code's id, if all that it was decided by is as it was read.
pub(super) fn redeem_as_read(grant: GrantFacts, failures_max: i64, as_read: AsRead) -> Script {
    let AsRead { user_valid_from, session, client_valid_from, consent, versions } = as_read;
    let compared = values![
        user_valid_from,
        session.authenticated_at,
        session.expires_at,
        session.remembered,
        session.valid_from,
        session.seen_at,
        client_valid_from,
        consent,
        versions.keys,
        versions.apis,
    ];
    let values = values_of(grant, failures_max).into_iter().chain(compared).collect();
    ScriptStep::must_add(&grants::REDEEM_CODE_AS_READ, values).into()
}

/// The values that both ways to redeem a code begin with.
fn values_of(grant: GrantFacts, failures_max: i64) -> Box<[Value<'static>]> {
    values![
        grant.id,
        grant.client_id,
        grant.user_id,
        grant.session_id,
        grant.scope,
        grant.apis,
        grant.authentication.at,
        grant.authentication.methods,
        grant.authentication.context,
        grant.created_at,
        grant.expires_at,
        grant.ends_at,
        grant.session_bound,
        grant.user_valid_from,
        grant.client_valid_from,
        failures_max,
    ]
}

/// Counts a wrong verifier.
pub(super) fn count_failure(code: GrantId, keep_until: Timestamp) -> Script {
    ScriptStep::may_find(&grants::COUNT_CODE_FAILURE, values![code, keep_until]).into()
}
