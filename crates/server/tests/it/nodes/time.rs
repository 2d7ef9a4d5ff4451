//! Nodes take the time from their database: what one machine's clock shows does no harm.

use proofkey_server::clock::Clock;
use proofkey_testkit::{AuthorizeRequest, Browser, Logs, TestServer, Tokens, decode, fixtures};

use super::Nodes;

/// Two nodes whose machines' clocks show this much too late or too early.
async fn apart(seconds_of_one: i64, seconds_of_other: i64) -> Nodes {
    let real = Clock::System.now();
    let clock = |ahead| Clock::shared(Clock::manual(real + ahead));
    let one = TestServer::builder().postgres().clock(clock(seconds_of_one)).start().await;
    let other = TestServer::builder().beside(&one).clock(clock(seconds_of_other)).start().await;
    Nodes { one: one.into(), other: other.into() }
}

/// Whether the log says so within seconds: a node looks at the clocks twice a second.
async fn is_told(logs: &Logs, words: &str) -> bool {
    for _ in 0..500 {
        if logs.text().contains(words) {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_07_f_20_what_is_made_on_a_node_whose_clock_is_two_minutes_off_is_good_on_the_other_and_ages_alike()
 {
    let logs = Logs::capture();
    let nodes = apart(120, -120).await;
    assert!((nodes.one.now() - nodes.other.now()).abs() <= 2, "both have the database's time");
    assert!((nodes.one.now().seconds() - Clock::System.now()).abs() <= 5);
    for told in ["ahead_seconds=1", "ahead_seconds=-1"] {
        assert!(is_told(&logs, told).await, "{told}");
    }
    let web = fixtures::web();
    let request = AuthorizeRequest::new(&web).set("scope", "openid offline_access notes:read");
    for round in 0..4 {
        let (from, to) = (nodes.nth(round), nodes.nth(round + 1));
        let mut browser = Browser::new(&from);
        let code = from.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&to.redeem(&web, &code).await);
        let claims = decode(&tokens.id_token).claims;
        let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert!(issued < expires && (issued - from.now().seconds()).abs() <= 2, "{claims}");
        // The nodes agree to within the time of a question to the database: a second may begin at one of them a little later.
        assert!((-1..=2).contains(&(issued - claims["auth_time"].as_i64().unwrap())), "{claims}");
        assert!(tokens.body["expires_in"].as_i64().is_some_and(|seconds| seconds > 0));
        assert_eq!(from.userinfo(&tokens.access_token).await.status, 200);
        let refreshed = Tokens::of(&from.refresh(&web, &tokens.refresh_token).await);
        // Repeated within the overlap, on the other node: the same successor.
        let repeated = Tokens::of(&to.refresh(&web, &tokens.refresh_token).await);
        assert_eq!(refreshed.refresh_token, repeated.refresh_token);
        let unasked = request.clone().set("prompt", "none").set("max_age", "60");
        let mut browser = browser.at(&to);
        assert_ne!(browser.authorize(&unasked).await.redirect().param("code"), "", "signed in just now");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_07_f_20_a_code_ends_on_both_nodes_after_its_time() {
    let nodes = apart(120, -120).await;
    let web = fixtures::web();
    for node in [&nodes.one, &nodes.other] {
        // A look at the database between the two readings undoes what the test let pass: then it is tried once more.
        for tries in 1.. {
            let code = nodes.one.code(&web, "openid").await;
            let made_at = nodes.one.now();
            node.advance(90);
            let answer = node.redeem(&web, &code).await;
            if node.now() - made_at >= 61 {
                assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
                break;
            }
            assert!(tries < 5, "the time does not pass");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_07_the_clock_of_a_machine_that_is_set_while_the_server_runs_moves_nothing_and_is_told_once() {
    let nodes = apart(0, 0).await;
    let web = fixtures::web();
    let code = nodes.one.code(&web, "openid").await;
    let (logs, before) = (Logs::capture(), nodes.other.now());
    nodes.other.clock.set_by(7_200);
    assert!((nodes.other.now() - before).abs() <= 2);
    assert_eq!(nodes.other.redeem(&web, &code).await.status, 200);
    let told = "ahead_seconds=7";
    assert!(is_told(&logs, told).await);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(logs.text().matches(told).count(), 1);
}
