//! Names that others spell otherwise: issuer, API and origin. Redirect URIs stay byte for byte (AZ-02).

use proofkey_protocol::ApiScope;
use proofkey_server::admin::NewApi;
use proofkey_testkit::{
    AuthorizeRequest, Browser, Navigated, TestClient, TestServer, basic, decode, fixtures,
};
use serde_json::json;

use crate::support::consented;

/// An issuer of release 0.1 that browsers spell otherwise: their `Origin` is the normal one, and the forms are ours.
#[tokio::test]
async fn k_34_forms_are_ours_by_the_origin_that_browsers_send() {
    for (issuer, origin) in [
        ("https://ID.example", "https://id.example"),
        ("https://id.example:443", "https://id.example"),
        ("https://id.example:443/tenant", "https://id.example"),
        ("https://id.example", "https://id.example"),
    ] {
        let server = TestServer::builder().issuer(issuer).start().await;
        let mut browser = Browser::new(&server);
        let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
        let pairs = browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let (ada, flow) = (fixtures::ada(), page.form().inputs[0].1.clone());
        let form = [("flow", flow.as_str()), ("username", &ada.username), ("password", &ada.password)];
        for (sent, ours) in [("https://evil.example", false), ("http://id.example", false), (origin, true)] {
            let headers = [("cookie", cookies.as_str()), ("origin", sent)];
            let answer = server.post("/sign-in", &form, &headers).await;
            assert_eq!(answer.status != 403, ours, "{issuer} {sent}: {}", answer.status);
        }
    }
}

/// Each spelling of an API's name is that API, at every door, and tokens carry the registered text.
#[tokio::test]
async fn k_34_an_api_is_named_by_any_spelling_and_tokens_carry_the_registered_one() {
    let server = TestServer::start().await;
    let registered = "https://spelled.example/api";
    let api = server.api(registered, &["spelled:read"], true).await;
    let metadata = json!({
        "client_id": "speller", "token_endpoint_auth_method": "none", "scope": "openid spelled:read",
        "redirect_uris": ["https://speller.example/cb"],
    });
    server.client(&metadata).await;
    let client = TestClient {
        id: "speller".to_owned(),
        redirect_uri: "https://speller.example/cb".to_owned(),
        scope: "openid spelled:read".to_owned(),
        ..fixtures::spa()
    };
    for spelling in [
        registered,
        "HTTPS://spelled.example/api",
        "https://SPELLED.example:443/api",
        "https://spelled.example/x/../api",
        "https://spelled.example/%61pi",
    ] {
        let request = AuthorizeRequest::new(&client).set("scope", &client.scope).set("resource", spelling);
        let code = server.code_by(&mut Browser::new(&server), &request, &fixtures::ada()).await;
        let mut form = code.form();
        form.extend([("client_id", client.id.as_str()), ("resource", spelling)]);
        let answer = server.post("/token", &form, &[]).await;
        assert_eq!(answer.status, 200, "{spelling}: {answer:?}");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(decode(&token).claims["aud"], registered, "{spelling}");
        let credential = basic(spelling, api.secret.as_deref().unwrap());
        let told = server.post("/introspect", &[("token", &token)], &[("authorization", &credential)]).await;
        assert_eq!(told.json()["active"], true, "{spelling}");
        let another = NewApi {
            resource: spelling.to_owned(),
            scopes: vec![ApiScope { name: "spelled:write".into(), description: None }],
            ..Default::default()
        };
        let refused = server.admin().add_api(another).await.unwrap_err().to_string();
        assert!(refused.contains(registered) && refused.contains("exists"), "{spelling}: {refused}");
    }
    let browser = consented(&server, &client).await;
    for other in ["https://spelled.example/api/", "https://spelled.example/API", "http://spelled.example/api"]
    {
        let request = AuthorizeRequest::new(&client).set("scope", &client.scope).set("resource", other);
        let Navigated::Redirect(refused) = browser.clone().authorize(&request).await else {
            panic!("{other} is taken")
        };
        assert_eq!(refused.param("error"), "invalid_target", "{other}");
    }
    let removed = proofkey_oauth::ResourceUri::parse("https://SPELLED.example/api").unwrap();
    server.admin().remove_api(&removed).await.unwrap();
    assert!(server.admin().apis().await.unwrap().iter().all(|api| api.resource.as_str() != registered));
}

/// Two issuers at two paths of one host: what one sets, the other neither reads nor replaces.
#[tokio::test]
async fn ht_03_k_35_two_issuers_of_one_host_keep_their_sessions_apart() {
    let (one, two) = (
        TestServer::builder().issuer("https://id.example/a").start().await,
        TestServer::builder().issuer("https://id.example/b").start().await,
    );
    let request = AuthorizeRequest::new(&fixtures::web());
    let mut first = Browser::new(&one);
    let _code = one.code_by(&mut first, &request, &fixtures::ada()).await;
    let mut second = Browser::new(&two);
    second.jar = first.jar.clone();
    let _code = two.code_by(&mut second, &request, &fixtures::bob()).await;
    first.jar = second.jar.clone();
    for (browser, server) in [(&first, &one), (&second, &two)] {
        let silent = request.clone().push("prompt", "none");
        let answer = browser.clone().authorize(&silent).await.redirect();
        assert!(!answer.param("code").is_empty(), "{}: {}", server.issuer, answer.location);
    }
}
