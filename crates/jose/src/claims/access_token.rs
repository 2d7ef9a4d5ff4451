//! The claims of an access token (RFC 9068 §2.2).

use serde::{Deserialize, Serialize};

use super::{Audience, NumericDate};
use crate::verify::not_null;

/// The claims of an access token. Optional claims may be absent, but not `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer identifier of the authorization server.
    pub iss: String,
    /// The user, or the client itself when it acts on its own behalf.
    pub sub: String,
    /// The APIs that the token is for.
    pub aud: Audience,
    /// The client that the token was issued to.
    pub client_id: String,
    /// The granted scopes, separated by spaces.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When it was issued, by the issuer's clock.
    pub iat: NumericDate,
    /// The instant from which it must be refused.
    pub exp: NumericDate,
    /// The instant before which it must be refused, if that is later than `iat`.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<NumericDate>,
    /// The id of this token.
    pub jti: String,
    /// When the user signed in.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<NumericDate>,
    /// How strongly the user was authenticated.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The methods by which the user was authenticated (RFC 8176).
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// The id of the browser session in which the user signed in.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The id of the grant from which the token was issued: when that is revoked, so is the token.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// In a token that a client got for itself, where `iat` could not tell it from those of before: when all that the client had
    /// been given was ended last. A later such end has another instant.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NumericDate>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::claims::parse;

    fn claims() -> Value {
        json!({"iss": "https://id.example", "sub": "ada", "aud": "https://api.example", "client_id": "app",
               "scope": "notes:read", "iat": 1, "exp": 601, "jti": "t1"})
    }

    fn read(claims: &Value) -> Result<AccessTokenClaims, crate::claims::ClaimsError> {
        parse(claims.to_string().as_bytes())
    }

    #[test]
    fn md_08_the_claims_round_trip() {
        let read = read(&claims()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), claims());
    }

    #[test]
    fn rs_06_each_required_claim_is_required_and_typed() {
        for name in ["iss", "sub", "aud", "client_id", "iat", "exp", "jti"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(name);
            assert!(read(&without).is_err(), "without {name}");
            for wrong in [json!(null), json!({}), json!(true), json!([])] {
                let mut claims = claims();
                claims[name] = wrong.clone();
                assert!(read(&claims).is_err(), "{name}: {wrong}");
            }
        }
    }

    #[test]
    fn v_71_rs_06_an_optional_claim_of_wrong_type_is_not_an_absent_one() {
        for name in ["nbf", "auth_time", "valid_from"] {
            for wrong in [json!(null), json!("9999999999"), json!([]), json!(-1), json!(1e308)] {
                let mut claims = claims();
                claims[name] = wrong.clone();
                assert!(read(&claims).is_err(), "{name}: {wrong}");
            }
        }
        for name in ["scope", "acr", "sid", "grant_id", "amr"] {
            let mut claims = claims();
            claims[name] = json!(null);
            assert!(read(&claims).is_err(), "{name}");
        }
    }

    #[test]
    fn rs_09_duplicate_members_are_refused_known_or_not() {
        for twice in [r#""exp":1,"exp":2"#, r#""x":1,"x":1"#, r#""y":{"z":1,"z":1}"#] {
            let text = claims().to_string();
            let text = format!("{},{twice}}}", text.strip_suffix('}').unwrap());
            assert!(parse::<AccessTokenClaims>(text.as_bytes()).is_err(), "{twice}");
        }
    }
}
