//! The tokens as the token endpoint would sign them, and then without the signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_jose::{Typ, claims};
use proofkey_protocol::token::Issue;
use serde_json::Value;

use super::shown::PreviewedToken;
use crate::admin::AdminRefused;
use crate::keys::Keys;

/// Both tokens.
pub(super) struct Unsigned {
    pub(super) access_token: PreviewedToken,
    pub(super) id_token: Option<PreviewedToken>,
}

/// Signs as the endpoint does, for the header and `at_hash` come of it, and gives the signature up.
pub(super) fn unsigned(keys: &Keys, issue: &Issue) -> Result<Unsigned, AdminRefused> {
    let access = keys.sign(Typ::AccessToken, issue.access_algorithm, &issue.access);
    let access = access.ok_or(AdminRefused::NoSigningKey)?;
    let id_token = match &issue.id {
        None => None,
        Some(id) => {
            let mut id = id.clone();
            id.at_hash = Some(claims::at_hash(issue.id_algorithm, &access));
            let signed =
                keys.sign(Typ::IdToken, issue.id_algorithm, &id).ok_or(AdminRefused::NoSigningKey)?;
            Some(without_signature(&signed))
        }
    };
    Ok(Unsigned { access_token: without_signature(&access), id_token })
}

fn without_signature(token: &str) -> PreviewedToken {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    });
    PreviewedToken { header: parts.next().unwrap_or_default(), claims: parts.next().unwrap_or_default() }
}
