//! Any form, and the client that sends it: `request.rs` and `client.rs` of the table.

use proofkey_oauth::RequiredParameter;
use proofkey_protocol::{Named, Refusal, Unreadable};
use proofkey_testkit::{Answer, AuthorizeRequest, Browser, TestServer, basic, fixtures};
use serde_json::json;

use super::{Reached, check_json};

type Form<'a> = &'a [(&'a str, &'a str)];

const CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    forms(server, reached).await;
    authentication(server, reached).await;
    grant_types(server, reached).await;

    let disabled = fixtures::web_b();
    server.disable_client(&disabled.id, true).await;
    let page = Browser::new(server).authorize(&AuthorizeRequest::new(&disabled)).await.page();
    reached.on_page(Refusal::ClientDisabled, &page);
    server.disable_client(&disabled.id, false).await;
}

async fn forms(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (malformed, body) in [
        (Unreadable::BadPercent, "code=%zz".to_owned()),
        (Unreadable::NotUtf8, "code=%ff".to_owned()),
        (Unreadable::TooMany, "a=1&".repeat(101)),
    ] {
        let answer = server.send("POST", "/token", &form, body).await;
        reached.in_json(Refusal::ParametersMalformed(malformed), &answer);
    }
    let repeated = Refusal::ParameterRepeated(Named::ours("grant_type"));
    reached.in_json(repeated, &server.token(&web, &[CREDENTIALS, CREDENTIALS]).await);
    bodies(server, reached).await;

    let page = Browser::new(server).open("/authorize").await.page();
    reached.on_page(RequiredParameter::ClientId.into(), &page);
    let cases: [(RequiredParameter, &str, Form<'_>); 4] = [
        (RequiredParameter::GrantType, "/token", &[]),
        (RequiredParameter::Code, "/token", &[("grant_type", "authorization_code")]),
        (RequiredParameter::RefreshToken, "/token", &[("grant_type", "refresh_token")]),
        (RequiredParameter::Token, "/introspect", &[]),
    ];
    for (parameter, path, form) in cases {
        let answer = server.post_as(&web, path, form).await;
        check_json(&parameter.into(), &answer);
        assert!(answer.body.contains(&format!("A parameter is missing: {parameter}.")), "{answer:?}");
    }
}

async fn bodies(server: &TestServer, reached: &mut Reached) {
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    for (refusal, headers, body) in [
        (Refusal::BodyNotForm, &[("content-type", "application/json")][..], "{}".to_owned()),
        (Refusal::BodyTooLarge, &[FORM], "a".repeat(64 * 1024 + 1)),
        (Refusal::BodyEncoded, &[FORM, ("content-encoding", "gzip")], "a=1".to_owned()),
    ] {
        reached.in_json(refusal, &server.send("POST", "/token", headers, body).await);
    }
}

async fn authentication(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    let secret = web.secret.as_deref().unwrap();
    let in_header = basic(&web.id, secret);
    let in_form = [CREDENTIALS, ("client_id", web.id.as_str()), ("client_secret", secret)];
    let public = fixtures::spa().id;
    let strict = json!({"client_id": "strict", "redirect_uris": ["https://strict.example/cb"], "strict_auth_method": true});
    let of_strict = server.client(&strict).await.unwrap();
    let cases: [(Refusal, Form<'_>, Option<&str>); 7] = [
        (Refusal::ClientAuthenticationMissing, &[CREDENTIALS], None),
        (Refusal::ClientAuthenticationMalformed, &[CREDENTIALS], Some("Basic !")),
        (Refusal::ClientAuthenticationAmbiguous, &in_form, Some(&in_header)),
        (
            Refusal::ClientAuthenticationMethod,
            &[CREDENTIALS, ("client_id", "strict"), ("client_secret", &of_strict)],
            None,
        ),
        (Refusal::ClientSecretMissing, &[CREDENTIALS, ("client_id", &web.id)], None),
        (Refusal::ClientSecretUnexpected, &[CREDENTIALS], Some(&basic(&public, "made up"))),
        (Refusal::ClientSecretWrong, &[CREDENTIALS], Some(&basic(&web.id, "guessed"))),
    ];
    for (refusal, form, authorization) in cases {
        let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
        reached.in_json(refusal, &server.post("/token", form, &headers).await);
    }
    reached.in_json(Refusal::TooManyFailures, &limited(server).await);
}

/// Guesses the secret of a client until its address is told to wait.
async fn limited(server: &TestServer) -> Answer {
    let guess = basic(&fixtures::service_b().id, "guessed");
    for _ in 0..100 {
        let answer = server.post("/token", &[CREDENTIALS], &[("authorization", &guess)]).await;
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("nothing limits the guesses at a secret");
}

async fn grant_types(server: &TestServer, reached: &mut Reached) {
    for (refusal, client, grant_type) in [
        (Refusal::ClientPublic, fixtures::spa(), "client_credentials"),
        (Refusal::GrantTypeUnregistered, fixtures::web(), "client_credentials"),
        (Refusal::GrantTypeUnsupported, fixtures::web(), "password"),
    ] {
        reached.in_json(refusal, &server.token(&client, &[("grant_type", grant_type)]).await);
    }
}
