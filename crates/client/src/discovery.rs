//! Finding an authorization server's endpoints (RFC 8414, OpenID Connect Discovery 1.0). A server whose metadata has
//! another issuer, or no PKCE, is refused.

use proofkey_jose::{Algorithm, ensure_strict};
use proofkey_oauth::{CHALLENGE_METHOD, Issuer, ServerMetadata};

use crate::error::{Error, shown};
use crate::transport::Transport;
use crate::url::{BrowserUrl, SecureUrl};

/// An authorization server that keeps to the rules we need.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name, byte for byte the one that was asked for.
    pub issuer: Issuer,
    pub(crate) authorization_endpoint: BrowserUrl,
    pub(crate) token_endpoint: SecureUrl,
    pub(crate) jwks_uri: Option<SecureUrl>,
    pub(crate) userinfo_endpoint: Option<SecureUrl>,
    pub(crate) revocation_endpoint: Option<SecureUrl>,
    pub(crate) end_session_endpoint: Option<BrowserUrl>,
    /// Whether it puts `iss` into every authorization response (RFC 9207 §3).
    pub(crate) sends_iss: bool,
    /// What its ID tokens may be signed with, out of what we verify.
    pub(crate) id_token_algorithms: Vec<Algorithm>,
    /// What it says of PKCE.
    pub(crate) pkce: PkceOffer,
}

/// What a server's metadata says of PKCE (RFC 8414 §2, RFC 9700 §2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PkceOffer {
    /// S256 is among its methods.
    S256,
    /// It names other methods only, so it does not do S256.
    Others,
    /// It does not say: most that do not say do not look at a challenge, some do.
    Unsaid,
}

impl Server {
    /// Judges a metadata document that was fetched for the issuer `asked`.
    pub fn from_metadata(asked: &Issuer, document: &[u8]) -> Result<Self, Error> {
        let malformed = || Error::MetadataMalformed(asked.to_string());
        ensure_strict(document).map_err(|_| malformed())?;
        let metadata: ServerMetadata = serde_json::from_slice(document).map_err(|_| malformed())?;
        if metadata.issuer != asked.as_str() {
            let claimed = shown(&metadata.issuer);
            return Err(Error::IssuerMismatch { asked: asked.to_string(), claimed });
        }
        let secure = |name, value: &str| SecureUrl::of_issuer(name, asked, value);
        let browser = |name, value: &str| BrowserUrl::of_issuer(name, asked, value);
        let userinfo_endpoint = metadata.userinfo_endpoint.as_deref();
        let revocation_endpoint = metadata.revocation_endpoint.as_deref();
        let end_session_endpoint = metadata.end_session_endpoint.as_deref();
        Ok(Self {
            issuer: asked.clone(),
            authorization_endpoint: required(
                "authorization_endpoint",
                &metadata.authorization_endpoint,
                browser,
            )?,
            token_endpoint: required("token_endpoint", &metadata.token_endpoint, secure)?,
            jwks_uri: optional("jwks_uri", Some(&metadata.jwks_uri), secure)?,
            userinfo_endpoint: optional("userinfo_endpoint", userinfo_endpoint, secure)?,
            revocation_endpoint: optional("revocation_endpoint", revocation_endpoint, secure)?,
            end_session_endpoint: optional("end_session_endpoint", end_session_endpoint, browser)?,
            sends_iss: metadata.authorization_response_iss_parameter_supported,
            id_token_algorithms: algorithms(&metadata.id_token_signing_alg_values_supported),
            pkce: PkceOffer::of(&metadata.code_challenge_methods_supported),
        })
    }

    /// Whether a code of this server can be bound to the verifier that we send. `assumed` where the app's developer knows
    /// that it can although the metadata does not say so.
    pub(crate) fn ensure_pkce(&self, assumed: bool) -> Result<(), Error> {
        match self.pkce {
            PkceOffer::S256 => Ok(()),
            PkceOffer::Unsaid if assumed => Ok(()),
            PkceOffer::Unsaid | PkceOffer::Others => Err(Error::ChallengeMethodMissing),
        }
    }
}

impl PkceOffer {
    fn of(methods: &[String]) -> Self {
        match methods {
            [] => Self::Unsaid,
            methods if methods.iter().any(|method| method == CHALLENGE_METHOD) => Self::S256,
            _ => Self::Others,
        }
    }
}

/// Fetches the metadata of an issuer: from the address of RFC 8414 first, then from that of OpenID Connect. What is no metadata
/// is not there, whatever its status: gateways answer an address that they do not know with 400, 403 or a web page of their own.
/// A document that is metadata is judged, and then there is no second try.
pub(crate) async fn discover(transport: &Transport, issuer: &Issuer) -> Result<Server, Error> {
    const WHAT: &str = "metadata";
    let addresses = [
        issuer.well_known_inserted("oauth-authorization-server"),
        issuer.well_known_appended("openid-configuration"),
    ];
    let mut instead = None;
    for address in addresses {
        let url = SecureUrl::parse("issuer", &address)?;
        let answer = match transport.get(WHAT, &url).await {
            Err(error @ Error::AnswerTooLong { .. }) => Err(error),
            other => other?.success(WHAT),
        };
        match answer {
            Ok(answer) if is_metadata(&answer.body) => return Server::from_metadata(issuer, &answer.body),
            // A server that fails now may have metadata later.
            Err(error @ Error::ServerFailing { .. }) => drop(instead.get_or_insert(error)),
            Ok(_) | Err(_) => {}
        }
    }
    Err(instead.unwrap_or_else(|| Error::MetadataNotFound(issuer.to_string())))
}

/// Whether a document means to be metadata: a JSON object that names an issuer.
fn is_metadata(document: &[u8]) -> bool {
    let value: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    value.get("issuer").is_some_and(serde_json::Value::is_string)
}

fn required<T>(
    name: &'static str,
    value: &str,
    parse: impl Fn(&'static str, &str) -> Result<T, Error>,
) -> Result<T, Error> {
    if value.is_empty() { Err(Error::EndpointMissing(name)) } else { parse(name, value) }
}

fn optional<T>(
    name: &'static str,
    value: Option<&str>,
    parse: impl Fn(&'static str, &str) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    value.filter(|value| !value.is_empty()).map(|value| parse(name, value)).transpose()
}

/// The listed algorithms that we verify; OpenID Connect's default when none is listed (Discovery §3 demands RS256).
fn algorithms(listed: &[String]) -> Vec<Algorithm> {
    if listed.is_empty() {
        return vec![Algorithm::Rs256];
    }
    listed.iter().filter_map(|name| Algorithm::from_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn metadata() -> Value {
        json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
               "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/jwks",
               "code_challenge_methods_supported": ["S256"],
               "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"]})
    }

    fn judge(document: &Value) -> Result<Server, Error> {
        Server::from_metadata(&Issuer::parse("https://id.example").unwrap(), document.to_string().as_bytes())
    }

    fn with(name: &str, value: Value) -> Result<Server, Error> {
        let mut document = metadata();
        document[name] = value;
        judge(&document)
    }

    #[test]
    fn cl_03_a_server_has_s256_and_the_name_it_was_asked_by() {
        let server = judge(&metadata()).unwrap();
        assert_eq!(server.id_token_algorithms, [Algorithm::Rs256, Algorithm::Es256]);
        for name in [
            "https://id.example/",
            "https://ID.example",
            "https://id.example:443",
            "https://evil.example",
            "",
        ] {
            assert!(matches!(with("issuer", json!(name)), Err(Error::IssuerMismatch { .. })), "{name}");
        }
        for methods in [json!([]), json!(["plain"]), json!(["s256"])] {
            let judged = with("code_challenge_methods_supported", methods.clone()).unwrap();
            assert!(matches!(judged.ensure_pkce(false), Err(Error::ChallengeMethodMissing)), "{methods}");
            // A server that names other methods has said that it does not do S256.
            assert_eq!(judged.ensure_pkce(true).is_ok(), methods == json!([]), "{methods}");
        }
        let mut without = metadata();
        without.as_object_mut().unwrap().remove("code_challenge_methods_supported");
        let judged = judge(&without).unwrap();
        assert!(matches!(judged.ensure_pkce(false), Err(Error::ChallengeMethodMissing)));
        assert!(judged.ensure_pkce(true).is_ok() && server.ensure_pkce(false).is_ok());
    }

    #[test]
    fn v_78_cl_10_endpoints_are_safe_addresses() {
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "revocation_endpoint",
            "end_session_endpoint",
        ] {
            for bad in [
                "http://id.example/x",
                "http://127.0.0.1/x",
                "http://localhost/x",
                "file:///etc/passwd",
                "--x",
                "ms-settings:x",
                "$(calc)",
                "/relative",
            ] {
                assert!(with(name, json!(bad)).is_err(), "{name} = {bad}");
            }
        }
        assert!(matches!(with("token_endpoint", json!("")), Err(Error::EndpointMissing("token_endpoint"))));
        let injected = with("authorization_endpoint", json!("https://id.example/$(calc)"));
        assert!(matches!(injected, Err(Error::UrlNotForBrowser { .. })));
    }

    #[test]
    fn metadata_that_can_be_read_in_two_ways_is_refused() {
        let text = metadata().to_string().replacen('{', r#"{"issuer":"https://evil.example","#, 1);
        let issuer = Issuer::parse("https://id.example").unwrap();
        assert!(matches!(Server::from_metadata(&issuer, text.as_bytes()), Err(Error::MetadataMalformed(_))));
    }

    proptest! {
        #[test]
        fn judging_any_document_never_panics(at in 0usize..300, byte in any::<u8>()) {
            let mut bytes = metadata().to_string().into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Server::from_metadata(&Issuer::parse("https://id.example").unwrap(), &bytes);
        }
    }
}
