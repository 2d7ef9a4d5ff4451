//! What an access token opens at userinfo.

use proofkey_jose::claims::Audience;
use proofkey_oauth::Scope;
use serde_json::{Value, json};

use super::{Shown, Spoil};
use crate::bearer::OpenedClaims;
use crate::fixtures::{NOTES, user, user_record};
use crate::ids::UserId;
use crate::records::UserRecord;
use crate::refusal::Refusal;

#[test]
fn ui_02_ui_03_userinfo_is_for_a_users_token_with_openid_for_this_server() {
    let cases: [(Spoil, Result<&str, Refusal>); 6] = [
        (|_| {}, Ok("u-ada openid email read")),
        (|s| s.claims.scope = Some("email read".into()), Err(Refusal::TokenScope)),
        (|s| s.claims.scope = None, Err(Refusal::TokenScope)),
        (|s| s.claims.scope = Some("openid \"".into()), Err(Refusal::TokenScope)),
        (|s| s.claims.aud = Audience::one(NOTES), Err(Refusal::TokenAudience)),
        (|s| s.subject().user.disabled = true, Err(Refusal::TokenInvalid)),
    ];
    for (spoil, expected) in cases {
        let mut shown = Shown::new();
        spoil(&mut shown);
        assert_eq!(shown.userinfo(), expected.map(str::to_owned));
    }
    assert_eq!(Shown::of_the_client().userinfo(), Err(Refusal::TokenInvalid));
}

#[test]
fn ui_02_ui_03_the_record_is_asked_for_where_the_scope_opens_a_claim_of_it() {
    let user = user();
    let record = |claims: Value| {
        let claims = claims.as_object().unwrap().clone();
        UserRecord { claims, ..user_record("Ada") }
    };
    let plain = json!({"name": "Ada Lovelace", "email": "ada@mail.test"});
    let named = json!({"preferred_username": "countess"});
    let cases = [
        ("openid", false, &plain, json!({"sub": "u-ada"})),
        ("openid offline_access", false, &plain, json!({"sub": "u-ada"})),
        // A scope of an API opens nothing here.
        ("openid notes:read emails", false, &plain, json!({"sub": "u-ada"})),
        ("openid phone", true, &plain, json!({"sub": "u-ada"})),
        ("openid address", true, &plain, json!({"sub": "u-ada"})),
        ("openid email", true, &plain, json!({"sub": "u-ada", "email": "ada@mail.test"})),
        (
            "openid profile",
            true,
            &plain,
            json!({"sub": "u-ada", "name": "Ada Lovelace", "preferred_username": "Ada"}),
        ),
        ("openid profile", true, &named, json!({"sub": "u-ada", "preferred_username": "countess"})),
    ];
    for (scope, more, claims, expected) in cases {
        let opened = OpenedClaims { user: &user, scope: Scope::parse(scope).unwrap() };
        assert_eq!(opened.answer(Some(&record(claims.clone()))).map(Value::Object), Ok(expected), "{scope}");
        assert_eq!(opened.needs(), more.then_some(&UserId::new("u-ada")), "{scope}");
        assert_eq!(opened.answer(None).err(), more.then_some(Refusal::TokenInvalid), "{scope}");
    }
}
