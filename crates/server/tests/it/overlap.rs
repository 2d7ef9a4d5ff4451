//! Refreshing by several at once, over the wire: those who share a sign-in, those who lose replies, and those who have stolen
//! a copy (RT-14, RT-15, K-12). Over hours of a simulated clock the same is played in `protocol/token/tests/simulation.rs`.

use std::sync::{Arc, Mutex};

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, Logs, TestClient, TestServer, Tokens, fixtures};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{registered, take_back};

/// Without `openid` no ID token is signed: what is tested is who may refresh.
const SCOPE: &str = "offline_access notes:read";
const OVERLAP_SECONDS: i64 = 60;

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

fn shared() -> Value {
    json!({"refresh_shared": true})
}

async fn refreshed(server: &TestServer, client: &TestClient, token: &str) -> String {
    Tokens::of(&server.refresh(client, token).await).refresh_token
}

/// The answers to these tokens, all sent at once.
async fn at_once(server: &Arc<TestServer>, client: &TestClient, tokens: &[String]) -> Vec<Answer> {
    let send = |token: &String| {
        let (server, client, token) = (Arc::clone(server), client.clone(), token.clone());
        async move { server.refresh(&client, &token).await }
    };
    tokens.iter().map(send).collect::<JoinSet<_>>().join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_12_rt_14_five_that_refresh_at_once_and_then_use_what_each_was_given_go_on_as_one() {
    let server = Arc::new(TestServer::start().await);
    for client in fixtures::user_clients() {
        let first = server.tokens(&client, SCOPE).await.refresh_token;
        let children: Vec<_> =
            at_once(&server, &client, &vec![first.clone(); 5]).await.iter().map(Tokens::of).collect();
        let tokens: Vec<_> = children.into_iter().map(|child| child.refresh_token).collect();
        for answer in at_once(&server, &client, &tokens).await {
            assert_eq!(answer.status, 200, "{}: {answer:?}", client.id);
        }
        server.advance(OVERLAP_SECONDS - 1);
        let last = refreshed(&server, &client, &first).await;
        assert_eq!(last, refreshed(&server, &client, &tokens[4]).await, "the newest, whatever was sent");
        let _ = refreshed(&server, &client, &last).await;
    }
}

/// A process that shares a sign-in: it has a memory of its own, and a store that all of them read and write without a lock.
struct Holder {
    server: Arc<TestServer>,
    client: Arc<TestClient>,
    store: Arc<Mutex<String>>,
    held: String,
    /// When it refreshes next.
    due: i64,
    cycles: usize,
    asked: usize,
    dice: u64,
}

impl Holder {
    /// One refresh, and another from the store where that is refused.
    async fn cycle(mut self) -> Self {
        let mut answer = self.server.refresh(&self.client, &self.held).await;
        if answer.status != 200 {
            assert_eq!(answer.json()["error_rule"], "refresh_token.stale", "{answer:?}");
            let stored = self.store.lock().unwrap().clone();
            answer = self.server.refresh(&self.client, &stored).await;
        }
        if answer.status == 200 {
            self.held = Tokens::of(&answer).refresh_token;
            self.store.lock().unwrap().clone_from(&self.held);
        } else {
            self.asked += 1;
        }
        self.cycles += 1;
        self.due += self.pause();
        self
    }

    /// Until shortly before the access token ends, on a grid on which several often meet; sometimes far longer.
    fn pause(&mut self) -> i64 {
        // xorshift: the same pauses for the same seed.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let steps = if self.dice.is_multiple_of(20) { self.dice % 360 } else { 16 + self.dice % 5 };
        i64::try_from(steps).unwrap() * 30
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_12_rt_14_eight_that_share_a_sign_in_refresh_fifty_times_out_of_step_and_none_is_signed_out() {
    const HOLDERS: u64 = 8;
    const CYCLES: usize = 50;
    let server = Arc::new(TestServer::start().await);
    let client = Arc::new(registered(&server, "agents", &shared()).await);
    let first = server.tokens(&client, SCOPE).await.refresh_token;
    let store = Arc::new(Mutex::new(first.clone()));
    let holder = |seed: u64| {
        let (server, client, store) = (Arc::clone(&server), Arc::clone(&client), Arc::clone(&store));
        let dice = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut holder =
            Holder { server, client, store, held: first.clone(), due: 0, cycles: 0, asked: 0, dice };
        holder.due = holder.pause();
        holder
    };
    let mut holders: Vec<_> = (0..HOLDERS).map(holder).collect();
    let (mut now, mut together_max) = (0, 0);
    while holders.iter().any(|holder| holder.cycles < CYCLES) {
        let next = holders.iter().map(|holder| holder.due).min().unwrap();
        server.advance(next - now);
        now = next;
        let (awake, asleep): (Vec<_>, Vec<_>) = holders.into_iter().partition(|holder| holder.due == now);
        together_max = together_max.max(awake.len());
        holders = asleep;
        holders.extend(awake.into_iter().map(Holder::cycle).collect::<JoinSet<_>>().join_all().await);
    }
    let asked: usize = holders.iter().map(|holder| holder.asked).sum();
    assert!(together_max > 1, "some met");
    assert_eq!(asked, 0, "signed out");
    println!("{HOLDERS} holders × {CYCLES} cycles and more in {} hours: {asked} signed out", now / 3_600);
}

#[tokio::test]
async fn k_12_rt_02_at_the_default_a_copy_is_found() {
    let logs = Logs::capture();
    let server = TestServer::start().await;
    for (at, client) in fixtures::user_clients().into_iter().enumerate() {
        // On a schedule of its own: both go on with what they hold, until one comes too late.
        let tokens = server.tokens(&client, SCOPE).await;
        let (mut owner, mut thief) = (tokens.refresh_token.clone(), tokens.refresh_token);
        let found = loop {
            let answer = server.refresh(&client, &owner).await;
            server.advance(300);
            if answer.status != 200 {
                break answer;
            }
            owner = Tokens::of(&answer).refresh_token;
            let answer = server.refresh(&client, &thief).await;
            server.advance(300);
            if answer.status != 200 {
                break answer;
            }
            thief = Tokens::of(&answer).refresh_token;
        };
        assert_eq!(found.json()["error_rule"], "refresh_token.reused", "{}", client.id);
        for token in [&owner, &thief] {
            assert_eq!(server.refresh(&client, token).await.refusal(), invalid_grant());
        }
        // One who polls with a used token, when the owner goes on.
        let copied = server.tokens(&client, SCOPE).await.refresh_token;
        let owner = refreshed(&server, &client, &copied).await;
        server.advance(300);
        let _ = refreshed(&server, &client, &copied).await;
        let newest = Tokens::of(&server.refresh(&client, &owner).await);
        assert_eq!(server.refresh(&client, &copied).await.refusal(), invalid_grant());
        assert_eq!(server.userinfo(&newest.access_token).await.status, 401, "and all of it is over");
        let lines = logs.text().lines().filter(|line| line.contains("its grant is revoked")).count();
        assert!(lines >= 2 * (at + 1), "{lines}");
    }
}

#[tokio::test]
async fn rt_15_the_overlap_of_each_client_is_its_own() {
    let server = TestServer::start().await;
    for (id, more, forgiven, late) in [
        ("default", json!({}), 59, 60),
        ("none", json!({"refresh_overlap_seconds": 0}), -1, 0),
        ("long", json!({"refresh_overlap_seconds": 3600}), 3_599, 3_600),
        ("shared", shared(), 599, 600),
        ("shared-short", json!({"refresh_shared": true, "refresh_overlap_seconds": 5}), 4, 5),
    ] {
        let client = registered(&server, id, &more).await;
        for (elapsed, good) in [(forgiven, true), (late, false)] {
            if elapsed < 0 {
                continue;
            }
            let first = server.tokens(&client, SCOPE).await.refresh_token;
            let second = refreshed(&server, &client, &first).await;
            let third = refreshed(&server, &client, &second).await;
            server.advance(elapsed);
            assert_eq!(server.refresh(&client, &first).await.status == 200, good, "{id} {elapsed}");
            let again = server.refresh(&client, &second).await;
            let alike = again.status == 200 && Tokens::of(&again).refresh_token == third;
            assert_eq!(alike, good || more["refresh_shared"] == true, "{id} {elapsed}: {again:?}");
        }
    }
}

#[tokio::test]
async fn k_12_rt_02_a_shared_sign_in_that_is_suspect_ends_when_the_person_signs_in_to_that_client_again() {
    let logs = Logs::capture();
    let server = TestServer::start().await;
    let client = registered(&server, "suspects", &shared()).await;
    let other = registered(&server, "beside-them", &shared()).await;
    let mut browser = Browser::new(&server);
    let mut sign_in = async |client: &TestClient, user| {
        let request = AuthorizeRequest::new(client).set("scope", SCOPE);
        let code = server.code_by(&mut browser, &request, &user).await;
        Tokens::of(&server.redeem(client, &code).await).refresh_token
    };
    let stale = sign_in(&client, fixtures::ada()).await;
    let kept = sign_in(&client, fixtures::ada()).await;
    let second = refreshed(&server, &client, &stale).await;
    let third = refreshed(&server, &client, &second).await;
    server.advance(600);
    let before = logs.text().lines().filter(|line| line.contains("its grant is suspect")).count();
    assert_eq!(before, 0);
    for _ in 0..3 {
        let refused = server.refresh(&client, &stale).await;
        assert_eq!(refused.json()["error_rule"], "refresh_token.stale");
    }
    let alarms = logs.text().lines().filter(|line| line.contains("its grant is suspect")).count();
    assert_eq!(alarms, 2, "the first, the second, the fourth …");
    let fourth = refreshed(&server, &client, &third).await;
    // To sign in elsewhere, or to refresh, ends nothing.
    let _ = sign_in(&other, fixtures::ada()).await;
    let fifth = refreshed(&server, &client, &fourth).await;
    let new = sign_in(&client, fixtures::ada()).await;
    assert_eq!(server.refresh(&client, &fifth).await.json()["error_rule"], "grant.revoked");
    for token in [&new, &kept] {
        let _ = refreshed(&server, &client, token).await;
    }
    assert!(logs.text().contains("suspect grants to this client have ended"));
}

#[tokio::test]
async fn rt_15_a_token_that_is_newer_than_the_database_ends_nothing() {
    let logs = Logs::capture();
    let server = TestServer::start().await;
    let web = fixtures::web();
    let first = server.tokens(&web, SCOPE).await.refresh_token;
    let second = refreshed(&server, &web, &first).await;
    take_back(&server).await;
    for _ in 0..3 {
        assert_eq!(server.refresh(&web, &second).await.json()["error_rule"], "store.behind");
    }
    assert!(logs.text().contains("store.behind"));
    let _ = refreshed(&server, &web, &first).await;
    // And the token that was ahead is its child, as it was: nobody is signed out by a restored backup that is young.
    let _ = refreshed(&server, &web, &second).await;
}

#[tokio::test]
async fn k_12_repeats_are_logged_and_those_from_another_address_are_a_warning() {
    let logs = Logs::capture();
    let server = TestServer::builder().set("server.trusted_proxies", "127.0.0.1").start().await;
    let client = registered(&server, "repeated", &json!({})).await;
    let first = server.tokens(&client, SCOPE).await.refresh_token;
    let send = async |from: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", &first), ("client_id", &client.id)];
        assert_eq!(server.post("/token", &form, &[("x-forwarded-for", from)]).await.status, 200);
    };
    let lines = |what: &str| {
        let text = logs.text();
        text.lines()
            .filter(|line| line.contains("\"repeated\"") || line.contains("repeated"))
            .filter(|line| line.contains(what))
            .count()
    };
    send("2001:db8:1:2::1").await;
    assert_eq!(lines("came again"), 0);
    for _ in 0..2 {
        send("2001:db8:1:2::9").await;
    }
    assert_eq!((lines("came again"), lines("from another address")), (2, 0));
    send("203.0.113.7").await;
    assert_eq!(lines("from another address"), 1);
    let text = logs.text();
    let warned: Vec<_> = text.lines().filter(|line| line.contains("from another address")).collect();
    assert!(warned.iter().all(|line| !line.contains("203.0.113.7") && line.contains("WARN")), "{warned:?}");
}

#[tokio::test]
async fn in_02_rt_14_a_used_token_is_active_for_as_long_as_it_is_good() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let first = server.tokens(&web, SCOPE).await.refresh_token;
    let second = refreshed(&server, &web, &first).await;
    let _ = refreshed(&server, &web, &second).await;
    assert!(server.is_active(&web, &first).await, "retired a moment ago");
    server.advance(OVERLAP_SECONDS);
    assert!(!server.is_active(&web, &first).await);
    assert!(server.is_active(&web, &second).await);
}
