//! Authorization codes: redemption, and wrong verifiers.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{GrantFacts, GrantId};

use crate::script::{Script, ScriptStep};
use crate::sql::grants;
use crate::value::values;

/// Inserts the grant under the code's id, and ends those that this sign-in replaces.
pub(super) fn redeem(grant: GrantFacts, failures_max: i64, ends_suspects: bool) -> Script {
    let suspects = ends_suspects.then(|| {
        let values = values![grant.user_id.clone(), grant.client_id.clone(), grant.created_at];
        ScriptStep::may_find(&grants::REVOKE_SUSPECT_GRANTS, values)
    });
    let values = values![
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
    ];
    Script::from(ScriptStep::must_add(&grants::REDEEM_CODE, values)).then_all(suspects)
}

/// Counts a wrong verifier.
pub(super) fn count_failure(code: GrantId, keep_until: Timestamp) -> Script {
    ScriptStep::may_find(&grants::COUNT_CODE_FAILURE, values![code, keep_until]).into()
}
