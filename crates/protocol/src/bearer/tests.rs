//! Access tokens that come back: who may use, see and revoke them.

use std::sync::Arc;

use proofkey_jose::claims::{AccessTokenClaims, Audience, NumericDate};
use proofkey_oauth::{IntrospectionResponse, Issuer};
use serde_json::json;

use super::{
    Caller, Revocable, TokenFacts, grant_named, introspect, introspect_refresh, live, revoke, userinfo,
};
use crate::client::Client;
use crate::commit::Commit;
use crate::facts::{GrantFacts, SubjectFacts};
use crate::fixtures::{
    ISSUER, MAIL, NOTES, NOW, World, authenticated, client, client_named, confidential, grant, keys,
    resources, subject,
};
use crate::ids::{GrantId, TokenId};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// A token of Ada's for the notes API, and all that it lives by.
struct Shown {
    claims: AccessTokenClaims,
    facts: Option<(GrantFacts, SubjectFacts)>,
    revoked: bool,
    client: Option<Arc<Client>>,
}

impl Shown {
    fn new() -> Self {
        let (_, subject) = subject(&mut World::new());
        let grant = grant(subject.session.as_ref().unwrap(), "openid email offline_access read");
        let claims = AccessTokenClaims {
            iss: ISSUER.into(),
            sub: "u-ada".into(),
            aud: Audience::several(vec![NOTES.into(), ISSUER.into()]).unwrap(),
            client_id: "app".into(),
            scope: Some("openid email read".into()),
            iat: NumericDate::from(NOW.seconds() - 10),
            exp: NumericDate::from(NOW.seconds() + 10),
            nbf: None,
            jti: TokenId([4; 16]).to_string(),
            auth_time: None,
            acr: None,
            amr: None,
            sid: None,
            grant_id: Some(grant.id.to_string()),
        };
        Self { claims, facts: Some((grant, subject)), revoked: false, client: Some(confidential(json!({}))) }
    }

    /// A token that the client asked for by itself.
    fn of_the_client() -> Self {
        let mut shown = Self::new();
        shown.claims.sub = "app".into();
        shown.claims.grant_id = None;
        shown.facts = None;
        shown
    }

    fn facts(&self) -> TokenFacts<'_> {
        TokenFacts { grant: self.facts.as_ref(), revoked: self.revoked, client: self.client.as_deref() }
    }

    fn live(&self) -> Option<Refusal> {
        live(&self.claims, &self.facts(), NOW).err()
    }

    fn userinfo(&self) -> Result<String, Refusal> {
        let issuer = Issuer::parse(ISSUER).unwrap();
        let token = live(&self.claims, &self.facts(), NOW)?;
        userinfo(&token, &issuer).map(|(user, scope)| format!("{} {scope}", user.id))
    }

    /// What introspection answers; one that does not live is told to nobody.
    fn introspect(&self, caller: &Caller) -> IntrospectionResponse {
        let token = live(&self.claims, &self.facts(), NOW);
        token.map_or_else(|_| IntrospectionResponse::default(), |token| introspect(caller, &token))
    }
}

type Spoil = fn(&mut Shown);

#[test]
fn in_02_v_30_a_token_lives_while_all_that_it_rests_on_does() {
    let spoils: [(&str, Spoil); 9] = [
        ("revoked by itself", |s| s.revoked = true),
        ("expired", |s| s.claims.exp = NumericDate::from(NOW.seconds())),
        ("client removed", |s| s.client = None),
        ("grant revoked", |s| s.facts.as_mut().unwrap().0.revoked_at = Some(NOW)),
        ("grant over", |s| s.facts.as_mut().unwrap().0.ends_at = NOW),
        ("grant idle", |s| s.facts.as_mut().unwrap().0.expires_at = NOW),
        ("grant gone", |s| s.facts = None),
        ("user disabled", |s| s.facts.as_mut().unwrap().1.user.disabled = true),
        ("no grant, and not the client's own", |s| s.claims.grant_id = None),
    ];
    assert_eq!((Shown::new().live(), Shown::of_the_client().live()), (None, None));
    for (name, spoil) in spoils {
        let mut shown = Shown::new();
        spoil(&mut shown);
        assert_eq!(shown.live(), Some(Refusal::TokenInvalid), "{name}");
        let body =
            serde_json::to_string(&shown.introspect(&Caller::Api(resources(&[NOTES])[0].clone()))).unwrap();
        assert_eq!(body, r#"{"active":false}"#, "{name}");
    }
    let mut own = Shown::of_the_client();
    own.client = Some(client_named("other", json!({})));
    assert_eq!(own.live(), Some(Refusal::TokenInvalid), "tk_16");
}

#[test]
fn in_05_a_token_names_its_grant_or_none() {
    let mut claims = Shown::new().claims;
    assert_eq!(grant_named(&claims), Some(GrantId([5; 16])));
    for garbled in ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        claims.grant_id = Some(garbled.into());
        assert_eq!(grant_named(&claims), None, "{garbled:?}");
    }
}

#[test]
fn ui_02_ui_03_userinfo_is_for_a_users_token_with_openid_for_this_server() {
    let cases: [(Spoil, Result<&str, Refusal>); 6] = [
        (|_| {}, Ok("u-ada openid email read")),
        (|s| s.claims.scope = Some("email read".into()), Err(Refusal::TokenScope)),
        (|s| s.claims.scope = None, Err(Refusal::TokenScope)),
        (|s| s.claims.scope = Some("openid \"".into()), Err(Refusal::TokenScope)),
        (|s| s.claims.aud = Audience::one(NOTES), Err(Refusal::TokenAudience)),
        (|s| s.facts.as_mut().unwrap().1.user.disabled = true, Err(Refusal::TokenInvalid)),
    ];
    for (spoil, expected) in cases {
        let mut shown = Shown::new();
        spoil(&mut shown);
        assert_eq!(shown.userinfo(), expected.map(str::to_owned));
    }
    assert_eq!(Shown::of_the_client().userinfo(), Err(Refusal::TokenInvalid));
}

#[test]
fn in_03_v_34_only_the_tokens_client_and_its_audience_learn_anything() {
    let api = |resource: &str| Caller::Api(resources(&[resource])[0].clone());
    let other = client_named("other", json!({"token_endpoint_auth_method": "client_secret_post"}));
    for (name, caller, learns) in [
        ("its client", Caller::Client(authenticated(&confidential(json!({})))), true),
        ("another client", Caller::Client(authenticated(&other)), false),
        ("a client that proves nothing", Caller::Client(authenticated(&client(json!({})))), false),
        ("its API", api(NOTES), true),
        ("another API", api(MAIL), false),
        ("an API with a longer name", api("https://notes.example/"), false),
    ] {
        for shown in [Shown::new(), Shown::of_the_client()] {
            let response = shown.introspect(&caller);
            assert_eq!(response.active, learns, "{name}");
            if learns {
                assert_eq!(response.sub.as_ref(), Some(&shown.claims.sub));
                assert_eq!(response.username.is_some(), shown.facts.is_some());
                assert_eq!(response.exp.map(|at| at.seconds()), Some(shown.claims.exp.seconds()));
                assert_eq!(response.aud, [NOTES, ISSUER]);
            } else {
                assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"active":false}"#, "{name}");
            }
        }
    }
}

#[test]
fn in_02_in_03_v_34_a_refresh_token_is_told_to_its_client_while_it_is_good() {
    let own = || Caller::Client(authenticated(&confidential(json!({}))));
    let other = client_named("other", json!({"token_endpoint_auth_method": "client_secret_post"}));
    let cases: [(&str, Caller, Spoil, bool); 7] = [
        ("its client", own(), |_| {}, true),
        ("another client", Caller::Client(authenticated(&other)), |_| {}, false),
        ("a client that proves nothing", Caller::Client(authenticated(&client(json!({})))), |_| {}, false),
        ("an API", Caller::Api(resources(&[NOTES])[0].clone()), |_| {}, false),
        ("retired", own(), |s| s.facts.as_mut().unwrap().0.generation = 2, false),
        ("revoked", own(), |s| s.facts.as_mut().unwrap().0.revoked_at = Some(NOW), false),
        ("gone", own(), |s| s.facts = None, false),
    ];
    let issuer = Issuer::parse(ISSUER).unwrap();
    for (name, caller, spoil, active) in cases {
        let mut shown = Shown::new();
        spoil(&mut shown);
        let text = RefreshToken::issue(GrantId([5; 16]), 1, &mut World::new().cx());
        let token = RefreshToken::read(&keys(), text.expose()).unwrap();
        let response = introspect_refresh(&caller, &token, shown.facts.as_ref(), NOW, &issuer);
        assert_eq!(response.active, active, "{name}");
        if !active {
            assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"active":false}"#, "{name}");
        }
    }
}

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
