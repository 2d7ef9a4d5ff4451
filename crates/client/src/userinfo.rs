//! The userinfo request (OpenID Connect Core §5.3).

use http::Method;
use proofkey_oauth::Secret;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::shared::Shared;
use crate::transport::{ANSWER_BYTES_MAX, Outgoing};

/// Fetches the claims. The caller checks that they are about the person who signed in.
pub(crate) async fn fetch(shared: &Shared, token: &Secret) -> Result<Map<String, Value>, Error> {
    const WHAT: &str = "userinfo_endpoint";
    let url = shared.server().await?.userinfo_endpoint.as_ref();
    let outgoing = Outgoing {
        what: WHAT,
        method: Method::GET,
        url: url.ok_or(Error::EndpointMissing(WHAT))?,
        bearer: Some(token),
        body: None,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let answer = shared.transport.send(outgoing).await?.success(WHAT)?;
    serde_json::from_slice(&answer.body).map_err(|_| Error::UserInfoMalformed)
}
