//! What operators edit: what is named changes for those who sign in and those who hold tokens, and all else goes on.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::{ApiRecord, ApiScope, ClientId};
use proofkey_server::admin::{AdminRefused, ApiEdit, ClientEdit, CredentialEdit, ListEdit, UserEdit};
use proofkey_testkit::{
    AuthorizeRequest, Browser, TestApi, TestClient, TestServer, Tokens, decode, fixtures,
};
use serde_json::{Map, Value, json};

const REPORTS: &str = "https://reports.example/api";
const CALLBACK: &str = "https://desk.example/callback";
const SCOPE: &str = "openid offline_access reports:read reports:write";

async fn desk(server: &TestServer) -> TestClient {
    let registration = json!({
        "client_id": "desk", "application_type": "web", "redirect_uris": [CALLBACK], "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let secret = server.client(&registration).await;
    TestClient {
        id: "desk".into(),
        secret,
        redirect_uri: CALLBACK.into(),
        scope: SCOPE.into(),
        ..fixtures::web()
    }
}

fn reports() -> ResourceUri {
    ResourceUri::parse(REPORTS).unwrap()
}

fn no_credential(_: &ApiRecord, _: &proofkey_oauth::Secret) -> std::io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn pk_09_an_api_that_is_edited_keeps_its_grants_and_gives_no_scope_that_was_dropped() {
    let server = TestServer::start().await;
    let _ = server.api(REPORTS, &["reports:read", "reports:write"], false).await;
    let desk = desk(&server).await;
    let tokens = server.tokens(&desk, SCOPE).await;
    let edit = ApiEdit {
        remove_scopes: vec!["reports:write".to_owned()],
        add_scopes: vec![ApiScope { name: "reports:share".to_owned(), description: None }],
        ..ApiEdit::default()
    };
    server.admin().edit_api(&reports(), edit, no_credential).await.unwrap();
    // Nothing tells the server of it.
    let tokens = Tokens::of(&server.refresh(&desk, &tokens.refresh_token).await);
    let claims = decode(&tokens.access_token).claims;
    assert_eq!(claims["scope"], "openid offline_access reports:read");
    let mut browser = Browser::new(&server);
    let again = AuthorizeRequest::new(&desk).set("scope", "openid reports:read").set("prompt", "none");
    let _ = Browser::complete(&mut browser, &AuthorizeRequest::new(&fixtures::web()), &fixtures::ada()).await;
    assert_eq!(browser.authorize(&again).await.redirect().param("error"), "", "what was allowed there stays");
}

#[tokio::test]
async fn pk_09_k_44_the_credential_of_an_api_is_replaced_once_it_was_handed_over_and_can_be_ended() {
    let server = TestServer::start().await;
    let TestApi { resource, secret } = server.api(REPORTS, &["reports:read"], true).await;
    let desk = desk(&server).await;
    let token = server.tokens(&desk, "openid reports:read").await.access_token;
    let before = TestClient { id: resource, secret, ..fixtures::service() };
    let renew = || ApiEdit {
        introspection: CredentialEdit::New,
        name: Some("Renamed".to_owned()),
        ..ApiEdit::default()
    };
    let admin = server.admin();
    let lost = admin.edit_api(&reports(), renew(), |_, _| Err(std::io::ErrorKind::BrokenPipe.into())).await;
    assert!(matches!(lost, Err(AdminRefused::Undelivered(_))), "{lost:?}");
    server.refresh_directory().await;
    assert!(server.is_active(&before, &token).await, "the one from before stands");
    assert_eq!(admin.apis().await.unwrap().pop().unwrap().name, None, "nothing was changed");
    let mut handed_over = None;
    let resource = reports();
    let edited = admin.edit_api(&resource, renew(), |_, secret| {
        handed_over = Some(secret.expose().to_owned());
        Ok(())
    });
    assert_eq!(edited.await.unwrap().name.as_deref(), Some("Renamed"));
    server.refresh_directory().await;
    let after = TestClient { secret: handed_over, ..before.clone() };
    assert!(server.is_active(&after, &token).await);
    assert_eq!(server.introspect(&before, &token).await.status, 401);
    let drop = ApiEdit { introspection: CredentialEdit::Drop, ..ApiEdit::default() };
    admin.edit_api(&reports(), drop, no_credential).await.unwrap();
    server.refresh_directory().await;
    assert_eq!(server.introspect(&after, &token).await.status, 401);
}

/// What another operator does between the write and the print.
fn meanwhile(change: impl Future<Output = Result<ApiRecord, AdminRefused>>) -> std::io::Result<()> {
    let changed = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(change));
    let _record = changed.unwrap();
    Err(std::io::ErrorKind::BrokenPipe.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pk_09_k_44_a_credential_that_was_not_handed_over_undoes_no_edit_of_another_operator() {
    let server = TestServer::start().await;
    let TestApi { resource, secret } = server.api(REPORTS, &["reports:read"], true).await;
    let _ = server.api("https://other.example/api", &["other:read"], false).await;
    let token = server.tokens(&desk(&server).await, "openid reports:read").await.access_token;
    let before = TestClient { id: resource, secret, ..fixtures::service() };
    let (admin, at) = (server.admin(), reports());
    let renew = || ApiEdit { introspection: CredentialEdit::New, ..ApiEdit::default() };
    let named =
        |introspection| ApiEdit { name: Some("Theirs".to_owned()), introspection, ..ApiEdit::default() };
    // What became of another API stands in the way of nothing.
    let other = ResourceUri::parse("https://other.example/api").unwrap();
    let theirs = server.admin();
    let change = theirs.edit_api(&other, named(CredentialEdit::Keep), no_credential);
    let lost = admin.edit_api(&at, renew(), |_, _| meanwhile(change)).await;
    assert!(matches!(lost, Err(AdminRefused::Undelivered(_))), "{lost:?}");
    server.refresh_directory().await;
    assert!(server.is_active(&before, &token).await, "the one from before stands");
    for (introspection, introspects) in [(CredentialEdit::Keep, true), (CredentialEdit::Drop, false)] {
        let change = theirs.edit_api(&at, named(introspection), no_credential);
        let lost = admin.edit_api(&at, renew(), |_, _| meanwhile(change)).await;
        let Err(AdminRefused::CredentialNotShown { reason, .. }) = &lost else { panic!("{lost:?}") };
        assert!(reason.contains("meanwhile"), "{reason}");
        let apis = admin.apis().await.unwrap();
        let stands = apis.iter().find(|api| api.resource == at).unwrap();
        assert_eq!(
            (stands.name.as_deref(), stands.introspection.is_some()),
            (Some("Theirs"), introspects),
            "{introspection:?}"
        );
        server.refresh_directory().await;
        assert_eq!(
            server.introspect(&before, &token).await.status,
            401,
            "what was replaced does not come back"
        );
    }
}

#[tokio::test]
async fn pk_09_a_client_that_is_edited_goes_on_at_the_addresses_and_scopes_that_stay() {
    let server = TestServer::start().await;
    let _ = server.api(REPORTS, &["reports:read", "reports:write"], false).await;
    let desk = desk(&server).await;
    let tokens = server.tokens(&desk, SCOPE).await;
    let second = "https://second.example/callback";
    let edit = |add: &[&str], remove: &[&str]| ClientEdit {
        redirect_uris: ListEdit {
            add: add.iter().map(ToString::to_string).collect(),
            remove: remove.iter().map(ToString::to_string).collect(),
        },
        ..ClientEdit::default()
    };
    let (admin, id) = (server.admin(), ClientId::new("desk"));
    admin.edit_client(&id, edit(&[second], &[])).await.unwrap();
    server.refresh_directory().await;
    let at = |uri: &str| AuthorizeRequest::new(&desk).set("redirect_uri", uri).set("scope", SCOPE);
    for uri in [CALLBACK, second] {
        let departure = Browser::new(&server).complete(&at(uri), &fixtures::ada()).await;
        assert!(departure.target().starts_with(uri), "{uri}");
    }
    admin.edit_client(&id, edit(&[], &[CALLBACK])).await.unwrap();
    server.refresh_directory().await;
    let page = Browser::new(&server).authorize(&at(CALLBACK)).await.page();
    assert!(!page.is_sign_in(), "an address that was dropped gets a page and no redirect");
    assert!(Browser::new(&server).authorize(&at(second)).await.page().is_sign_in());
    assert_eq!(server.refresh(&desk, &tokens.refresh_token).await.status, 200, "who is signed in stays so");
    let narrower = ClientEdit {
        scope: ListEdit { add: vec![], remove: vec!["reports:write".to_owned()] },
        ..ClientEdit::default()
    };
    admin.edit_client(&id, narrower).await.unwrap();
    server.refresh_directory().await;
    let tokens =
        Tokens::of(&server.redeem(&desk, &code(&server, &at(second), "openid reports:read").await).await);
    assert_eq!(tokens.body["scope"], "openid reports:read");
}

/// The scope of the tokens that a refresh brings, and the refresh token; `None` where it is refused.
async fn refreshed(server: &TestServer, client: &TestClient, token: &str) -> Option<(String, String)> {
    let response = server.refresh(client, token).await;
    (response.status == 200).then(|| {
        let tokens = Tokens::of(&response);
        let scope = decode(&tokens.access_token).claims["scope"].as_str().unwrap().to_owned();
        (scope, tokens.refresh_token)
    })
}

#[tokio::test]
async fn pk_09_a_scope_that_was_dropped_is_refused_while_it_is_missing_and_good_as_before_once_it_is_back() {
    let server = TestServer::start().await;
    let _ = server.api(REPORTS, &["reports:read", "reports:write"], false).await;
    let desk = desk(&server).await;
    let (admin, id) = (server.admin(), ClientId::new("desk"));
    let mut browser = Browser::new(&server);
    let request = AuthorizeRequest::new(&desk).set("scope", SCOPE);
    let given = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let token = Tokens::of(&server.redeem(&desk, &given).await).refresh_token;
    let unasked = request.set("prompt", "none");
    let write = || "reports:write".to_owned();

    let drop = ApiEdit { remove_scopes: vec![write()], ..ApiEdit::default() };
    admin.edit_api(&reports(), drop, no_credential).await.unwrap();
    let (scope, token) = refreshed(&server, &desk, &token).await.unwrap();
    assert_eq!(scope, "openid offline_access reports:read");
    let words = Some("Write all over your reports".to_owned());
    let add = vec![ApiScope { name: write(), description: words }];
    let again = ApiEdit { add_scopes: add, ..ApiEdit::default() };
    admin.edit_api(&reports(), again, no_credential).await.unwrap();
    let (scope, token) = refreshed(&server, &desk, &token).await.unwrap();
    assert_eq!(scope, SCOPE);
    assert_eq!(
        browser.authorize(&unasked).await.redirect().param("error"),
        "",
        "other words, the same consent"
    );

    let of = |add: Vec<String>, remove: Vec<String>| ClientEdit {
        scope: ListEdit { add, remove },
        ..ClientEdit::default()
    };
    admin.edit_client(&id, of(vec![], vec![write()])).await.unwrap();
    server.refresh_directory().await;
    assert_eq!(refreshed(&server, &desk, &token).await, None);
    admin.edit_client(&id, of(vec![write()], vec![])).await.unwrap();
    server.refresh_directory().await;
    assert_eq!(refreshed(&server, &desk, &token).await.unwrap().0, SCOPE);
    assert_eq!(browser.authorize(&unasked).await.redirect().param("error"), "");
}

async fn code(server: &TestServer, request: &AuthorizeRequest, scope: &str) -> proofkey_testkit::Code {
    server.code_by(&mut Browser::new(server), &request.clone().set("scope", scope), &fixtures::ada()).await
}

#[tokio::test]
async fn pk_09_what_is_edited_of_a_user_is_in_the_next_answer_and_signs_nobody_out() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, "openid profile email offline_access").await;
    let set = Map::from_iter([
        ("name".to_owned(), json!("Ada King")),
        ("email".to_owned(), json!("king@example.com")),
    ]);
    let edit = UserEdit { set, remove: vec!["family_name".to_owned()] };
    let _edited = server.admin().edit_user("ADA", edit).await.unwrap();
    let told = server.userinfo(&tokens.access_token).await.json();
    assert_eq!((&told["name"], &told["email"]), (&json!("Ada King"), &json!("king@example.com")));
    assert_eq!((told.get("family_name"), told.get("email_verified")), (None, None), "{told}");
    assert_eq!(told["given_name"], "Ada");
    assert_eq!(server.refresh(&web, &tokens.refresh_token).await.status, 200);
}

#[tokio::test]
async fn pk_09_a_removed_user_signs_in_no_more_and_the_next_of_that_name_is_another() {
    let server = TestServer::start().await;
    let (web, ada) = (fixtures::web(), fixtures::ada());
    let tokens = server.tokens(&web, "openid offline_access").await;
    let before = server.userinfo(&tokens.access_token).await.json()["sub"].clone();
    let admin = server.admin();
    let _removed = admin.remove_user("ada").await.unwrap();
    let page = Browser::new(&server).authorize(&AuthorizeRequest::new(&web)).await.page();
    let refused = Browser::new(&server).sign_in(&page, &ada).await.page();
    assert!(refused.is_sign_in(), "the old password opens nothing");
    let again = proofkey_server::admin::NewUser {
        username: "ADA".to_owned(),
        password: None,
        claims: Map::<String, Value>::new(),
    };
    assert!(matches!(admin.add_user(again).await, Err(AdminRefused::NameOfRemoved { .. })));
    let sub = server.user_under_freed_name(&ada).await;
    assert_ne!(before, json!(sub));
    let mut browser = Browser::new(&server);
    let request = AuthorizeRequest::new(&web).set("scope", "openid");
    let page = browser.authorize(&request).await.page();
    assert!(browser.sign_in(&page, &ada).await.page().is_consent(), "the new one is asked anew");
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(server.refresh(&web, &tokens.refresh_token).await.status, 400);
}
