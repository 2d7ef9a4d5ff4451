//! What is taken away on one node is gone on the other with its next request: it is read when it is decided.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::ClientId;
use proofkey_server::admin::{Admin, KeysToRevoke};
use proofkey_testkit::{AuthorizeRequest, Browser, Code, Tokens, decode, fixtures};

use super::Nodes;
use crate::{emergency, taken_away};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_clients_users_and_apis_that_are_taken_away_on_one_node_are_gone_at_every_door_of_the_other() {
    use taken_away::{Held, Left, NOTHING, Verb};

    let with_session = Left { session: true, ..NOTHING };
    let cases = [
        (Verb::RemoveClient, with_session),
        (Verb::DisableClient, Left { consents: 2, ..with_session }),
        (Verb::DisableUser, Left { consents: 2, own: true, ..NOTHING }),
        (Verb::RemoveUser, Left { own: true, ..NOTHING }),
        (Verb::RemoveApi, Left { consents: 1, ..with_session }),
    ];
    for (verb, expected) in cases {
        let nodes = Nodes::start().await;
        let held = Held::at(nodes.one.clone()).await;
        verb.run(&nodes.other).await;
        assert_eq!(held.left().await, expected, "{verb:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_what_an_operator_ends_on_one_node_is_refused_by_the_other() {
    use emergency::{ALL, Held, Left, NOTHING, Verb};

    let without_grants = Left { session: true, ..NOTHING };
    let without_session = Left { session: false, code: 400, ..ALL };
    let cases = [
        (Verb::SignOut, NOTHING, without_session),
        (Verb::SetPassword, NOTHING, NOTHING),
        (Verb::DisableAndEnable, NOTHING, NOTHING),
        (Verb::RevokeGrantsOfUser, NOTHING, NOTHING),
        (Verb::RevokeGrantsOfClient, without_grants, without_grants),
    ];
    let nodes = Nodes::start().await;
    for (verb, of_browser_app, of_web_app) in cases {
        for (client, expected) in [(fixtures::spa(), of_browser_app), (fixtures::web(), of_web_app)] {
            let mut held = Held::new(&nodes.one, client.clone()).await;
            verb.run(&nodes.other, &client).await;
            assert_eq!(held.left(&nodes.one).await, expected, "{verb:?} {}", client.id);
            held.begins_anew(&nodes.one).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_tokens_consents_and_sessions_that_end_on_one_node_have_ended_on_the_other() {
    let nodes = Nodes::start().await;
    let (web, scope) = (fixtures::web(), "openid offline_access notes:read");
    let request = AuthorizeRequest::new(&web).set("scope", scope);
    let mut browser = Browser::new(&nodes.one);
    let tokens = async |browser: &mut Browser| {
        let code = nodes.one.code_by(browser, &request, &fixtures::ada()).await;
        Tokens::of(&nodes.one.redeem(&web, &code).await)
    };
    let revoked = tokens(&mut browser).await;
    assert_eq!(nodes.other.userinfo(&revoked.access_token).await.status, 200);
    assert_eq!(nodes.one.revoke(&web, &revoked.refresh_token).await.status, 200);
    assert_eq!(nodes.other.userinfo(&revoked.access_token).await.status, 401);
    assert_eq!(nodes.other.refresh(&web, &revoked.refresh_token).await.status, 400);

    let withdrawn = tokens(&mut browser).await;
    assert!(nodes.other.is_active(&web, &withdrawn.access_token).await);
    nodes.one.withdraw_consent(&fixtures::ada(), "web").await;
    assert!(!nodes.other.is_active(&web, &withdrawn.access_token).await);
    let mut there = browser.at(&nodes.other);
    assert!(there.authorize(&request).await.page().is_consent(), "it asks again");

    let page = browser.open("/end-session").await.page();
    let _ = browser.submit(&page, &[], "sign_out").await;
    let unasked = request.clone().set("prompt", "none");
    let mut there = there.at(&nodes.other);
    assert_eq!(there.authorize(&unasked).await.redirect().param("error"), "login_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_k_16_a_key_that_is_revoked_on_one_node_counts_for_nothing_on_the_other() {
    let nodes = Nodes::start().await;
    let web = fixtures::web();
    let tokens = nodes.one.tokens(&web, "openid offline_access").await;
    let service = nodes.other.client_credentials(&fixtures::service(), &[]).await;
    let service = Tokens::of(&service).access_token;
    assert_eq!(nodes.other.userinfo(&tokens.access_token).await.status, 200);
    let _revoked = nodes.one.admin().revoke_keys(&KeysToRevoke::All).await.unwrap();
    assert_eq!(nodes.other.userinfo(&tokens.access_token).await.status, 401);
    assert!(!nodes.other.is_active(&fixtures::service(), &service).await);
    // And what is given from now on is signed by the new one, and taken by both.
    let again = Tokens::of(&nodes.other.refresh(&web, &tokens.refresh_token).await);
    let own = nodes.other.client_credentials(&fixtures::service(), &[]).await;
    let own = Tokens::of(&own).access_token;
    for node in [&nodes.one, &nodes.other] {
        assert_eq!(node.userinfo(&again.access_token).await.status, 200);
        assert!(node.is_active(&fixtures::service(), &own).await);
    }
}

/// A code that the first node has just given, and all that it rests on was read there: it is the second one, for the first one was
/// asked for before the consent was given.
async fn code_of_one(nodes: &Nodes) -> Code {
    let request = AuthorizeRequest::new(&fixtures::web()).set("scope", "openid offline_access notes:read");
    let mut browser = Browser::new(&nodes.one);
    let _first = nodes.one.code_by(&mut browser, &request, &fixtures::ada()).await;
    nodes.one.code_by(&mut browser, &request, &fixtures::ada()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_k_10_k_16_a_code_of_one_node_is_worth_nothing_after_a_change_at_the_other_that_ends_it() {
    let (web, ada) = (ClientId::new(fixtures::web().id), fixtures::ada());
    let notes = ResourceUri::parse(fixtures::NOTES).unwrap();
    let change = async |number: usize, admin: &Admin| match number {
        0 => drop(admin.disable_user(&ada.username).await.unwrap()),
        1 => {
            let password = proofkey_oauth::Secret::new(ada.password.clone());
            drop(admin.set_password(&ada.username, &password).await.unwrap());
        }
        2 => drop(admin.sign_out_user(&ada.username).await.unwrap()),
        3 => drop(admin.remove_user(&ada.username).await.unwrap()),
        4 => admin.disable_client(&web).await.unwrap(),
        5 => admin.revoke_grants_of_client(&web).await.unwrap(),
        _ => admin.remove_api(&notes).await.unwrap(),
    };
    for number in 0..=6 {
        let nodes = Nodes::start().await;
        let code = code_of_one(&nodes).await;
        change(number, &nodes.other.admin()).await;
        // Nothing comes to the first node in between by which it could hear of the change.
        let refused = nodes.one.redeem(&fixtures::web(), &code).await.refusal();
        // Of a client that is disabled more is refused than the code.
        let expected = if number == 4 { (401, "invalid_client") } else { (400, "invalid_grant") };
        assert_eq!((refused.0, refused.1.as_str()), expected, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_k_16_a_code_of_one_node_is_redeemed_under_the_new_keys_when_the_other_has_revoked_the_old() {
    let nodes = Nodes::start().await;
    let code = code_of_one(&nodes).await;
    let revoked = nodes.other.admin().revoke_keys(&KeysToRevoke::All).await.unwrap().revoked;
    let tokens = Tokens::of(&nodes.one.redeem(&fixtures::web(), &code).await);
    for token in [&tokens.access_token, &tokens.id_token] {
        let kid = decode(token).header["kid"].as_str().unwrap().to_owned();
        assert!(!revoked.contains(&kid));
    }
    assert_eq!(nodes.other.userinfo(&tokens.access_token).await.status, 200);
}

/// Of what an operator takes away the read of a client's own token is the one that a node alone remembers for a moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_08_a_client_that_is_disabled_beside_two_nodes_gets_no_token_of_its_own_from_then_on() {
    let nodes = Nodes::start().await;
    let (service, store) = (fixtures::service(), nodes.one.store_beside().await);
    let id = proofkey_protocol::ClientId::new(service.id.clone());
    for _ in 0..20 {
        for node in [&nodes.one, &nodes.other] {
            assert_eq!(node.client_credentials(&service, &[]).await.status, 200);
        }
        store.set_client_disabled(&id, true).await.unwrap();
        for node in [&nodes.one, &nodes.other] {
            assert_ne!(node.client_credentials(&service, &[]).await.status, 200);
        }
        store.set_client_disabled(&id, false).await.unwrap();
    }
}
