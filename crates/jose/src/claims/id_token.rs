//! The claims of an ID token (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Audience, NumericDate};
use crate::verify::not_null;

/// The claims of an ID token. Optional claims may be absent, but not `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer identifier of the OpenID provider.
    pub iss: String,
    /// The id of the user, unique at this issuer.
    pub sub: String,
    /// The client, and other parties for which the token is meant.
    pub aud: Audience,
    /// The client that it was issued to, if `aud` names other parties too.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// The instant from which it must be refused.
    pub exp: NumericDate,
    /// When it was issued, by the issuer's clock.
    pub iat: NumericDate,
    /// When the user signed in.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<NumericDate>,
    /// The client's own value from the authorization request: binds the token to the request.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Binds the access token that came along (§3.1.3.6).
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The id of the browser session in which the user signed in.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// How strongly the user was authenticated.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The methods by which the user was authenticated (RFC 8176).
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// What it says of the user (§5.1) where it is issued. What a token says that is read is not kept here: those who sign people in
    /// ask userinfo.
    #[serde(flatten, skip_deserializing)]
    pub user: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::claims::parse;

    #[test]
    fn claims_round_trip_and_absent_ones_are_not_written() {
        let json = json!({"iss": "https://id.example", "sub": "ada", "aud": "app", "exp": 2, "iat": 1,
                          "nonce": "n", "amr": ["pwd"]});
        let read: IdTokenClaims = parse(json.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), json);
    }

    #[test]
    fn pk_13_what_a_token_says_of_its_user_stands_beside_its_own_claims() {
        let json = json!({"iss": "https://id.example", "sub": "ada", "aud": "app", "exp": 2, "iat": 1});
        let mut claims: IdTokenClaims = parse(json.to_string().as_bytes()).unwrap();
        claims.user.insert("email_verified".into(), json!(true));
        let mut expected = json;
        expected["email_verified"] = json!(true);
        assert_eq!(serde_json::to_value(&claims).unwrap(), expected);
        let read: IdTokenClaims = parse(expected.to_string().as_bytes()).unwrap();
        assert!(read.user.is_empty());
    }

    #[test]
    fn v_71_v_76_wrong_types_are_refused() {
        let base = json!({"iss": "i", "sub": "s", "aud": "a", "exp": 2, "iat": 1});
        assert!(parse::<IdTokenClaims>(base.to_string().as_bytes()).is_ok());
        for (name, wrong) in [
            ("exp", json!("9999999999")),
            ("exp", json!(null)),
            ("iat", json!([])),
            ("auth_time", json!("1")),
            ("nonce", json!(null)),
            ("nonce", json!(["n"])),
            ("azp", json!(1)),
            ("aud", json!([])),
        ] {
            let mut claims = base.clone();
            claims[name] = wrong.clone();
            assert!(parse::<IdTokenClaims>(claims.to_string().as_bytes()).is_err(), "{name}: {wrong}");
        }
    }
}
