//! What is given on one node is there on the other: at once where a request names what is new, and else within a second.

use proofkey_protocol::ClientId;
use proofkey_server::admin::RotatedSecret;
use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestUser, Tokens, decode, fixtures};
use serde_json::json;

use super::{Nodes, within_a_second};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_an_api_a_client_and_a_user_that_are_new_on_one_node_are_there_for_the_first_request_on_the_other()
 {
    let nodes = Nodes::start().await;
    for round in 0..5 {
        let (from, to) = (nodes.nth(round), nodes.nth(round + 1));
        let (resource, scope) = (format!("https://{round}.example/api"), format!("reports{round}:read"));
        let api = from.api(&resource, &[&scope], true).await;
        let id = format!("desk-{round}");
        let registration = json!({
            "client_id": id, "client_secret": "a secret of more than thirty-two characters",
            "redirect_uris": ["https://desk.example/callback"], "scope": format!("openid offline_access {scope}"),
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        });
        let _ = from.client(&registration).await;
        let person =
            TestUser { username: format!("person-{round}"), password: "a long password of theirs".into() };
        let _ = from.user(&person, json!({"name": "A Person"})).await;
        let desk = TestClient {
            id,
            secret: Some("a secret of more than thirty-two characters".into()),
            redirect_uri: "https://desk.example/callback".into(),
            ..fixtures::web()
        };
        // The client's own token names the API, the flow the client, its page the user.
        let own = to.client_credentials(&desk, &[("resource", &resource)]).await;
        assert_eq!(decode(&Tokens::of(&own).access_token).claims["aud"], resource);
        let request = AuthorizeRequest::new(&desk)
            .set("scope", &format!("openid offline_access {scope}"))
            .set("resource", &resource);
        let code = to.code_by(&mut Browser::new(&to), &request, &person).await;
        let tokens = Tokens::of(&to.redeem(&desk, &code).await);
        let asker = TestClient { id: api.resource, secret: api.secret, ..fixtures::service() };
        for node in [&from, &to] {
            assert!(node.is_active(&asker, &tokens.access_token).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_what_changes_of_a_registration_is_seen_on_the_other_node_within_a_second() {
    let nodes = Nodes::start().await;
    let service = fixtures::service();
    assert_eq!(nodes.other.client_credentials(&service, &[]).await.status, 200);
    nodes.one.disable_client(&service.id, true).await;
    assert_ne!(nodes.other.client_credentials(&service, &[]).await.status, 200);
    nodes.one.disable_client(&service.id, false).await;
    assert!(
        within_a_second(async || nodes.other.client_credentials(&service, &[]).await.status == 200).await
    );

    let (id, mut anew) = (ClientId::new(service.id.clone()), service.clone());
    let deliver = |rotated: &RotatedSecret| {
        anew.secret = Some(rotated.secret.expose().to_owned());
        Ok(())
    };
    nodes.one.admin().rotate_client_secret(&id, 0, deliver).await.unwrap();
    assert!(within_a_second(async || nodes.other.client_credentials(&anew, &[]).await.status == 200).await);

    let web = fixtures::web();
    let elsewhere = "https://elsewhere.example/callback";
    let request = AuthorizeRequest::new(&web).set("redirect_uri", elsewhere);
    let mut browser = Browser::new(&nodes.other);
    assert_eq!(browser.authorize(&request).await.page().status, 400);
    nodes
        .one
        .update_client(
            "web",
            &json!({
                "client_id": "web", "redirect_uris": [web.redirect_uri, elsewhere], "scope": web.scope,
                "token_endpoint_auth_method": "client_secret_basic",
                "grant_types": ["authorization_code", "refresh_token"],
            }),
        )
        .await;
    assert!(within_a_second(async || browser.authorize(&request).await.page().is_sign_in()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_consents_and_passwords_that_are_given_on_one_node_hold_on_the_other() {
    let nodes = Nodes::start().await;
    let (web, ada) = (fixtures::web(), fixtures::ada());
    let request = AuthorizeRequest::new(&web).set("scope", &web.scope);
    let mut browser = Browser::new(&nodes.one);
    let _ = browser.complete(&request, &ada).await;
    let unasked = request.set("prompt", "none");
    assert_ne!(browser.at(&nodes.other).authorize(&unasked).await.redirect().param("code"), "");
    nodes.one.set_password("ada", "another long password of hers").await;
    let anew = TestUser { password: "another long password of hers".into(), ..ada };
    let _ = Browser::signed_in(&nodes.other, &anew).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_md_06_what_a_key_signs_that_was_made_on_one_node_is_taken_by_the_other_at_once() {
    let nodes = Nodes::start().await;
    let web = fixtures::web();
    for round in 0..5 {
        let (from, to) = (nodes.nth(round), nodes.nth(round + 1));
        let made = from.admin().rotate_keys().await.unwrap();
        let tokens = from.tokens(&web, "openid offline_access").await;
        let kid = decode(&tokens.access_token).header["kid"].as_str().unwrap().to_owned();
        assert!(made.iter().any(|key| key.record.kid == kid), "{kid} signs");
        assert_eq!(to.userinfo(&tokens.access_token).await.status, 200, "{round}");
        assert!(to.is_active(&web, &tokens.access_token).await);
        let published = to.get("/jwks", &[]).await.body;
        assert!(published.contains(&kid), "who meets the key finds it: {published}");
        let page =
            Browser::new(&to).open(&format!("/end-session?id_token_hint={}", tokens.id_token)).await.page();
        assert_eq!(page.status, 200, "as a hint too: {}", page.html);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn md_06_of_nodes_that_rotate_at_once_one_makes_the_keys_and_both_sign_by_them() {
    let nodes = Nodes::start().await;
    for _ in 0..5 {
        let (one, other) = (nodes.one.admin(), nodes.other.admin());
        let (one, other) = tokio::join!(one.rotate_keys(), other.rotate_keys());
        assert!(one.is_ok() || other.is_ok());
        let signed = async |node: &proofkey_testkit::TestServer| {
            let own = node.client_credentials(&fixtures::service(), &[]).await;
            Tokens::of(&own).access_token
        };
        let (ours, theirs) = (signed(&nodes.one).await, signed(&nodes.other).await);
        assert_eq!(decode(&ours).header["kid"], decode(&theirs).header["kid"]);
    }
}
