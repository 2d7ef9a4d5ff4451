//! Races through the whole HTTP stack of one server: 200 redemptions × 1,000 codes, 100 refreshes × 2,000 tokens, 10,000
//! refreshes with lost replies. An unoptimised build runs a tenth of the codes and tokens, for time alone;
//! `PROOFKEY_RACES=100` is the percentage that runs all of them in any build, as `cargo xtask test` does (docs/faults.md).

use std::sync::Arc;

use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Code, Engine, TestClient, TestServer, Tokens, fixtures,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::consented;

/// Without `openid` no ID token is signed: the race is what is tested, not RSA.
pub(crate) const SCOPE: &str = "offline_access notes:read";

/// So many in hundred of a count, or as many as `cargo xtask faults` asks for.
pub(crate) fn scaled(count: usize, percent_by_default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = |name| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let percent = asked("PROOFKEY_RACES").unwrap_or(percent_by_default);
    asked("PROOFKEY_CYCLES").unwrap_or((count * percent / 100).max(1))
}

const PERCENT: usize = if cfg!(debug_assertions) { 10 } else { 100 };

/// A server that lets one user give one client any number of grants at once.
async fn many_grants() -> TestServer {
    TestServer::builder().set("limits.factor", 1_000).start().await
}

/// Codes of a signed-in user who allowed everything: one request each.
pub(crate) async fn codes(server: &TestServer, client: &TestClient, count: usize) -> Vec<Code> {
    let mut browser = consented(server, client).await;
    let mut codes = Vec::new();
    for _ in 0..count {
        let request = AuthorizeRequest::new(client).set("scope", SCOPE);
        codes.push(server.code_by(&mut browser, &request, &fixtures::ada()).await);
    }
    codes
}

/// Sends the requests of all these at once and sorts the answers: those that succeeded, and the number refused.
pub(crate) async fn together<F>(attempts: impl Iterator<Item = F>) -> (Vec<Tokens>, usize)
where
    F: Future<Output = Answer> + Send + 'static,
{
    sorted(&attempts.collect::<JoinSet<_>>().join_all().await, false)
}

/// The same where so many contend for one row of PostgreSQL that some may be told to come again: that is no success either.
pub(crate) async fn contending<F>(attempts: impl Iterator<Item = F>) -> (Vec<Tokens>, usize)
where
    F: Future<Output = Answer> + Send + 'static,
{
    sorted(&attempts.collect::<JoinSet<_>>().join_all().await, true)
}

fn sorted(answers: &[Answer], may_be_busy: bool) -> (Vec<Tokens>, usize) {
    let mut won = Vec::new();
    for answer in answers {
        match answer.status {
            200 => won.push(Tokens::of(answer)),
            503 if may_be_busy => assert!(!answer.header("retry-after").is_empty(), "{answer:?}"),
            _ => assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{answer:?}"),
        }
    }
    let lost = answers.len() - won.len();
    (won, lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_07_v_09_f_14_of_two_hundred_parallel_redemptions_one_wins_and_its_grant_is_revoked() {
    const PARALLEL: usize = 200;
    let server = Arc::new(many_grants().await);
    let client = Arc::new(fixtures::web());
    let total = scaled(1_000, PERCENT);
    let mut winners = 0;
    for code in codes(&server, &client, total).await {
        let code = Arc::new(code);
        let attempts = (0..PARALLEL).map(|_| {
            let (server, client, code) = (Arc::clone(&server), Arc::clone(&client), Arc::clone(&code));
            async move { server.redeem(&client, &code).await }
        });
        let (won, lost) = match server.engine() {
            Engine::Sqlite => together(attempts).await,
            Engine::Postgres => contending(attempts).await,
        };
        assert_eq!((won.len(), lost), (1, PARALLEL - 1));
        winners += won.len();
        for token in [&won[0].access_token, &won[0].refresh_token] {
            assert!(!server.is_active(&client, token).await, "the losers revoked the winner's grant");
        }
    }
    assert_eq!(winners, total);
    println!("{PARALLEL} parallel redemptions × {total} codes: {winners} successes");
    println!("cycles done: {total}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn az_30_what_one_user_allows_on_several_pages_at_once_is_all_remembered() {
    let scopes = ["openid", "profile", "notes:read offline_access", "offline_access"];
    let server = TestServer::start().await;
    for client in [fixtures::web(), fixtures::web_b(), fixtures::spa()] {
        let mut asked = Vec::new();
        for scope in scopes {
            let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
            let page = browser.authorize(&AuthorizeRequest::new(&client).set("scope", scope)).await.page();
            asked.push(async move { browser.allow(&page).await.redirect().param("code") });
        }
        let codes = asked.into_iter().collect::<JoinSet<_>>().join_all().await;
        assert!(codes.iter().all(|code| !code.is_empty()), "{} {codes:?}", client.id);
        let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
        let all = AuthorizeRequest::new(&client).set("scope", &scopes.join(" ")).set("prompt", "none");
        assert_ne!(browser.authorize(&all).await.redirect().param("code"), "", "{}", client.id);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt_04_rt_14_v_25_f_15_k_12_a_hundred_parallel_refreshes_go_on_as_one_and_never_leave_two_live_branches()
 {
    const PARALLEL: usize = 100;
    const SIBLINGS: usize = 20;
    let server = Arc::new(many_grants().await);
    let client = Arc::new(fixtures::web());
    let (mut given, mut late, mut branches) = (0, 0, 0);
    let mut grants = Vec::new();
    for code in codes(&server, &client, scaled(1_000, PERCENT)).await {
        grants.push(Tokens::of(&server.redeem(&client, &code).await).refresh_token);
    }
    let used = |token: String| {
        let (server, client) = (Arc::clone(&server), Arc::clone(&client));
        async move { server.refresh(&client, &token).await }
    };
    for first in &grants {
        let mut token = first.clone();
        // All of them get one successor, and when all use that, all get one successor again.
        for _ in 0..2 {
            let (answers, lost) = together((0..PARALLEL).map(|_| used(token.clone()))).await;
            assert_eq!(lost, 0, "within the overlap each is answered");
            assert!(answers.iter().all(|tokens| tokens.refresh_token == answers[0].refresh_token), "alike");
            given += answers.len();
            token = answers[0].refresh_token.clone();
        }
        let newest = Tokens::of(&server.refresh(&client, &token).await);
        assert!(server.is_active(&client, &newest.access_token).await);
        // Later, each gets a successor of its own, and the first of those to be used retires the others.
        server.advance(60);
        let (siblings, lost) = together((0..SIBLINGS).map(|_| used(token.clone()))).await;
        assert_eq!(lost, 0, "none of them has a successor in use");
        late += siblings.len();
        let (live, _) = together(siblings.into_iter().map(|tokens| used(tokens.refresh_token))).await;
        assert_eq!(live.len(), 1, "one branch");
        let last = server.refresh(&client, &live[0].refresh_token).await;
        branches += usize::from(last.status == 200);
        assert_eq!(
            last.refusal(),
            (400, "invalid_grant".into()),
            "a retired sibling was used: the family is gone"
        );
    }
    println!(
        "{PARALLEL} parallel refreshes × {} tokens: {given} answered alike, {late} late, {branches} branches left",
        2 * grants.len()
    );
    println!("cycles done: {}", grants.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt_03_v_25_f_16_lost_replies_force_no_sign_in_and_leave_no_fork() {
    const CHAINS: usize = 50;
    let server = Arc::new(TestServer::start().await);
    let client = Arc::new(fixtures::web());
    let refreshes = scaled(10_000, 100).div_ceil(CHAINS);
    let mut tokens = Vec::new();
    for code in codes(&server, &client, CHAINS).await {
        tokens.push(Tokens::of(&server.redeem(&client, &code).await).refresh_token);
    }
    let mut chains = JoinSet::new();
    for (seed, token) in (1..).zip(tokens) {
        let chain = Chain { server: Arc::clone(&server), client: Arc::clone(&client), token };
        chains.spawn(chain.run(seed, refreshes));
    }
    let lost: usize = chains.join_all().await.into_iter().sum();
    assert!(lost > refreshes, "the test lost replies: {lost}");
    println!("{} refreshes, {lost} replies lost: no forced sign-in, no fork", refreshes * CHAINS);
    println!("cycles done: {}", refreshes * CHAINS);
}

/// One honest client that loses replies.
struct Chain {
    server: Arc<TestServer>,
    client: Arc<TestClient>,
    token: String,
}

impl Chain {
    /// Refreshes so often, losing every third reply or so; the number lost.
    async fn run(mut self, seed: u64, refreshes: usize) -> usize {
        let (mut dice, mut lost, mut strays) = (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), 0, Vec::new());
        for _ in 0..refreshes {
            // xorshift: the same losses for the same seed.
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            match dice % 6 {
                0 => self.never_read().await,
                // Read here, so that the stray successor is known, but not by the client; which tries again at once or late.
                1 => {
                    strays.push(self.used().await.refresh_token);
                    self.server.advance(i64::from(dice % 12 < 6) * 60);
                }
                _ => {
                    self.token = self.used().await.refresh_token;
                    continue;
                }
            }
            lost += 1;
        }
        let used = self.used().await.refresh_token;
        let last = Tokens::of(&self.server.refresh(&self.client, &used).await);
        self.server.advance(60);
        strays.retain(|stray| *stray != used);
        for stray in &strays {
            let answer = self.server.refresh(&self.client, stray).await;
            assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "a fork");
        }
        // A stray that is used is a replay, and ends the family. The access token may have ended by itself: each chain moves the
        // clock of all.
        assert_eq!(self.server.is_active(&self.client, &last.refresh_token).await, strays.is_empty());
        lost
    }

    async fn used(&self) -> Tokens {
        Tokens::of(&self.server.refresh(&self.client, &self.token).await)
    }

    /// The server answers, and the connection goes down before anything is read.
    async fn never_read(&self) {
        let secret = self.client.secret.clone().unwrap_or_default();
        let body =
            proofkey_testkit::form_body(&[("grant_type", "refresh_token"), ("refresh_token", &self.token)]);
        let head = format!(
            "POST /token HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
            proofkey_testkit::basic(&self.client.id, &secret),
            body.len(),
        );
        let mut stream = TcpStream::connect(self.server.address).await.expect("the server listens");
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        let mut first = [0];
        let read = stream.read(&mut first).await.expect("the server answers");
        assert_eq!(read, 1);
    }
}
