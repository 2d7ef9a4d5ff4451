//! What an ID token says of its user, by grant and granted scope.

use serde_json::{Value, json};

use super::{Redemption, Refreshing};
use crate::fixtures::{bob, client, consent, implied, scope, user_record};
use crate::records::UserRecord;

fn ada() -> UserRecord {
    let claims = json!({"name": "Ada Lovelace", "email": "ada@mail.test", "email_verified": true});
    UserRecord { claims: claims.as_object().unwrap().clone(), ..user_record("ada") }
}

/// The members of the user in an ID token; `null` where there is no ID token.
fn redeemed(claims: &[&str], granted: &str, record: Option<UserRecord>) -> Value {
    let mut redemption = Redemption::by(client(json!({
        "scope": "openid profile email address phone offline_access read", "id_token_claims": claims,
    })));
    redemption.code().scope = scope(granted);
    redemption.code().apis = implied(granted);
    redemption.facts.subject.as_mut().unwrap().consent = Some(consent(granted));
    redemption.record = record;
    let issue = redemption.redeem().outcome.unwrap();
    issue.id.map_or(Value::Null, |id| Value::Object(id.user))
}

#[test]
fn pk_13_tk_18_an_id_token_says_what_the_client_asked_for_and_the_person_allowed() {
    let cases: [(&[&str], &str, Value); 6] = [
        (&[], "openid profile email", json!({})),
        (
            &["email", "name"],
            "openid profile email",
            json!({"email": "ada@mail.test", "name": "Ada Lovelace"}),
        ),
        (&["email", "name"], "openid profile", json!({"name": "Ada Lovelace"})),
        (&["email", "name"], "openid", json!({})),
        (&["preferred_username", "nickname"], "openid profile", json!({"preferred_username": "ada"})),
        (&["email_verified"], "read", Value::Null),
    ];
    for (claims, granted, expected) in cases {
        assert_eq!(redeemed(claims, granted, Some(ada())), expected, "{claims:?} {granted}");
    }
}

#[test]
fn pk_13_the_record_of_another_user_says_nothing() {
    let other = UserRecord { id: bob().id, ..ada() };
    assert_eq!(redeemed(&["email"], "openid email", Some(other)), json!({}));
    assert_eq!(redeemed(&["email"], "openid email", None), json!({}));
}

#[test]
fn pk_13_ui_03_a_refresh_for_a_narrower_scope_says_less() {
    let cases = [
        ("", json!({"email": "ada@mail.test", "name": "Ada Lovelace"})),
        ("openid email", json!({"email": "ada@mail.test"})),
        ("openid read", json!({})),
        ("email read", Value::Null),
    ];
    for (sent, expected) in cases {
        let granted = "openid profile email offline_access read";
        let mut refreshing = Refreshing::by(client(json!({
            "scope": granted, "id_token_claims": ["email", "name"],
        })));
        refreshing.grant().scope = scope(granted);
        refreshing.grant().apis = implied(granted);
        refreshing.subject().consent = Some(consent(granted));
        refreshing.record = Some(ada());
        refreshing.send("scope", sent);
        let issue = refreshing.refresh().outcome.unwrap();
        assert_eq!(issue.id.map_or(Value::Null, |id| Value::Object(id.user)), expected, "{sent}");
    }
}

#[test]
fn pk_13_a_record_is_asked_for_where_a_token_would_say_something_of_it_and_nowhere_else() {
    let client =
        |claims: &[&str]| client(json!({"scope": "openid profile email", "id_token_claims": claims}));
    for (claims, granted, needs) in [
        (&[][..], "openid profile email", false),
        (&["email"], "openid profile", false),
        (&["email"], "openid email", true),
        (&["email"], "email", false),
    ] {
        assert_eq!(client(claims).needs_user(&scope(granted)), needs, "{claims:?} {granted}");
    }
}
