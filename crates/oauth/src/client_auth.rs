//! How a client presents its credentials (OAuth 2.1 §2.4): by HTTP Basic, in the form, or by its id alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::client_metadata::AuthMethod;
use crate::params::{Params, decode};
use crate::secret::Secret;

/// Longest accepted `Authorization` header, in bytes.
const AUTHORIZATION_BYTES_MAX: usize = 4096;

/// An `Authorization` header that is no well-formed Basic credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the Authorization header is not a well-formed Basic credential")]
pub struct BasicMalformed;

/// Two ways of authenticating in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the request authenticates the client in two ways")]
pub struct TwoMethods;

/// Who sends a request, as the request itself says. An empty secret counts as none (RFC 6749 §2.3.1 lets a client leave it
/// out): `Basic id:` names a public client, as some libraries do, and proves nothing of any other.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are named after what they hold")]
pub enum ClientCredentials {
    /// An id alone, which proves nothing.
    None { client_id: String },
    /// Id and secret in the header.
    Basic { client_id: String, secret: Secret },
    /// Id and secret in the form.
    Post { client_id: String, secret: Secret },
}

impl ClientCredentials {
    /// The id that the client goes by, whichever way it authenticates.
    pub fn client_id(&self) -> &str {
        match self {
            Self::None { client_id } | Self::Basic { client_id, .. } | Self::Post { client_id, .. } => {
                client_id
            }
        }
    }

    /// The way the client authenticates.
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::None { .. } => AuthMethod::None,
            Self::Basic { .. } => AuthMethod::ClientSecretBasic,
            Self::Post { .. } => AuthMethod::ClientSecretPost,
        }
    }

    /// The secret. `None` if the client sent its id alone.
    pub const fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None { .. } => None,
            Self::Basic { secret, .. } | Self::Post { secret, .. } => Some(secret),
        }
    }
}

/// The outcome of looking for credentials.
#[derive(Debug)]
pub enum PresentedCredentials {
    /// None that this server reads.
    Absent,
    /// Malformed Basic: answered with 401 and a challenge.
    Malformed(BasicMalformed),
    /// More than one method: answered with `invalid_request`.
    Ambiguous(TwoMethods),
    /// One client by one method.
    Present(ClientCredentials),
}

impl PresentedCredentials {
    /// Looks through the `Authorization` header and the form.
    pub fn find(authorization: Option<&[u8]>, params: &Params) -> Self {
        let form_id = params.first("client_id");
        let form_secret = params.first("client_secret").filter(|secret| !secret.is_empty());
        if params.contains("client_assertion") || params.contains("client_assertion_type") {
            let other = authorization.is_some() || form_secret.is_some();
            // Assertions are not offered yet: a request that relies on one has not authenticated.
            return if other { Self::Ambiguous(TwoMethods) } else { Self::Absent };
        }
        let Some(header) = authorization else {
            let Some(client_id) = form_id.map(str::to_owned) else { return Self::Absent };
            return Self::Present(match form_secret {
                None => ClientCredentials::None { client_id },
                Some(secret) => ClientCredentials::Post { client_id, secret: Secret::new(secret.to_owned()) },
            });
        };
        if form_secret.is_some() {
            return Self::Ambiguous(TwoMethods);
        }
        match parse_basic(header) {
            Err(malformed) => Self::Malformed(malformed),
            Ok((id, _)) if form_id.is_some_and(|other| other != id) => Self::Ambiguous(TwoMethods),
            Ok((client_id, secret)) => Self::Present(if secret.is_empty() {
                ClientCredentials::None { client_id }
            } else {
                ClientCredentials::Basic { client_id, secret: Secret::new(secret) }
            }),
        }
    }
}

/// Splits a Basic credential; both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn parse_basic(header: &[u8]) -> Result<(String, String), BasicMalformed> {
    if header.len() > AUTHORIZATION_BYTES_MAX {
        return Err(BasicMalformed);
    }
    let header = std::str::from_utf8(header).map_err(|_| BasicMalformed)?;
    let (scheme, encoded) = header.split_once(' ').ok_or(BasicMalformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(BasicMalformed);
    }
    let bytes = STANDARD.decode(encoded.trim_matches(' ')).map_err(|_| BasicMalformed)?;
    let at = bytes.iter().position(|byte| *byte == b':').ok_or(BasicMalformed)?;
    let (id, secret) = bytes.split_at_checked(at).ok_or(BasicMalformed)?;
    let half = |bytes: &[u8]| match decode(bytes) {
        Ok(text) if !text.contains(['\0', '\r', '\n']) => Ok(text),
        _ => Err(BasicMalformed),
    };
    let (id, secret) = (half(id)?, half(secret.get(1..).unwrap_or_default())?);
    if id.is_empty() { Err(BasicMalformed) } else { Ok((id, secret)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(authorization: Option<&str>, form: &str) -> PresentedCredentials {
        PresentedCredentials::find(authorization.map(str::as_bytes), &Params::parse(form.as_bytes()).unwrap())
    }

    #[test]
    fn ca_01_two_methods_in_one_request_are_ambiguous() {
        let basic = Some("Basic YTpi");
        for form in
            ["client_id=a&client_secret=b", "client_secret=b", "client_id=other", "client_assertion=x"]
        {
            assert!(matches!(find(basic, form), PresentedCredentials::Ambiguous(_)), "{form}");
        }
        assert!(matches!(
            find(None, "client_id=a&client_secret=b&client_assertion=x"),
            PresentedCredentials::Ambiguous(_)
        ));
        assert!(matches!(find(basic, "client_id=a"), PresentedCredentials::Present(_)));
    }

    #[test]
    fn ca_03_v_45_both_halves_are_form_decoded_and_the_base64_is_strict() {
        let PresentedCredentials::Present(found) = find(Some("basic Zm9vJTNBYmFyOmElMkJiK2M="), "") else {
            panic!("refused")
        };
        assert_eq!((found.client_id(), found.secret().unwrap().expose()), ("foo:bar", "a+b c"));
        for bad in [
            "Basic",
            "Bearer",
            "Bearer x",
            "Basic YTpi=",
            "Basic YTp",
            "Basic YTpi\u{0}",
            "Basic YQ==",
            "Basic OmI=",
            "Basic YTo%",
            "Basic YSU6Yg==",
            "Basic YQA6Yg==",
        ] {
            assert!(matches!(find(Some(bad), ""), PresentedCredentials::Malformed(_)), "{bad}");
        }
    }

    #[test]
    fn ca_02_k_06_an_empty_secret_is_none_wherever_it_stands() {
        let (empty, full) = (Some("Basic YTo="), Some("Basic YTpi"));
        for (header, form, method) in [
            (empty, "", AuthMethod::None),
            (empty, "client_id=a&client_secret=", AuthMethod::None),
            (None, "client_id=a&client_secret=", AuthMethod::None),
            (full, "client_id=a&client_secret=", AuthMethod::ClientSecretBasic),
        ] {
            let PresentedCredentials::Present(found) = find(header, form) else {
                panic!("{header:?} {form}")
            };
            assert_eq!((found.client_id(), found.method()), ("a", method), "{header:?} {form}");
        }
        for form in ["client_id=other", "client_id=a&client_secret=b"] {
            assert!(matches!(find(empty, form), PresentedCredentials::Ambiguous(_)), "{form}");
        }
    }

    proptest! {
        #[test]
        fn v_44_any_header_is_read_or_refused(header in proptest::collection::vec(any::<u8>(), 0..80), text in "\\PC{0,40}") {
            let params = Params::default();
            let _ = PresentedCredentials::find(Some(&header), &params);
            let _ = PresentedCredentials::find(Some(format!("Basic {text}").as_bytes()), &params);
            let _ = PresentedCredentials::find(Some(format!("Basic {}", STANDARD.encode(&header)).as_bytes()), &params);
        }
    }
}
