//! Which claims a scope opens (OpenID Connect Core §5.4), and which a user may have at all (§5.1).

use proofkey_oauth::Scope;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::records::UserRecord;

/// The standard claims by the scope that opens them, with the type each must have.
const CLAIMS: [(&str, &[(&str, Kind)]); 4] = [
    (
        "profile",
        &[
            ("name", Kind::Text),
            ("family_name", Kind::Text),
            ("given_name", Kind::Text),
            ("middle_name", Kind::Text),
            ("nickname", Kind::Text),
            ("preferred_username", Kind::Text),
            ("profile", Kind::Text),
            ("picture", Kind::Text),
            ("website", Kind::Text),
            ("gender", Kind::Text),
            ("birthdate", Kind::Text),
            ("zoneinfo", Kind::Text),
            ("locale", Kind::Text),
            ("updated_at", Kind::Number),
        ],
    ),
    ("email", &[("email", Kind::Text), ("email_verified", Kind::Truth)]),
    ("address", &[("address", Kind::Object)]),
    ("phone", &[("phone_number", Kind::Text), ("phone_number_verified", Kind::Truth)]),
];
/// Longest text of one claim, in bytes.
const CLAIM_BYTES_MAX: usize = 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
    Object,
}

/// A claim that a user cannot have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClaimRefused {
    /// Not one of the standard claims.
    #[error("`{0}` is not a standard claim (OpenID Connect Core §5.1)")]
    Unknown(String),
    /// Of the wrong JSON type, empty, or too long.
    #[error("the claim `{0}` has a value of the wrong type, or an empty or overlong one")]
    Value(String),
}

impl ClaimRefused {
    /// The name of the claim.
    pub fn claim(&self) -> &str {
        match self {
            Self::Unknown(claim) | Self::Value(claim) => claim,
        }
    }
}

/// Checks the claims of a user: known ones, of their types, never null or empty.
pub fn check_claims(claims: &Map<String, Value>) -> Result<(), ClaimRefused> {
    for (name, value) in claims {
        let kind = kind_of(name).ok_or_else(|| ClaimRefused::Unknown(name.clone()))?;
        let ok = match (kind, value) {
            (Kind::Text, Value::String(text)) => !text.is_empty() && text.len() <= CLAIM_BYTES_MAX,
            (Kind::Number, Value::Number(number)) => number.is_u64(),
            (Kind::Truth, Value::Bool(_)) => true,
            (Kind::Object, Value::Object(members)) => {
                let text = |value: &Value| {
                    value.as_str().is_some_and(|text| !text.is_empty() && text.len() <= CLAIM_BYTES_MAX)
                };
                !members.is_empty() && members.values().all(text)
            }
            _ => false,
        };
        if !ok {
            return Err(ClaimRefused::Value(name.clone()));
        }
    }
    Ok(())
}

/// The claims of a user that a scope opens.
pub fn claims(scope: &Scope, user: &Map<String, Value>) -> Map<String, Value> {
    let opened = CLAIMS.iter().filter(|(name, _)| scope.contains(name)).flat_map(|(_, claims)| claims.iter());
    opened.filter_map(|(name, _)| user.get(*name).map(|value| ((*name).to_owned(), value.clone()))).collect()
}

/// The same as userinfo answers it: a user without a short name of their own is shown by the name to sign in with.
pub(crate) fn opened(scope: &Scope, user: &UserRecord) -> Map<String, Value> {
    let mut opened = claims(scope, &user.claims);
    if scope.contains("profile") {
        opened.entry("preferred_username").or_insert_with(|| Value::String(user.username.clone()));
    }
    opened
}

/// The scope that opens a claim; `None` for one that no scope opens.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    CLAIMS.iter().find(|(_, claims)| claims.iter().any(|(name, _)| *name == claim)).map(|(scope, _)| *scope)
}

/// The names of every claim that userinfo can return.
pub fn claim_names() -> impl Iterator<Item = &'static str> {
    CLAIMS.iter().flat_map(|(_, claims)| claims.iter().map(|(name, _)| *name))
}

fn kind_of(name: &str) -> Option<Kind> {
    CLAIMS
        .iter()
        .flat_map(|(_, claims)| claims.iter())
        .find(|(known, _)| *known == name)
        .map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ui_03_a_scope_opens_its_own_claims_and_no_others() {
        let user =
            json!({"name": "Ada", "email": "ada@example.com", "email_verified": true, "phone_number": "+1"});
        let Value::Object(user) = user else { panic!() };
        let names =
            |scope: &str| claims(&Scope::parse(scope).unwrap(), &user).keys().cloned().collect::<Vec<_>>();
        assert!(names("openid").is_empty());
        assert_eq!(names("openid profile"), ["name"]);
        assert_eq!(names("openid email phone"), ["email", "email_verified", "phone_number"]);
    }

    #[test]
    fn lg_16_claims_are_standard_and_of_their_types() {
        let check = |value: Value| check_claims(value.as_object().unwrap());
        assert_eq!(
            check(
                json!({"name": "Ada", "updated_at": 1, "address": {"country": "UK"}, "email_verified": false})
            ),
            Ok(())
        );
        assert!(matches!(check(json!({"admin": true})), Err(ClaimRefused::Unknown(_))));
        for bad in [
            json!({"name": null}),
            json!({"name": ""}),
            json!({"email_verified": "true"}),
            json!({"updated_at": "1"}),
            json!({"address": {}}),
        ] {
            assert!(matches!(check(bad), Err(ClaimRefused::Value(_))));
        }
    }
}
