//! Forms: the only bodies that endpoints take.

use axum::extract::Request;
use http::header;
use proofkey_oauth::{Params, ParamsMalformed, TokenQuery, TokenQueryMalformed};
use proofkey_protocol::Refusal;

use super::failure::Failure;
use crate::http::{BODY_BYTES_MAX, read_body};

/// A form, with the headers it came with.
pub(super) struct Form {
    pub(super) head: http::request::Parts,
    pub(super) raw: bytes::Bytes,
    pub(super) params: Params,
}

impl Form {
    /// The form as it came, if it can travel on as text. Half a character may be escaped and the other half not: then the
    /// parameters are text, and what came is none.
    pub(super) fn into_text(self) -> Result<String, Refusal> {
        String::from_utf8(self.raw.into()).map_err(|_| ParamsMalformed::NotUtf8.into())
    }
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
    let params = Params::parse(&raw).map_err(|malformed| Failure::Refused(malformed.into()))?;
    Ok(Form { head, raw, params })
}

/// The token that a form asks about (RFC 7009 §2.1, RFC 7662 §2.1).
pub(super) fn token_query(form: &Form) -> Result<TokenQuery, Refusal> {
    TokenQuery::from_params(&form.params).map_err(|malformed| match malformed {
        TokenQueryMalformed::Repeated(repeated) => repeated.into(),
        TokenQueryMalformed::Missing(parameter) => parameter.into(),
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn posted(body: &'static [u8]) -> Form {
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        form(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_form_travels_on_as_it_came_or_not_at_all() {
        assert_eq!(posted(b"state=%C3%A9&a=b+c").await.into_text().unwrap(), "state=%C3%A9&a=b+c");
        let half_escaped = posted(b"state=%C3\xa9").await;
        assert_eq!(half_escaped.params.first("state"), Some("\u{e9}"));
        assert_eq!(half_escaped.into_text(), Err(ParamsMalformed::NotUtf8.into()));
    }
}
