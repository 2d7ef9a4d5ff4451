//! The reasons of a preview: one for each part, and the right one.

use std::collections::HashSet;

use proofkey_server::admin::{Part, PreviewRequest, PreviewedTokens, Reason, TokenPreview};
use proofkey_testkit::{TestServer, TestUser, fixtures};
use serde_json::{Value, json};

use super::{asked, check_same, real_as};
use crate::id_token_claims::reader;

/// Every scope that was asked for, every claim and every audience has one reason, which says what is so; and so has every claim
/// that the client is registered for in ID tokens.
pub(super) fn check_reasons(tokens: &PreviewedTokens, request: &PreviewRequest, id_token_claims: &[&str]) {
    let of = |part: Part| tokens.reasons.iter().filter(move |reason| reason.part == part);
    let given = |part| {
        of(part).filter(|reason| reason.is_given).map(|reason| reason.name.clone()).collect::<Vec<_>>()
    };
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(given(Part::AccessTokenClaim), keys(&tokens.access_token.claims));
    if let Some(id_token) = &tokens.id_token {
        assert_eq!(given(Part::IdTokenClaim), keys(&id_token.claims));
        for claim in id_token_claims {
            assert_eq!(of(Part::IdTokenClaim).filter(|reason| reason.name == *claim).count(), 1, "{claim}");
        }
    }
    for part in [Part::AccessTokenClaim, Part::IdTokenClaim, Part::UserinfoClaim] {
        let names: HashSet<_> = of(part).map(|reason| &reason.name).collect();
        assert_eq!(names.len(), of(part).count(), "{part:?}: each once");
    }
    let scope = tokens.access_token.claims["scope"].as_str().unwrap_or_default();
    let mut in_token: Vec<_> =
        scope.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect();
    let mut named = given(Part::Scope);
    in_token.sort();
    named.sort();
    assert_eq!(named, in_token, "{request:?}");
    if let Some(sent) = &request.scope {
        assert_eq!(of(Part::Scope).count(), sent.split(' ').count(), "{request:?}");
    }
    let audience = match &tokens.access_token.claims["aud"] {
        Value::String(one) => vec![one.clone()],
        several => several.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
    };
    let mut named = given(Part::Audience);
    let mut audience = audience;
    named.sort();
    audience.sort();
    assert_eq!(named, audience, "{request:?}");
    assert!(tokens.reasons.iter().all(|reason| !reason.why.contains("no row")), "{:?}", tokens.reasons);
}

async fn previewed(server: &TestServer, request: &PreviewRequest) -> PreviewedTokens {
    match server.admin().preview_token(request).await.unwrap() {
        TokenPreview::Issued(tokens) => *tokens,
        refused @ TokenPreview::Refused { .. } => panic!("{refused:?}"),
    }
}

#[tokio::test]
async fn pk_13_a_preview_says_of_each_claim_that_the_client_asked_for_why_it_is_in_the_id_token_or_is_not() {
    let server = TestServer::start().await;
    let claims = ["email", "nickname", "website", "name"];
    let client = reader(&server, &claims).await;
    let user = TestUser { username: "ada-of-long-words".into(), ..fixtures::ada() };
    let website = "w".repeat(2_049 - "\"website\":\"\",".len());
    let _sub = server.user(&user, json!({"name": "Ada", "email": "a@example.com", "website": website})).await;
    let request = PreviewRequest {
        username: Some(user.username.clone()),
        ..asked(&client, Some("openid profile"), &[], &[])
    };
    let preview = previewed(&server, &request).await;
    check_same(&server, &preview, &real_as(&server, &client, &request, &user).await.unwrap()).await;
    check_reasons(&preview, &request, &claims);
    for (name, is_given, words, standard) in [
        ("email", false, "the scope email is not granted", "OpenID Connect Core §5.4"),
        ("nickname", false, "the user has no such claim", "OpenID Connect Core §5.4"),
        ("website", false, "2048 bytes; userinfo tells it to an access token for this server", "-"),
        ("name", true, "the scope profile opens it", "OpenID Connect Core §5.4"),
    ] {
        let is_it = |reason: &&Reason| reason.part == Part::IdTokenClaim && reason.name == name;
        let reason = preview.reasons.iter().find(is_it).unwrap();
        assert_eq!((reason.is_given, reason.standard), (is_given, standard), "{reason:?}");
        assert!(
            reason.why.starts_with("id_token_claims has it") && reason.why.ends_with(words),
            "{reason:?}"
        );
    }
    assert_eq!(preview.userinfo.unwrap()["website"], json!(website));
}

#[tokio::test]
async fn pk_13_a_preview_names_every_claim_of_the_user_that_userinfo_withholds() {
    let server = TestServer::start().await;
    let request = asked(&fixtures::spa(), Some("openid email"), &[], &[]);
    let preview = previewed(&server, &request).await;
    let of_userinfo = preview.reasons.iter().filter(|reason| reason.part == Part::UserinfoClaim);
    let (given, withheld): (Vec<_>, Vec<_>) = of_userinfo.partition(|reason| reason.is_given);
    let names =
        |reasons: &[&Reason]| reasons.iter().map(|reason| reason.name.clone()).collect::<HashSet<_>>();
    let expected = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<HashSet<_>>();
    assert_eq!(names(&given), expected(&["sub", "email", "email_verified"]));
    // The name to sign in with is a claim by the table, and in no record.
    let of_profile = ["name", "given_name", "family_name", "locale", "updated_at", "preferred_username"];
    assert_eq!(names(&withheld), expected(&of_profile));
    assert!(
        withheld.iter().all(|reason| reason.why == "the scope profile is not in the token"),
        "{withheld:?}"
    );
}
