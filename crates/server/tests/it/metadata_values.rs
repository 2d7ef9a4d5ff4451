//! What the lists of the metadata promise, value by value. A list that this file does not know fails it: a promise that nobody
//! keeps.

use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, decode, fixtures};
use serde_json::json;

/// A browser app that may ask for every scope of these.
async fn of_all_scopes(server: &TestServer, scope: &str) -> TestClient {
    let redirect_uri = "https://all.example/callback".to_owned();
    let metadata = json!({
        "client_id": "all", "token_endpoint_auth_method": "none", "scope": scope, "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    server.client(&metadata).await;
    TestClient { id: "all".to_owned(), redirect_uri, scope: scope.to_owned(), ..fixtures::spa() }
}

#[tokio::test]
async fn md_02_every_value_of_every_list_works() {
    let server = TestServer::start().await;
    let document = server.get("/.well-known/openid-configuration", &[]).await.json();
    let list = |name: &str| -> Vec<String> { serde_json::from_value(document[name].clone()).unwrap() };
    let known = [
        "claims_supported",
        "code_challenge_methods_supported",
        "grant_types_supported",
        "id_token_signing_alg_values_supported",
        "introspection_endpoint_auth_methods_supported",
        "prompt_values_supported",
        "response_modes_supported",
        "response_types_supported",
        "revocation_endpoint_auth_methods_supported",
        "scopes_supported",
        "subject_types_supported",
        "token_endpoint_auth_methods_supported",
        "ui_locales_supported",
    ];
    let members = document.as_object().unwrap();
    let lists: Vec<_> = members.iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name).collect();
    for name in lists {
        assert!(known.contains(&name.as_str()), "{name} is promised, and no test holds it");
    }
    let client = of_all_scopes(&server, &list("scopes_supported").join(" ")).await;
    for scope in list("scopes_supported") {
        let tokens = server.tokens(&client, &format!("openid {scope}")).await;
        assert!(tokens.body["scope"].as_str().unwrap().split(' ').any(|given| given == scope), "{scope}");
    }
    for locale in list("ui_locales_supported") {
        let request = AuthorizeRequest::new(&fixtures::web()).set("ui_locales", &locale);
        let page = Browser::new(&server).authorize(&request).await.page();
        assert!(page.html.contains(&format!("<html lang=\"{locale}\"")), "{locale}: {:.200}", page.html);
    }
    for (path, name) in [
        ("/token", "token_endpoint_auth_methods_supported"),
        ("/revoke", "revocation_endpoint_auth_methods_supported"),
        ("/introspect", "introspection_endpoint_auth_methods_supported"),
    ] {
        for method in list(name) {
            let client = match method.as_str() {
                "none" => fixtures::native(),
                "client_secret_basic" => fixtures::web(),
                "client_secret_post" => fixtures::web_post(),
                other => panic!("{name}: {other} is unknown to this test"),
            };
            let form = [("token", "x"), ("grant_type", "authorization_code"), ("code", "x")];
            let answer = server.post_as(&client, path, &form).await;
            assert!(
                !["invalid_client", "unauthorized_client"].contains(&&*answer.error()),
                "{path} {method}: {answer:?}"
            );
        }
    }
    let tokens = server.tokens(&client, &client.scope).await;
    let id_token = decode(&tokens.id_token).claims;
    let userinfo = server.userinfo(&tokens.access_token).await.json();
    // What nobody knows of this user is left out; the rest of what is promised is there.
    for claim in ["iss", "sub", "aud", "exp", "iat", "auth_time", "name", "preferred_username", "email"] {
        assert!(list("claims_supported").contains(&claim.to_owned()), "{claim} is given and not listed");
        assert!(!id_token[claim].is_null() || !userinfo[claim].is_null(), "{claim} is listed and not given");
    }
}
