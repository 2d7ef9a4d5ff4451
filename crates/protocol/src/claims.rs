//! The claims of users: one table of which there are, which scope opens each (OpenID Connect Core §5.4), where its value comes
//! from, and which type it has (§5.1). Userinfo and ID tokens decide by it, and metadata lists it.

use proofkey_oauth::Scope;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::records::UserRecord;

/// A claim of a user.
#[derive(Debug)]
struct Rule {
    name: &'static str,
    /// The scope that opens it.
    scope: &'static str,
    source: Source,
    kind: Kind,
}

/// Where the value of a claim comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// The claims that the operator gave the user.
    Record,
    /// Those, or else the name to sign in with.
    RecordOrUsername,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
    Object,
}

const fn claim(name: &'static str, scope: &'static str, kind: Kind) -> Rule {
    Rule { name, scope, source: Source::Record, kind }
}

/// How many claims there are.
pub const CLAIMS: usize = 19;

/// Every claim of a user. None has the name of a claim that says something of the token itself: a test compares them.
static TABLE: [Rule; CLAIMS] = [
    claim("name", "profile", Kind::Text),
    claim("family_name", "profile", Kind::Text),
    claim("given_name", "profile", Kind::Text),
    claim("middle_name", "profile", Kind::Text),
    claim("nickname", "profile", Kind::Text),
    Rule { name: "preferred_username", scope: "profile", source: Source::RecordOrUsername, kind: Kind::Text },
    claim("profile", "profile", Kind::Text),
    claim("picture", "profile", Kind::Text),
    claim("website", "profile", Kind::Text),
    claim("gender", "profile", Kind::Text),
    claim("birthdate", "profile", Kind::Text),
    claim("zoneinfo", "profile", Kind::Text),
    claim("locale", "profile", Kind::Text),
    claim("updated_at", "profile", Kind::Number),
    claim("email", "email", Kind::Text),
    claim("email_verified", "email", Kind::Truth),
    claim("address", "address", Kind::Object),
    claim("phone_number", "phone", Kind::Text),
    claim("phone_number_verified", "phone", Kind::Truth),
];
/// Longest text of one claim, in bytes.
const CLAIM_BYTES_MAX: usize = 2048;
/// The most that claims of the user take in an ID token, names and values as JSON, in bytes: many clients keep the token in a
/// cookie, and a browser's cookie has 4,096 with its name. A token signed by RS256 fits there where issuer, client_id and nonce have
/// 360 bytes together. What would go beyond the limit is at userinfo.
pub const ID_TOKEN_CLAIMS_BYTES_MAX: usize = 2048;

/// A claim of the table.
#[derive(Clone, Copy, Debug)]
pub struct Claim(&'static Rule);

/// Why a claim that a client asked for is not in an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Its scope was not granted.
    Scope,
    /// The user has none.
    Absent,
    /// With it the claims would take more than [`ID_TOKEN_CLAIMS_BYTES_MAX`].
    Size,
}

/// What an ID token says of its user.
#[derive(Debug, Default)]
pub struct ChosenClaims {
    /// The claims that it carries.
    pub given: Map<String, Value>,
    /// Those that the client asked for and that it does not carry.
    pub withheld: Vec<(Claim, Withheld)>,
}

impl Claim {
    /// The claim of this name; `None` if there is none.
    pub fn find(name: &str) -> Option<Self> {
        TABLE.iter().find(|rule| rule.name == name).map(Self)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The scope that opens it.
    pub const fn scope(self) -> &'static str {
        self.0.scope
    }

    /// What the user has of it, whichever scope opens it.
    pub fn value(self, user: &UserRecord) -> Option<Value> {
        let recorded = user.claims.get(self.0.name).cloned();
        match self.0.source {
            Source::Record => recorded,
            Source::RecordOrUsername => recorded.or_else(|| Some(Value::String(user.username.clone()))),
        }
    }
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

/// The claims of a user that a scope opens, as userinfo tells them.
pub fn opened(scope: &Scope, user: &UserRecord) -> Map<String, Value> {
    let opened = TABLE.iter().map(Claim).filter(|claim| scope.contains(claim.scope()));
    opened.filter_map(|claim| Some((claim.name().to_owned(), claim.value(user)?))).collect()
}

/// Whether a scope token opens any claim beside `sub`.
pub(crate) fn opens_any(scope: &str) -> bool {
    TABLE.iter().any(|rule| rule.scope == scope)
}

/// The claims among these that an ID token carries: those that the granted scope opens and the user has, as far as they take no
/// more than [`ID_TOKEN_CLAIMS_BYTES_MAX`] together. The first ones go before.
pub fn chosen(asked: &[Claim], scope: &Scope, user: Option<&UserRecord>) -> ChosenClaims {
    let (mut chosen, mut bytes) = (ChosenClaims::default(), 0);
    for claim in asked {
        match decided(*claim, scope, user, &mut bytes) {
            Ok(value) => drop(chosen.given.insert(claim.name().to_owned(), value)),
            Err(why) => chosen.withheld.push((*claim, why)),
        }
    }
    chosen
}

fn decided(
    claim: Claim,
    scope: &Scope,
    user: Option<&UserRecord>,
    bytes: &mut usize,
) -> Result<Value, Withheld> {
    if !scope.contains(claim.scope()) {
        return Err(Withheld::Scope);
    }
    let value = user.and_then(|user| claim.value(user)).ok_or(Withheld::Absent)?;
    // Two quotes, a colon and a comma go with each.
    let taken = *bytes + claim.name().len() + value.to_string().len() + 4;
    if taken > ID_TOKEN_CLAIMS_BYTES_MAX {
        return Err(Withheld::Size);
    }
    *bytes = taken;
    Ok(value)
}

/// The names of every claim of a user.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|rule| rule.name)
}

fn kind_of(name: &str) -> Option<Kind> {
    TABLE.iter().find(|rule| rule.name == name).map(|rule| rule.kind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::fixtures::user_record;

    fn with(claims: Value) -> UserRecord {
        let Value::Object(claims) = claims else { panic!() };
        UserRecord { claims, ..user_record("ada") }
    }

    fn asked(names: &[&str]) -> Vec<Claim> {
        names.iter().map(|name| Claim::find(name).unwrap()).collect()
    }

    #[test]
    fn ui_03_a_scope_opens_its_own_claims_and_no_others() {
        let user = with(
            json!({"name": "Ada", "email": "ada@example.com", "email_verified": true, "phone_number": "+1"}),
        );
        let names =
            |scope: &str| opened(&Scope::parse(scope).unwrap(), &user).keys().cloned().collect::<Vec<_>>();
        assert!(names("openid").is_empty());
        assert_eq!(names("openid profile"), ["name", "preferred_username"]);
        assert_eq!(names("openid email phone"), ["email", "email_verified", "phone_number"]);
    }

    #[test]
    fn pk_13_an_id_token_carries_what_was_asked_for_granted_and_is_there() {
        let user = with(json!({"name": "Ada", "email": "ada@example.com"}));
        let check = |names: &[&str], scope: &str, given: Value, withheld: &[(&str, Withheld)]| {
            let found = chosen(&asked(names), &Scope::parse(scope).unwrap(), Some(&user));
            assert_eq!(Value::Object(found.given), given, "{names:?} {scope}");
            let why: Vec<_> = found.withheld.iter().map(|(claim, why)| (claim.name(), *why)).collect();
            assert_eq!(why, withheld, "{names:?} {scope}");
        };
        check(&[], "openid email", json!({}), &[]);
        check(&["email"], "openid email", json!({"email": "ada@example.com"}), &[]);
        check(&["email"], "openid profile", json!({}), &[("email", Withheld::Scope)]);
        check(&["email"], "openid", json!({}), &[("email", Withheld::Scope)]);
        check(
            &["nickname", "name", "email"],
            "openid profile",
            json!({"name": "Ada"}),
            &[("nickname", Withheld::Absent), ("email", Withheld::Scope)],
        );
        check(&["preferred_username"], "openid profile", json!({"preferred_username": "ada"}), &[]);
        let none = chosen(&asked(&["email"]), &Scope::parse("openid email").unwrap(), None);
        assert!(none.given.is_empty(), "a user who is gone has none");
    }

    #[test]
    fn pk_13_claims_of_an_id_token_stay_below_their_size_and_the_first_go_before() {
        let long = |length: usize| "x".repeat(length);
        let user = with(json!({"picture": long(1_500), "website": long(1_500), "name": "Ada"}));
        let scope = Scope::parse("openid profile").unwrap();
        let found = chosen(&asked(&["picture", "website", "name"]), &scope, Some(&user));
        assert_eq!(found.given.keys().collect::<Vec<_>>(), ["name", "picture"]);
        assert_eq!(
            found.withheld.iter().map(|(claim, why)| (claim.name(), *why)).collect::<Vec<_>>(),
            [("website", Withheld::Size)]
        );
        let around = "\"website\":\"\",".len();
        for (bytes, is_given) in [(ID_TOKEN_CLAIMS_BYTES_MAX, true), (ID_TOKEN_CLAIMS_BYTES_MAX + 1, false)] {
            let user = with(json!({"website": long(bytes - around)}));
            let found = chosen(&asked(&["website"]), &scope, Some(&user));
            assert_eq!((found.given.len() == 1, found.withheld.is_empty()), (is_given, is_given), "{bytes}");
        }
    }

    #[test]
    fn pk_13_no_claim_of_a_user_can_take_the_name_of_one_that_says_something_of_the_token() {
        for name in "iss sub aud exp nbf iat jti nonce auth_time acr amr azp sid at_hash c_hash cnf act may_act client_id scope \
                     typ events roles groups"
            .split_whitespace()
        {
            assert!(Claim::find(name).is_none(), "{name}");
        }
        let mut sorted: Vec<_> = names().collect();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), CLAIMS, "and each is there once");
    }

    proptest! {
        #[test]
        fn pk_13_whatever_is_asked_for_nothing_comes_of_a_scope_that_was_not_granted(
            names in proptest::sample::subsequence(names().collect::<Vec<_>>(), 0..=CLAIMS),
            scopes in proptest::sample::subsequence(vec!["openid", "profile", "email", "address", "phone"], 1..=5),
            length in 0_usize..1_200,
        ) {
            let text = "x".repeat(length.max(1));
            let user = with(json!({
                "name": text, "picture": text, "website": text, "email": text, "email_verified": true,
                "phone_number": text, "address": {"country": text},
            }));
            let scope = Scope::parse(&scopes.join(" ")).unwrap();
            let found = chosen(&asked(&names), &scope, Some(&user));
            let all = opened(&scope, &user);
            for (name, value) in &found.given {
                prop_assert!(names.contains(&name.as_str()));
                prop_assert_eq!(all.get(name), Some(value), "as userinfo tells it");
            }
            prop_assert_eq!(found.given.len() + found.withheld.len(), names.len());
            prop_assert!(Value::Object(found.given).to_string().len() <= ID_TOKEN_CLAIMS_BYTES_MAX + 2);
        }
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
