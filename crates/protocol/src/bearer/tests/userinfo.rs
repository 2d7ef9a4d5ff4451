//! What an access token opens at userinfo.

use proofkey_jose::claims::Audience;

use super::{Shown, Spoil};
use crate::fixtures::NOTES;
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
