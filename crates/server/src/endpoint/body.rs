//! Forms: the only bodies that endpoints take.

use axum::extract::Request;
use http::header;
use proofkey_oauth::{Params, TokenQuery, TokenQueryMalformed};
use proofkey_protocol::Refusal;

use super::failure::Failure;
use crate::http::{BODY_BYTES_MAX, read_body};

/// A form, with the headers it came with.
pub(super) struct Form {
    pub(super) head: http::request::Parts,
    pub(super) raw: bytes::Bytes,
    pub(super) params: Params,
}

/// Reads a form body. Parameters in the query do not count: they would end up in logs (OAuth 2.1 §2.4.1).
pub(super) async fn form(request: Request) -> Result<Form, Failure> {
    let is_form = request.headers().get(header::CONTENT_TYPE).is_some_and(|value| {
        let media_type = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err(Failure::NotForm);
    }
    let (head, raw) = read_body(request, BODY_BYTES_MAX).await.map_err(Failure::Body)?.into_parts();
    let params = Params::parse(&raw).map_err(|_| Failure::Refused(Refusal::ParametersMalformed))?;
    Ok(Form { head, raw, params })
}

/// The token that a form asks about (RFC 7009 §2.1, RFC 7662 §2.1).
pub(super) fn token_query(form: &Form) -> Result<TokenQuery, Refusal> {
    TokenQuery::from_params(&form.params).map_err(|malformed| match malformed {
        TokenQueryMalformed::Repeated(_) => Refusal::ParameterRepeated,
        TokenQueryMalformed::Missing(parameter) => Refusal::ParameterMissing(parameter),
    })
}
