//! What introspection tells, and to which callers.

use proofkey_oauth::{AuthMethod, ClientCredentials, PresentedCredentials, Secret};
use serde_json::json;

use super::{Shown, Spoil};
use crate::api::Apis;
use crate::bearer::{IntrospectionCaller, introspect_refresh};
use crate::fixtures::{
    self, ISSUER, MAIL, NOTES, NOW, World, api, authenticated, client, client_named, confidential, keys,
};
use crate::ids::{ApiId, GrantId};
use crate::records::{ApiRecord, RegisteredApi};
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

#[test]
fn in_01_an_api_asks_by_its_credential_and_of_clients_only_a_confidential_one() {
    let credential = Secret::new("the API's own".into()).hash();
    let apis = Apis::new(vec![
        RegisteredApi {
            id: ApiId(1),
            record: ApiRecord { introspection: Some(credential), ..api(1, NOTES, &["read"]).record },
        },
        api(2, MAIL, &["send"]),
    ]);
    let present = |method, client_id: &str, secret: &str| {
        let (client_id, secret) = (client_id.to_owned(), Secret::new(secret.to_owned()));
        PresentedCredentials::Present(match method {
            AuthMethod::None => ClientCredentials::None { client_id },
            AuthMethod::ClientSecretBasic => ClientCredentials::Basic { client_id, secret },
            AuthMethod::ClientSecretPost => ClientCredentials::Post { client_id, secret },
        })
    };
    let (basic, post, none) = (AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None);
    let method = confidential(json!({})).authentication;
    for (name, presented, client, expected) in [
        ("the API", present(basic, NOTES, "the API's own"), None, Ok(NOTES)),
        ("the API, in the form", present(post, NOTES, "the API's own"), None, Ok(NOTES)),
        ("a wrong credential", present(basic, NOTES, "the API's"), None, Err(Refusal::ClientSecretWrong)),
        ("no credential", present(none, NOTES, ""), None, Err(Refusal::ClientAuthenticationMissing)),
        ("an API without one", present(basic, MAIL, ""), None, Err(Refusal::ClientUnknown)),
        ("a client", present(method, "app", "the secret"), Some(confidential(json!({}))), Ok("app")),
        (
            "a public client",
            present(none, "app", ""),
            Some(client(json!({}))),
            Err(Refusal::ClientAuthenticationMissing),
        ),
        ("no client", PresentedCredentials::Absent, None, Err(Refusal::ClientAuthenticationMissing)),
    ] {
        let asks = IntrospectionCaller::authenticate(&presented, client, &apis, NOW).result();
        let found = asks.map(|caller| match caller {
            IntrospectionCaller::Api(resource) => resource.to_string(),
            IntrospectionCaller::Client(client) => client.client().id.to_string(),
        });
        assert_eq!(found, expected.map(str::to_owned), "{name}");
    }
}

#[test]
fn in_03_v_34_only_the_tokens_client_and_its_audience_learn_anything() {
    let api = |resource: &str| IntrospectionCaller::Api(fixtures::resource(resource));
    let other = client_named("other", json!({"token_endpoint_auth_method": "client_secret_post"}));
    for (name, caller, learns) in [
        ("its client", IntrospectionCaller::Client(authenticated(&confidential(json!({})))), true),
        ("another client", IntrospectionCaller::Client(authenticated(&other)), false),
        (
            "a client that proves nothing",
            IntrospectionCaller::Client(authenticated(&client(json!({})))),
            false,
        ),
        ("its API", api(NOTES), true),
        ("another API", api(MAIL), false),
        ("an API with a longer name", api("https://notes.example/"), false),
    ] {
        for shown in [Shown::new(), Shown::of_the_client()] {
            let response = shown.introspect(&caller);
            assert_eq!(response.active, learns, "{name}");
            if learns {
                assert_eq!(response.sub.as_ref(), Some(&shown.claims.sub));
                assert_eq!(response.username.is_some(), shown.grant.is_some());
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
    let own = || IntrospectionCaller::Client(authenticated(&confidential(json!({}))));
    let other = client_named("other", json!({"token_endpoint_auth_method": "client_secret_post"}));
    let cases: [(&str, IntrospectionCaller, Spoil, bool); 7] = [
        ("its client", own(), |_| {}, true),
        ("another client", IntrospectionCaller::Client(authenticated(&other)), |_| {}, false),
        (
            "a client that proves nothing",
            IntrospectionCaller::Client(authenticated(&client(json!({})))),
            |_| {},
            false,
        ),
        ("an API", IntrospectionCaller::Api(fixtures::resource(NOTES)), |_| {}, false),
        ("retired", own(), |s| s.grant().refresh.generation = 2, false),
        ("revoked", own(), |s| s.grant().revoked_at = Some(NOW), false),
        ("gone", own(), |s| s.grant = None, false),
    ];
    let mut world = World::new();
    for (name, caller, spoil, active) in cases {
        let mut shown = Shown::new();
        spoil(&mut shown);
        let text = RefreshToken::issue(GrantId([5; 16]), 1, &mut world.cx());
        let token = RefreshToken::read(&keys(), text.expose()).unwrap();
        let response = introspect_refresh(&caller, &token, shown.grant.as_ref(), &world.cx());
        assert_eq!(response.active, active, "{name}");
        if !active {
            assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"active":false}"#, "{name}");
        }
    }
}
