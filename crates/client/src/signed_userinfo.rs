//! Userinfo that its server signed (OpenID Connect Core §5.3.2). Pure: keys are an argument.

use proofkey_jose::claims::Audience;
use proofkey_jose::{Algorithm, Expected, JwsError, KeySet, Typ, ensure_strict, verify};
use serde_json::{Map, Value};
use thiserror::Error;

/// Why signed userinfo is not believed (OpenID Connect Core §5.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// Signature, algorithm or form: [`JwsError`] says which.
    #[error("it is not what this server signed: {0}")]
    Signature(JwsError),
    /// What is signed is not a JSON object with members of the right types.
    #[error("what is signed is no JSON object")]
    Claims,
    /// `iss` is not the issuer that was asked.
    #[error("it is from another issuer")]
    Issuer,
    /// `aud` does not name this app.
    #[error("it is for another app")]
    Audience,
}

impl From<JwsError> for UserInfoError {
    /// Told in the text, and so no further link of a chain: that would say it twice.
    fn from(cause: JwsError) -> Self {
        Self::Signature(cause)
    }
}

/// Who is asked, and for whom.
pub(crate) struct Asked<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
}

/// Verifies and reads signed userinfo: it names its issuer and this app. Which algorithm the app has registered for it is not known
/// here: any that we verify, by a key of this server.
pub(crate) fn read_signed(
    text: &str,
    keys: &KeySet,
    asked: &Asked<'_>,
) -> Result<Map<String, Value>, UserInfoError> {
    let verified = verify(text, keys, &Expected { typ: &[Typ::IdToken], algorithms: &Algorithm::ALL })?;
    ensure_strict(&verified.payload).map_err(|_| UserInfoError::Claims)?;
    let claims: Map<String, Value> =
        serde_json::from_slice(&verified.payload).map_err(|_| UserInfoError::Claims)?;
    if claims.get("iss").and_then(Value::as_str) != Some(asked.issuer) {
        return Err(UserInfoError::Issuer);
    }
    let audience = claims.get("aud").cloned().and_then(|aud| serde_json::from_value::<Audience>(aud).ok());
    if audience.is_none_or(|audience| !audience.contains(asked.client_id)) {
        return Err(UserInfoError::Audience);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use proofkey_jose::SigningKey;
    use serde_json::json;

    use super::*;

    #[test]
    fn k_58_signed_userinfo_is_believed_only_from_this_issuer_to_this_app() {
        let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = KeySet::new([key.verifying_key().clone()]);
        let asked = Asked { issuer: "https://id.example", client_id: "app" };
        let read = |key: &SigningKey, claims: &Value| {
            read_signed(&key.sign(Typ::IdToken, claims).unwrap(), &keys, &asked)
        };
        let good = json!({"iss": "https://id.example", "aud": ["other", "app"], "sub": "1", "name": "Ada"});
        assert_eq!(read(&key, &good).unwrap()["name"], "Ada");
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            read(&key, &claims).unwrap_err()
        };
        assert_eq!(with("iss", json!("https://evil.example")), UserInfoError::Issuer);
        assert_eq!(with("iss", json!(null)), UserInfoError::Issuer);
        assert_eq!(with("aud", json!("other")), UserInfoError::Audience);
        assert_eq!(with("aud", json!(null)), UserInfoError::Audience);
        assert!(matches!(read(&other, &good), Err(UserInfoError::Signature(_))));
        assert!(read_signed("eyJhbGciOiJub25lIn0.e30.", &keys, &asked).is_err());
    }
}
