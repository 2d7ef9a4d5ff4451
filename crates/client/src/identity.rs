//! The person who signed in, as far as the server tells: the subject from the ID token, names from userinfo
//! (OpenID Connect Core §5.3).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, shown};

/// A person, or what the server says of one. Only `subject` identifies; names can change and repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The server's own id of the person.
    pub subject: String,
    /// The full name, for display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that is typed to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The mail address, verified or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The names of claims that the server leaves to others: aggregated and distributed claims (OpenID Connect Core §5.6.2), which
    /// this library neither fetches nor believes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
}

/// Most claims of others that are named.
const ELSEWHERE_MAX: usize = 32;

impl Identity {
    pub(crate) const fn of(subject: String) -> Self {
        Self { subject, name: None, username: None, email: None, elsewhere: Vec::new() }
    }

    /// Adds what userinfo tells, after checking that it tells of the same person: a swapped access token would
    /// otherwise give one person the names of another (Core §5.3.2).
    pub(crate) fn with_claims(&self, claims: &Map<String, Value>) -> Result<Self, Error> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = text("sub").ok_or(Error::UserInfoMalformed)?;
        if subject != self.subject {
            return Err(Error::SubjectDiffers);
        }
        let (name, username, email) = (text("name"), text("preferred_username"), text("email"));
        let elsewhere = claims.get("_claim_names").and_then(Value::as_object);
        let elsewhere = elsewhere.into_iter().flat_map(Map::keys).take(ELSEWHERE_MAX).map(|name| shown(name));
        Ok(Self { subject, name, username, email, elsewhere: elsewhere.collect() })
    }

    /// Name, else username, else mail address, else subject; without characters that control a terminal or turn the
    /// writing direction.
    pub fn display_name(&self) -> String {
        let steers = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let best = [&self.name, &self.username, &self.email].into_iter().flatten().next();
        best.unwrap_or(&self.subject).chars().filter(|c| !steers(*c)).take(100).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cl_11_userinfo_is_of_the_same_person_or_discarded() {
        let ada = Identity::of("1".into());
        let claims = |value: Value| value.as_object().cloned().unwrap();
        let named =
            ada.with_claims(&claims(json!({"sub": "1", "name": "Ada\u{1b}[2J", "email": 7}))).unwrap();
        assert_eq!((named.display_name(), named.email), ("Ada[2J".into(), None));
        assert!(matches!(ada.with_claims(&claims(json!({"sub": "2"}))), Err(Error::SubjectDiffers)));
        assert!(matches!(ada.with_claims(&claims(json!({"name": "Ada"}))), Err(Error::UserInfoMalformed)));
        assert_eq!(ada.display_name(), "1");
    }

    #[test]
    fn k_58_claims_that_others_tell_are_named_and_not_believed() {
        let claims = json!({"sub": "1", "_claim_names": {"email": "src1", "na\u{1b}me": "src1"},
            "_claim_sources": {"src1": {"JWT": "eyJ"}}});
        let told = Identity::of("1".into()).with_claims(claims.as_object().unwrap()).unwrap();
        assert_eq!(told.elsewhere.len(), 2);
        assert!(told.elsewhere.iter().all(|name| !name.contains('\u{1b}')) && told.email.is_none());
        let kept: Identity = serde_json::from_str(r#"{"subject":"1"}"#).unwrap();
        assert!(kept.elsewhere.is_empty(), "as an earlier release kept it");
    }
}
