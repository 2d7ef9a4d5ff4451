//! A node meets what a newer version has put into the database that both work on.

use proofkey_testkit::{Browser, Tokens, fixtures};

use super::Nodes;

const SCOPE: &str = "openid offline_access notes:read";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_09_tables_and_columns_of_a_newer_version_change_nothing_for_a_node_that_runs() {
    let nodes = Nodes::start().await;
    let web = fixtures::web();
    let before = nodes.one.tokens(&web, SCOPE).await;
    let sibling = nodes.one.sibling().await;
    let tables = sibling.texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await;
    assert!(tables.len() > 15);
    for table in &tables {
        let text = format!(
            "ALTER TABLE {table} ADD COLUMN of_tomorrow BIGINT;
             ALTER TABLE {table} ADD COLUMN of_tomorrow_too BIGINT NOT NULL DEFAULT 7"
        );
        sibling.execute(&text).await;
    }
    sibling.execute("CREATE TABLE tomorrow (id BIGINT NOT NULL PRIMARY KEY)").await;
    for node in [&nodes.one, &nodes.other] {
        let _ = Tokens::of(&node.refresh(&web, &before.refresh_token).await);
        for client in fixtures::user_clients() {
            let tokens = node.tokens(&client, SCOPE).await;
            let tokens = Tokens::of(&node.refresh(&client, &tokens.refresh_token).await);
            assert_eq!(node.userinfo(&tokens.access_token).await.status, 200);
            assert_eq!(node.revoke(&client, &tokens.refresh_token).await.status, 200);
        }
        node.set_password("bob", "another long password of his").await;
        let _ = node.admin().rotate_keys().await.unwrap();
        let _ = node.client_credentials(&fixtures::service(), &[]).await;
    }
}

/// Envelopes of a later form open as nothing: a code is refused, a page is stale, a session is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_09_codes_tokens_and_cookies_of_a_form_that_is_not_known_are_refused_and_never_a_fault() {
    let nodes = Nodes::start().await;
    let web = fixtures::web();
    let mut code = nodes.one.code(&web, SCOPE).await;
    let tokens = nodes.one.tokens(&web, SCOPE).await;
    let later = |text: &str| format!("{text}{}", "A".repeat(64));
    code.code = later(&code.code);
    for node in [&nodes.one, &nodes.other] {
        assert_eq!(node.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()));
        let refresh = node.refresh(&web, &later(&tokens.refresh_token)).await;
        assert_eq!(refresh.refusal(), (400, "invalid_grant".into()));
        assert!(!node.is_active(&web, &later(&tokens.access_token)).await);
        let mut browser = Browser::signed_in(node, &fixtures::ada()).await;
        for cookie in &mut browser.jar.cookies {
            cookie.value = later(&cookie.value);
        }
        let request = proofkey_testkit::AuthorizeRequest::new(&web);
        assert!(browser.authorize(&request).await.page().is_sign_in(), "it begins anew");
        let _ = Tokens::of(&node.refresh(&web, &tokens.refresh_token).await);
    }
}
