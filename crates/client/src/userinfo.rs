//! The userinfo request (OpenID Connect Core §5.3), whose answer is JSON or signed.

use http::{Method, header};
use proofkey_jose::JwsError;
use proofkey_oauth::Secret;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::shared::{OfKeys, Shared};
use crate::signed_userinfo::{Asked, UserInfoError, read_signed};
use crate::token::bearer;
use crate::transport::{ANSWER_BYTES_MAX, Answer, Outgoing};

/// The parts of a JWE in compact form (RFC 7516 §3.1), of which a JWS has three.
const ENCRYPTED_PARTS: usize = 5;

impl OfKeys for UserInfoError {
    fn is_unknown_key(&self) -> bool {
        *self == Self::Signature(JwsError::UnknownKey)
    }
}

/// Fetches the claims. The caller checks that they are about the person who signed in.
pub(crate) async fn fetch(shared: &Shared, token: &Secret) -> Result<Map<String, Value>, Error> {
    const WHAT: &str = "userinfo_endpoint";
    let url = shared.server().await?.userinfo_endpoint.as_ref();
    let outgoing = Outgoing {
        what: WHAT,
        method: Method::GET,
        url: url.ok_or(Error::EndpointMissing(WHAT))?,
        authorization: Some(&bearer(token)),
        body: None,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let answer = shared.transport.send(outgoing).await?.success(WHAT)?;
    if !is_jwt(&answer) {
        return serde_json::from_slice(&answer.body).map_err(|_| Error::UserInfoMalformed);
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| Error::UserInfoMalformed)?.trim();
    if text.split('.').count() == ENCRYPTED_PARTS {
        return Err(Error::UserInfoEncrypted);
    }
    let server = shared.server().await?;
    let asked = Asked { issuer: server.issuer.as_str(), client_id: &shared.application.client_id };
    shared.with_keys(|keys| read_signed(text, keys, &asked)).await
}

fn is_jwt(answer: &Answer) -> bool {
    let content_type = answer.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"application/jwt")
}
