//! Grant types, scopes and resources: what a client registered is all it gets.

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, decode, fixtures};
use serde_json::json;

#[tokio::test]
async fn tk_03_v_38_grants_that_do_not_exist_are_unsupported() {
    let server = TestServer::start().await;
    let ada = fixtures::ada();
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "AUTHORIZATION_CODE",
        "authorization_code ",
        "x",
    ] {
        for client in [fixtures::web(), fixtures::native(), fixtures::service()] {
            let form = [
                ("grant_type", grant),
                ("username", &ada.username),
                ("password", &ada.password),
                ("scope", "openid"),
            ];
            assert_eq!(
                server.token(&client, &form).await.refusal(),
                (400, "unsupported_grant_type".into()),
                "{grant}"
            );
        }
    }
}

#[tokio::test]
async fn tk_03_v_35_a_grant_type_that_was_not_registered_is_unauthorized() {
    let server = TestServer::start().await;
    let brief = json!({
        "client_id": "brief", "token_endpoint_auth_method": "none", "redirect_uris": ["https://brief.example/cb"],
        "grant_types": ["authorization_code"],
    });
    let _ = server.client(&brief).await;
    let brief = proofkey_testkit::TestClient {
        id: "brief".into(),
        redirect_uri: "https://brief.example/cb".into(),
        ..fixtures::spa()
    };
    let code: &[(&str, &str)] = &[("grant_type", "authorization_code"), ("code", "x")];
    let refresh: &[(&str, &str)] = &[("grant_type", "refresh_token"), ("refresh_token", "x")];
    let credentials: &[(&str, &str)] = &[("grant_type", "client_credentials")];
    for (client, form, error) in [
        (fixtures::service(), code, "unauthorized_client"),
        (fixtures::service(), refresh, "unauthorized_client"),
        (fixtures::web(), credentials, "unauthorized_client"),
        (fixtures::spa(), credentials, "unauthorized_client"),
        (fixtures::native(), credentials, "unauthorized_client"),
        (brief, refresh, "unauthorized_client"),
        (fixtures::web(), code, "invalid_grant"),
        (fixtures::web(), refresh, "invalid_grant"),
    ] {
        assert_eq!(
            server.token(&client, form).await.refusal(),
            (400, error.into()),
            "{} {form:?}",
            client.id
        );
    }
}

#[tokio::test]
async fn tk_15_v_35_a_service_gets_its_own_scopes_for_one_api_and_no_refresh_token() {
    let server = TestServer::start().await;
    let service = fixtures::service();
    for (scope, granted) in [(None, "notes:read notes:write"), (Some("notes:read"), "notes:read")] {
        let extra: Vec<_> = scope.map(|scope| ("scope", scope)).into_iter().collect();
        let tokens = Tokens::of(&server.client_credentials(&service, &extra).await);
        assert_eq!(tokens.body["scope"], granted);
        assert_eq!((tokens.refresh_token.as_str(), tokens.id_token.as_str()), ("", ""));
        let claims = decode(&tokens.access_token).claims;
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!(fixtures::NOTES), &json!("service")));
        assert_eq!(claims["client_id"], "service");
    }
    for scope in ["files:read", "openid", "offline_access", "notes:read admin", "\"", "openid notes:read"] {
        let answer = server.client_credentials(&service, &[("scope", scope)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_scope".into()), "{scope}");
    }
    for resource in [fixtures::FILES, "https://unknown.example", "x"] {
        let answer = server.client_credentials(&service, &[("resource", resource)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_target".into()), "{resource}");
    }
    let tokens = Tokens::of(&server.client_credentials(&service, &[("resource", fixtures::NOTES)]).await);
    assert_eq!(decode(&tokens.access_token).claims["aud"], fixtures::NOTES);
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 401, "it is nobody's token");
}

#[tokio::test]
async fn tk_14_v_36_a_token_is_for_the_resource_that_was_granted() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let both = "openid notes:read files:read offline_access";
    let (notes, files) = (fixtures::NOTES, fixtures::FILES);
    let issuer = server.issuer.clone();
    let ask = async |authorized: &[&str], requested: &[&str]| {
        // A scope of an API that is not named would be refused.
        let only_notes = authorized.contains(&notes) && !authorized.contains(&files);
        let scope = if only_notes { "openid notes:read offline_access" } else { both };
        let request = AuthorizeRequest::new(&web).set("scope", scope);
        let request = authorized.iter().fold(request, |request, resource| request.push("resource", resource));
        let code = server.code_by(&mut Browser::new(&server), &request, &fixtures::ada()).await;
        let mut form = code.form();
        form.extend(requested.iter().map(|resource| ("resource", *resource)));
        server.token(&web, &form).await
    };
    for (authorized, requested, aud) in [
        (vec![notes], vec![], json!(notes)),
        (vec![notes], vec![notes], json!(notes)),
        (vec![notes, files], vec![files], json!(files)),
        (vec![], vec![notes], json!(notes)),
        (vec![notes], vec![issuer.as_str()], json!(issuer)),
        (vec![notes], vec![notes, notes], json!(notes)),
        (vec![notes, &issuer], vec![], json!(notes)),
    ] {
        let tokens = Tokens::of(&ask(&authorized, &requested).await);
        let claims = decode(&tokens.access_token).claims;
        assert_eq!(claims["aud"], aud, "{authorized:?} {requested:?}");
        let scope = claims["scope"].as_str().unwrap();
        assert_eq!(scope.contains("openid"), aud == json!(issuer), "{authorized:?} {requested:?}: {scope}");
        for (api, name) in [(notes, "notes:read"), (files, "files:read")] {
            assert_eq!(
                scope.contains(name),
                aud.to_string().contains(api),
                "{authorized:?} {requested:?}: {scope}"
            );
        }
    }
    for (authorized, requested) in [
        (vec![notes], vec![files]),
        (vec![notes, files], vec![notes, files]),
        (vec![notes], vec![notes, &issuer]),
        (vec![notes, files], vec![]),
        (vec![], vec![]),
        (vec![], vec!["https://unknown.example"]),
        (vec![notes], vec!["https://notes.example/api/"]),
    ] {
        let answer = ask(&authorized, &requested).await;
        assert_eq!(answer.refusal(), (400, "invalid_target".into()), "{authorized:?} {requested:?}");
    }
}

#[tokio::test]
async fn v_36_v_35_a_refresh_reaches_no_further_than_the_grant() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let request = AuthorizeRequest::new(&web)
        .set("scope", "openid notes:read offline_access")
        .set("resource", fixtures::NOTES);
    let code = server.code_by(&mut Browser::new(&server), &request, &fixtures::ada()).await;
    let tokens = Tokens::of(&server.redeem(&web, &code).await);
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
    for (extra, error) in [
        (("resource", fixtures::FILES), "invalid_target"),
        (("resource", "https://unknown.example"), "invalid_target"),
        (("scope", "openid notes:write"), "invalid_scope"),
        (("scope", "files:read"), "invalid_scope"),
        (("scope", "\""), "invalid_scope"),
    ] {
        let answer = server.token(&web, &[&form[..], &[extra]].concat()).await;
        assert_eq!(answer.refusal(), (400, error.into()), "{extra:?}");
    }
    let narrowed = Tokens::of(&server.token(&web, &[&form[..], &[("scope", "notes:read")]].concat()).await);
    assert_eq!(narrowed.body["scope"], "notes:read");
}
