//! What is good once, and what is counted: by both nodes together. `PROOFKEY_CYCLES` is the number of codes, and of tokens.

use std::sync::Arc;

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, TestUser, Tokens, fixtures};
use tokio::task::JoinSet;

use super::Nodes;
use crate::races::{SCOPE, codes, contending, scaled, together};

/// So many in hundred of the full counts, where nothing else is asked for.
const PERCENT: usize = if cfg!(debug_assertions) { 2 } else { 20 };

fn many_grants() -> proofkey_testkit::Builder {
    TestServer::builder().set("limits.factor", 1_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_14_f_17_tk_07_a_code_that_comes_to_both_nodes_at_once_is_redeemed_once_and_its_grant_revoked() {
    const PARALLEL: usize = 200;
    let nodes = Nodes::of(many_grants).await;
    let client = Arc::new(fixtures::web());
    let total = scaled(1_000, PERCENT);
    for code in codes(&nodes.one, &client, total).await {
        let code = Arc::new(code);
        let attempts = (0..PARALLEL).map(|number| {
            let (server, client, code) = (nodes.nth(number), Arc::clone(&client), Arc::clone(&code));
            async move { server.redeem(&client, &code).await }
        });
        let (won, lost) = contending(attempts).await;
        assert_eq!((won.len(), lost), (1, PARALLEL - 1));
        for node in [&nodes.one, &nodes.other] {
            assert!(!node.is_active(&client, &won[0].access_token).await, "the losers revoked it");
        }
    }
    println!("{PARALLEL} parallel redemptions on two nodes × {total} codes: each succeeded once");
    println!("cycles done: {total}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_15_f_17_rt_14_a_hundred_refreshes_on_both_nodes_go_on_as_one_and_chains_go_from_node_to_node() {
    const PARALLEL: usize = 100;
    const DEPTH: usize = 20;
    let nodes = Nodes::of(many_grants).await;
    let client = Arc::new(fixtures::web());
    let used = |number: usize, token: String| {
        let (server, client) = (nodes.nth(number), Arc::clone(&client));
        async move { server.refresh(&client, &token).await }
    };
    let total = scaled(1_000, PERCENT);
    let mut firsts = Vec::new();
    for code in codes(&nodes.one, &client, total).await {
        firsts.push(Tokens::of(&nodes.other.redeem(&client, &code).await).refresh_token);
    }
    for mut token in firsts {
        for _ in 0..2 {
            let attempts = (0..PARALLEL).map(|number| used(number, token.clone()));
            let (answers, lost) = together(attempts).await;
            assert_eq!(lost, 0, "within the overlap each is answered, whichever node it asks");
            assert!(answers.iter().all(|tokens| tokens.refresh_token == answers[0].refresh_token), "alike");
            token.clone_from(&answers[0].refresh_token);
        }
        for number in 0..DEPTH {
            token = Tokens::of(&used(number, token).await).refresh_token;
        }
        // Late, each of those who repeat one gets a successor of its own: one of them goes on, and a second one ends all.
        let old = token.clone();
        let _ = Tokens::of(&used(0, old.clone()).await);
        nodes.one.advance(60);
        let (siblings, _) = together((0..4).map(|number| used(number, old.clone()))).await;
        let (live, _) = together(
            siblings.into_iter().enumerate().map(|(number, tokens)| used(number + 1, tokens.refresh_token)),
        )
        .await;
        assert!(live.len() <= 1, "{} branches", live.len());
    }
    println!("{PARALLEL} parallel refreshes on two nodes × {} tokens: no fork, nobody locked out", 2 * total);
    println!("cycles done: {total}");
}

/// Posts the password on a page of its own; the status.
async fn attempt(server: &TestServer, username: &str, password: &str) -> u16 {
    let mut browser = Browser::new(server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let user = TestUser { username: username.into(), password: password.into() };
    match browser.sign_in(&page, &user).await {
        proofkey_testkit::Navigated::Page(page) if page.is_sign_in() => page.status,
        _ => 200,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lg_07_k_04_guesses_are_counted_by_both_nodes_together() {
    let builder = || TestServer::builder().set("limits.login_address_burst", 100_000);
    let nodes = Nodes::of(builder).await;
    for number in 0..10 {
        assert_eq!(attempt(&nodes.nth(number), "ada", "wrong").await, 400, "{number}");
    }
    for node in [&nodes.one, &nodes.other] {
        assert_eq!(attempt(node, "ada", &fixtures::ada().password).await, 429, "the right one waits as well");
    }
    let mut running = JoinSet::new();
    for number in 0..60 {
        let node = nodes.nth(number);
        running.spawn(async move { attempt(&node, "bob", "wrong").await });
    }
    let statuses = running.join_all().await;
    let count = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(400), count(429)), (10, 50), "{statuses:?}");
    nodes.one.advance(3_600);
    assert_eq!(attempt(&nodes.other, "ada", &fixtures::ada().password).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_09_wrong_verifiers_for_a_code_are_counted_by_both_nodes_together() {
    let nodes = Nodes::start().await;
    let web = fixtures::web();
    let code = nodes.one.code(&web, SCOPE).await;
    let mut guess = code.form();
    guess[3].1 = "a-verifier-that-is-long-enough-but-not-the-right-one";
    for number in 0..20 {
        assert_eq!(nodes.nth(number).token(&web, &guess).await.status, 400, "{number}");
    }
    for node in [&nodes.one, &nodes.other] {
        let answer = node.redeem(&web, &code).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "the code is locked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_comes_to_another_node_with_each_request_gets_through() {
    let nodes = Nodes::start().await;
    for client in fixtures::user_clients() {
        let mut browser = Browser::new(&nodes.one);
        let request = AuthorizeRequest::new(&client).set("scope", "openid profile offline_access notes:read");
        let page = browser.authorize(&request).await.page();
        let mut browser = browser.at(&nodes.other);
        let page = browser.sign_in(&page, &fixtures::ada()).await.page();
        let mut browser = browser.at(&nodes.one);
        let code = browser.allow(&page).await.redirect().param("code");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", request.get("redirect_uri")),
            ("code_verifier", request.verifier.as_str()),
        ];
        let tokens = Tokens::of(&nodes.other.token(&client, &form).await);
        let tokens = Tokens::of(&nodes.one.refresh(&client, &tokens.refresh_token).await);
        assert_eq!(nodes.other.userinfo(&tokens.access_token).await.status, 200);
    }
}
