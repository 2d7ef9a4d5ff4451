//! Scopes, APIs, audiences and consents together, as an operator and apps meet them.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::ClientId;
use proofkey_server::admin::ClientEdit;
use proofkey_testkit::{
    AuthorizeRequest, Browser, Code, Logs, TestClient, TestServer, Tokens, decode, fixtures,
};
use serde_json::{Value, json};

use crate::support::{consented, refused};

const REPORTS: &str = "https://reports.example/api";
const LEDGER: &str = "https://ledger.example/api";
const SCOPE: &str = "openid email offline_access reports:read";

/// A client of a web server with the scope above, and the API that it is for.
async fn desk(server: &TestServer) -> TestClient {
    let _ = server.api(REPORTS, &["reports:read", "reports:write"], true).await;
    let secret = server.client(&registration(json!({}))).await;
    TestClient {
        id: "desk".into(),
        secret,
        redirect_uri: CALLBACK.into(),
        scope: SCOPE.into(),
        ..fixtures::web()
    }
}

const CALLBACK: &str = "https://desk.example/callback";

fn registration(changes: Value) -> Value {
    let mut metadata = json!({
        "client_id": "desk", "client_name": "Desk", "redirect_uris": [CALLBACK], "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    metadata
}

async fn code(server: &TestServer, request: &AuthorizeRequest) -> Code {
    server.code_by(&mut Browser::new(server), request, &fixtures::ada()).await
}

/// A token for one resource, by the refresh token of a grant.
async fn token_for(
    server: &TestServer,
    client: &TestClient,
    tokens: &Tokens,
    resource: &str,
) -> proofkey_testkit::Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.refresh_token.as_str()),
        ("resource", resource),
    ];
    server.token(client, &form).await
}

#[tokio::test]
async fn k_11_tk_14_an_api_that_was_named_gets_no_token_that_opens_userinfo() {
    let server = TestServer::start().await;
    let desk = desk(&server).await;
    let request = AuthorizeRequest::new(&desk).set("scope", SCOPE).set("resource", REPORTS);
    let tokens = Tokens::of(&server.redeem(&desk, &code(&server, &request).await).await);
    let claims = decode(&tokens.access_token).claims;
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(REPORTS), &json!("reports:read")));
    assert_eq!(tokens.body["scope"], "reports:read", "what means something there");
    assert_ne!(tokens.id_token, "", "the person is told to the client all the same");
    let answer = server.userinfo(&tokens.access_token).await;
    assert_eq!(answer.refusal(), (401, "invalid_token".into()));
    for said in ["resource=<issuer>", "authorize without resource"] {
        assert!(answer.header("www-authenticate").contains(said), "{answer:?}");
    }

    let for_issuer = Tokens::of(&token_for(&server, &desk, &tokens, &server.issuer).await);
    let claims = decode(&for_issuer.access_token).claims;
    assert_eq!(
        (&claims["aud"], &claims["scope"]),
        (&json!(server.issuer), &json!("openid email offline_access"))
    );
    assert_eq!(server.userinfo(&for_issuer.access_token).await.json()["email"], "ada@example.com");
    let another = token_for(&server, &desk, &for_issuer, fixtures::NOTES).await;
    assert_eq!(another.refusal(), (400, "invalid_target".into()));
}

#[tokio::test]
async fn k_18_x22_an_answer_names_a_scope_or_none_and_says_what_was_ignored() {
    let server = TestServer::start().await;
    let desk = desk(&server).await;
    server.update_client("desk", &registration(json!({"scope": "openid email groups reports:read"}))).await;
    let logs = Logs::capture();
    let request = AuthorizeRequest::new(&desk).set("scope", "openid k18groups email k18roles");
    let tokens = Tokens::of(&server.redeem(&desk, &code(&server, &request).await).await);
    assert_eq!(tokens.body["scope"], "openid email");
    let line =
        |text: &str| text.lines().any(|line| line.contains("k18groups, k18roles") && line.contains("desk"));
    assert!(line(&logs.text()), "the log names them");
    drop(logs);

    // An API that is named without any of its scopes: no claim, and no member.
    let request = AuthorizeRequest::new(&desk).set("scope", "openid").set("resource", REPORTS);
    let tokens = Tokens::of(&server.redeem(&desk, &code(&server, &request).await).await);
    let claims = decode(&tokens.access_token).claims;
    assert_eq!(
        (&claims["aud"], &claims["scope"], &tokens.body["scope"]),
        (&json!(REPORTS), &Value::Null, &Value::Null)
    );
    // Neither a scope nor an API: a token that opens nothing, and says no more.
    let request = AuthorizeRequest::new(&desk).without("scope");
    let tokens = Tokens::of(&server.redeem(&desk, &code(&server, &request).await).await);
    let claims = decode(&tokens.access_token).claims;
    let issuer = json!(server.issuer);
    assert_eq!(
        (&claims["aud"], &claims["scope"], &tokens.body["scope"]),
        (&issuer, &Value::Null, &Value::Null)
    );
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 403);
    server.update_client("desk", &registration(json!({}))).await;
    let request = AuthorizeRequest::new(&desk).set("scope", " ");
    assert_eq!(refused(&server, &consented(&server, &desk).await, &request).await, "invalid_scope");
}

#[tokio::test]
async fn k_23_several_apis_own_one_name_and_a_later_one_is_open_to_nobody() {
    let server = TestServer::start().await;
    let desk = desk(&server).await;
    let browser = consented(&server, &desk).await;
    let old = server.tokens(&desk, SCOPE).await;
    let _ = server.api(LEDGER, &["reports:read"], false).await;
    // The name still means what it meant.
    let tokens = server.tokens(&desk, "openid reports:read").await;
    assert_eq!(decode(&tokens.access_token).claims["aud"], json!([REPORTS, server.issuer]));
    let named = AuthorizeRequest::new(&desk).set("scope", "openid reports:read").set("resource", LEDGER);
    assert_eq!(refused(&server, &browser, &named).await, "invalid_target", "not open to the client");
    assert_eq!(token_for(&server, &desk, &old, LEDGER).await.refusal(), (400, "invalid_target".into()));

    let edit = ClientEdit { add: vec![ResourceUri::parse(LEDGER).unwrap()], ..ClientEdit::default() };
    server.admin().edit_client(&ClientId::new("desk"), edit).await.unwrap();
    server.refresh_directory().await;
    let unnamed = AuthorizeRequest::new(&desk).set("scope", "openid reports:read");
    let departure = browser.clone().authorize(&unnamed).await.redirect();
    assert_eq!(departure.param("error"), "invalid_target", "before anybody is asked");
    let told = departure.param("error_description");
    assert!(told.contains(REPORTS) && told.contains(LEDGER), "{told}");
    let tokens = Tokens::of(&server.redeem(&desk, &code(&server, &named).await).await);
    let claims = decode(&tokens.access_token).claims;
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(LEDGER), &json!("reports:read")));
    // What was granted before is for the API that it was granted for.
    assert_eq!(token_for(&server, &desk, &old, LEDGER).await.refusal(), (400, "invalid_target".into()));
    for (resource, expected) in
        [(Some(REPORTS), 200), (Some(LEDGER), 200), (Some(fixtures::NOTES), 400), (None, 400)]
    {
        let extra: Vec<_> = resource.map(|resource| ("resource", resource)).into_iter().collect();
        assert_eq!(server.client_credentials(&desk, &extra).await.status, expected, "{resource:?}");
    }
}

#[tokio::test]
async fn k_18_k_23_scopes_that_no_api_had_wait_until_they_are_bound() {
    let server = TestServer::start().await;
    let secret = server.client(&registration(json!({}))).await;
    let desk = TestClient {
        id: "desk".into(),
        secret,
        redirect_uri: CALLBACK.into(),
        scope: SCOPE.into(),
        ..fixtures::web()
    };
    let admin = server.admin();
    let id = ClientId::new("desk");
    let record = admin.client(&id).await.unwrap();
    assert_eq!(record.metadata.resources, Some(vec![]), "written out");
    assert_eq!(admin.unbound_scopes(&record).await.unwrap(), ["reports:read"]);
    let ask = async || {
        let request = AuthorizeRequest::new(&desk).set("scope", "openid reports:read");
        Tokens::of(&server.redeem(&desk, &code(&server, &request).await).await).body["scope"].clone()
    };
    assert_eq!(ask().await, "openid", "nobody owns it yet");

    let scopes = vec![proofkey_protocol::ApiScope { name: "reports:read".into(), description: None }];
    let new = proofkey_server::admin::NewApi { resource: REPORTS.into(), scopes, ..Default::default() };
    assert_eq!(admin.add_api(new).await.unwrap().waiting.unwrap(), std::slice::from_ref(&id));
    server.refresh_directory().await;
    let browser = consented(&server, &fixtures::web()).await;
    let request = AuthorizeRequest::new(&desk).set("scope", "openid reports:read");
    assert_eq!(
        refused(&server, &browser, &request).await,
        "invalid_scope",
        "owned, and not open to the client"
    );
    let record = admin.edit_client(&id, ClientEdit { bind: true, ..ClientEdit::default() }).await.unwrap();
    assert!(admin.unbound_scopes(&record).await.unwrap().is_empty());
    server.refresh_directory().await;
    assert_eq!(ask().await, "openid reports:read");
}

#[tokio::test]
async fn k_10_another_api_in_the_place_of_one_gets_nothing_that_was_allowed_before() {
    let server = TestServer::start().await;
    let desk = desk(&server).await;
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let request = AuthorizeRequest::new(&desk).set("scope", SCOPE);
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let tokens = Tokens::of(&server.redeem(&desk, &code).await);
    let unredeemed = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    assert!(server.is_active(&desk, &tokens.access_token).await);

    server.remove_api(REPORTS).await;
    for again in [false, true] {
        if again {
            let _ = server.api(REPORTS, &["reports:read"], false).await;
        }
        let answer = server.refresh(&desk, &tokens.refresh_token).await;
        assert_eq!(answer.json()["error_rule"], "grant.api_removed", "{again}");
        assert_eq!(
            server.redeem(&desk, &unredeemed).await.refusal(),
            (400, "invalid_grant".into()),
            "{again}"
        );
        assert!(!server.is_active(&desk, &tokens.access_token).await, "{again}");
        assert!(!server.is_active(&desk, &tokens.refresh_token).await, "{again}");
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 401, "{again}");
    }
    let page = browser.authorize(&request).await.page();
    assert!(page.is_consent(), "the person is asked about the new one");
    assert_eq!(page.html.matches("class=\"new\"").count(), 3, "the API, and two scopes there: {}", page.html);
    let _ = browser.allow(&page).await.redirect();
    assert_eq!(server.refresh(&desk, &tokens.refresh_token).await.status, 400, "what has ended stays ended");
}

#[tokio::test]
async fn k_10_a_grant_ends_with_any_of_the_consents_that_it_rests_on() {
    let server = TestServer::start().await;
    let desk = desk(&server).await;
    let withdraw = async |resource: &str| {
        let resource = ResourceUri::parse(resource).unwrap();
        server.admin().revoke_consent("ada", &ClientId::new("desk"), Some(&resource)).await
    };
    let issuer = server.issuer.clone();
    for resource in [REPORTS, issuer.as_str()] {
        let (both, issuer_only) =
            (server.tokens(&desk, SCOPE).await, server.tokens(&desk, "openid offline_access").await);
        let _user = withdraw(resource).await.unwrap();
        assert!(withdraw(resource).await.is_err(), "it is gone");
        assert_eq!(
            server.refresh(&desk, &both.refresh_token).await.json()["error_rule"],
            "consent.withdrawn"
        );
        assert!(!server.is_active(&desk, &both.access_token).await);
        let other = server.refresh(&desk, &issuer_only.refresh_token).await;
        assert_eq!(
            other.status == 200,
            resource == REPORTS,
            "a grant that does not rest on it goes on: {other:?}"
        );
    }
}

#[tokio::test]
async fn k_10_what_an_operator_changes_under_an_open_page_is_asked_again() {
    type Change = (&'static str, Value);
    let changes: [Change; 4] = [
        ("its name", json!({"client_name": "Other"})),
        ("its home page", json!({"client_uri": "https://other.example"})),
        ("its host", json!({"redirect_uris": ["https://first.example/", CALLBACK]})),
        ("no refresh tokens", json!({"grant_types": ["authorization_code"]})),
    ];
    let server = TestServer::start().await;
    let desk = desk(&server).await;
    for (name, change) in changes {
        server.update_client("desk", &registration(json!({}))).await;
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&desk).set("scope", SCOPE).set("prompt", "consent");
        let page = browser.authorize(&request).await.page();
        let page = browser.sign_in(&page, &fixtures::ada()).await.page();
        assert!(page.is_consent());
        server.update_client("desk", &registration(change)).await;
        let again = browser.allow(&page).await.page();
        assert!(again.is_consent() && again.text() != page.text(), "{name}: {}", again.text());
        assert_ne!(browser.allow(&again).await.redirect().param("code"), "", "{name}");
    }
}
