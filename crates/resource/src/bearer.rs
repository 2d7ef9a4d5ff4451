//! Finding the access token in a request (RFC 6750 §2.1). Only the header counts: a token in a URL ends up in logs,
//! histories and `Referer`, so the query parameter is never read, only noticed (OAuth 2.1 §5.2).
//!
//! The third way, a form field in the body (RFC 6750 §2.2), is not read either, and beside a header it is not
//! noticed: that would mean to hold back every form until it has been read whole, for a field that decides nothing.
//! The body goes to the API as it came.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION, request::Parts};
use proofkey_oauth::{Params, PresentedToken};

use crate::Refusal;

/// The token of a request.
pub(crate) fn token(parts: &Parts) -> Result<&str, Refusal> {
    let token = in_header(&parts.headers)?;
    if parts.uri.query().is_some_and(names_access_token) {
        return Err(Refusal::SeveralTokens);
    }
    Ok(token)
}

fn in_header(headers: &HeaderMap) -> Result<&str, Refusal> {
    match PresentedToken::find(headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes)) {
        PresentedToken::Present(token) => Ok(token),
        PresentedToken::Absent => Err(Refusal::NoToken),
        PresentedToken::Several => Err(Refusal::SeveralTokens),
        PresentedToken::Unreadable | PresentedToken::Malformed => Err(Refusal::MalformedHeader),
    }
}

/// Pair by pair, so that a query which is no form at all still cannot hide the parameter.
fn names_access_token(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| Params::parse(pair.as_bytes()).is_ok_and(|params| params.contains("access_token")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(uri: &str, headers: &[&[u8]]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for value in headers {
            request = request.header(AUTHORIZATION, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn rs_01_v_44_one_token_by_one_way() {
        type Case = (&'static str, &'static [&'static [u8]], Result<&'static str, Refusal>);
        let cases: [Case; 20] = [
            ("/", &[b"Bearer a.b.c"], Ok("a.b.c")),
            ("/", &[b"bearer a.b.c"], Ok("a.b.c")),
            ("/", &[b"BEARER a.b.c"], Ok("a.b.c")),
            ("/?x=1", &[b"bEaReR  a.b.c"], Ok("a.b.c")),
            ("/", &[], Err(Refusal::NoToken)),
            ("/?access_token=a", &[], Err(Refusal::NoToken)),
            ("/", &[b"Basic YTpi"], Err(Refusal::NoToken)),
            ("/", &[b"DPoP a.b.c"], Err(Refusal::NoToken)),
            ("/", &[b"Bearerx a"], Err(Refusal::NoToken)),
            ("/", &[b""], Err(Refusal::NoToken)),
            ("/", &[b"Bearer"], Err(Refusal::MalformedHeader)),
            ("/", &[b"Bearer "], Err(Refusal::MalformedHeader)),
            ("/", &[b"Bearer a b"], Err(Refusal::MalformedHeader)),
            ("/", &[b"Bearer a,b"], Err(Refusal::MalformedHeader)),
            ("/", &[b"Bearer \xff"], Err(Refusal::MalformedHeader)),
            ("/", &[b"Bearer a", b"Bearer a"], Err(Refusal::SeveralTokens)),
            ("/?access_token=a", &[b"Bearer a"], Err(Refusal::SeveralTokens)),
            ("/?x=%&access_token=a", &[b"Bearer a"], Err(Refusal::SeveralTokens)),
            ("/?x=1&access%5Ftoken", &[b"Bearer a"], Err(Refusal::SeveralTokens)),
            ("/?access_tokens=a", &[b"Bearer a"], Ok("a")),
        ];
        for (uri, headers, expected) in cases {
            assert_eq!(token(&parts(uri, headers)), expected, "{uri} {headers:?}");
        }
    }

    proptest! {
        #[test]
        fn v_44_any_header_is_read_or_refused(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                let _ = token(&parts("/", &[value.as_bytes()]));
                let _ = token(&parts("/", &[&[b"Bearer ", value.as_bytes()].concat()]));
            }
        }
    }
}
