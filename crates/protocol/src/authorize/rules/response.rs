//! What may be asked for, and how it may come back (OAuth 2.1 §4.1.1). Only a code, only in the query.

use proofkey_oauth::GrantType;

use super::{EnabledClient, Unambiguous};
use crate::refusal::Refusal;

/// Proof that the answer is a code in the query, which the client is registered for. Made by the rule in this file alone.
#[derive(Clone, Copy, Debug)]
pub(in crate::authorize) struct CodeResponse(());

/// Checks response type and mode, and that no request object changes them unseen (OpenID Connect Core §3.1.2.6).
pub(in crate::authorize) fn response(
    request: Unambiguous<'_>,
    client: &EnabledClient,
) -> Result<CodeResponse, Refusal> {
    if request.request.is_some() {
        return Err(Refusal::RequestObjectUnsupported);
    }
    if request.request_uri.is_some() {
        return Err(Refusal::RequestUriUnsupported);
    }
    match request.response_type.as_deref() {
        None => return Err(Refusal::ResponseTypeMissing),
        Some("code") => {}
        Some(_) => return Err(Refusal::ResponseTypeUnsupported),
    }
    if request.response_mode.as_deref().is_some_and(|mode| mode != "query") {
        return Err(Refusal::ResponseModeUnsupported);
    }
    if client.allows_grant(GrantType::AuthorizationCode) {
        Ok(CodeResponse(()))
    } else {
        Err(Refusal::GrantTypeUnregistered)
    }
}
