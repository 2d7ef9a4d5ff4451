//! Grants: use of a refresh token, and revocation.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{GrantId, TokenId};

use crate::script::{Script, ScriptStep};
use crate::sql::grants;
use crate::value::values;

/// The compare-and-set that spends a refresh token.
pub(super) fn use_refresh_token(
    grant: GrantId,
    generation: i64,
    token: Sha256,
    expires_at: Timestamp,
) -> Script {
    ScriptStep::must_find(&grants::USE_REFRESH_TOKEN, values![grant, generation, token, expires_at]).into()
}

/// Revoked already, or gone: either way it is not live, which is what was asked for.
pub(super) fn revoke(grant: GrantId, at: Timestamp) -> Script {
    ScriptStep::may_find(&grants::REVOKE_GRANT, values![grant, at]).into()
}

/// Remembers that an access token is not accepted any more.
pub(super) fn revoke_access_token(token: TokenId, keep_until: Timestamp) -> Script {
    ScriptStep::may_find(&grants::REVOKE_ACCESS_TOKEN, values![token, keep_until]).into()
}
