//! Whose tokens may be revoked, and what is written.

use proofkey_jose::claims::NumericDate;
use serde_json::json;

use super::Shown;
use crate::bearer::{Revocable, revoke};
use crate::commit::Commit;
use crate::fixtures::{NOW, World, authenticated, client, client_named, keys};
use crate::ids::{GrantId, TokenId};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

#[test]
fn rv_01_rv_02_rv_03_v_32_a_client_revokes_its_own_tokens_and_nothing_else() {
    let shown = Shown::new();
    let text = RefreshToken::issue(GrantId([5; 16]), 1, &mut World::new().cx());
    let token = RefreshToken::read(&keys(), text.expose()).unwrap();
    let (app, other) = (client(json!({})), client_named("other", json!({})));
    let foreign = Some(Refusal::TokenOfAnotherClient);
    for (found, client, refusal, written) in [
        (Revocable::Refresh(&token, &app.id), &app, None, "grant"),
        (Revocable::Refresh(&token, &app.id), &other, foreign.clone(), "nothing"),
        (Revocable::Access(&shown.claims), &app, None, "token"),
        (Revocable::Access(&shown.claims), &other, foreign, "nothing"),
        (Revocable::Unknown, &app, None, "nothing"),
        (Revocable::Unknown, &other, None, "nothing"),
    ] {
        let verdict = revoke(&found, &authenticated(client), NOW);
        assert_eq!(verdict.outcome.err(), refusal, "{found:?}");
        let wrote = match verdict.commit {
            None => "nothing",
            Some(Commit::RevokeGrant { grant, at }) => {
                assert_eq!((grant, at), (GrantId([5; 16]), NOW));
                "grant"
            }
            Some(Commit::RevokeAccessToken { token, keep_until }) => {
                assert_eq!((token, keep_until), (TokenId([4; 16]), NOW + 10));
                "token"
            }
            Some(commit) => panic!("{commit:?}"),
        };
        assert_eq!(wrote, written, "{found:?}");
    }
}

#[test]
fn rv_01_an_expired_access_token_needs_no_row() {
    let mut claims = Shown::new().claims;
    claims.exp = NumericDate::from(NOW.seconds());
    let verdict = revoke(&Revocable::Access(&claims), &authenticated(&client(json!({}))), NOW);
    assert!(verdict.outcome.is_ok() && verdict.commit.is_none());
}
