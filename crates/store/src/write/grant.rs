//! Grants: use of a refresh token, and revocation.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{GrantId, RefreshChain, TokenId};

use crate::script::{Script, ScriptStep};
use crate::sql::grants;
use crate::value::values;

/// The compare-and-set that spends a refresh token.
pub(super) fn use_refresh_token(grant: GrantId, chain: RefreshChain, expires_at: Timestamp) -> Script {
    let values = values![
        grant,
        expires_at,
        chain.generation,
        chain.used,
        chain.used_at,
        chain.child_key,
        chain.forked,
        chain.recent,
        chain.revision,
    ];
    ScriptStep::must_find(&grants::USE_REFRESH_TOKEN, values).into()
}

/// Marks a grant as suspect.
pub(super) fn suspect(grant: GrantId, revision: i64) -> Script {
    ScriptStep::must_find(&grants::SUSPECT_GRANT, values![grant, revision]).into()
}

/// Revoked already, or gone: either way it is not live, which is what was asked for.
pub(super) fn revoke(grant: GrantId, at: Timestamp) -> Script {
    ScriptStep::may_find(&grants::REVOKE_GRANT, values![grant, at]).into()
}

/// Remembers that an access token is not accepted any more.
pub(super) fn revoke_access_token(token: TokenId, keep_until: Timestamp) -> Script {
    ScriptStep::may_find(&grants::REVOKE_ACCESS_TOKEN, values![token, keep_until]).into()
}
