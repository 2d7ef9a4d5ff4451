//! Row F-01: the built server is killed while it redeems, refreshes and revokes, again and again on one database. What it
//! acknowledged holds, what it did not answer can be asked again, and no code is redeemed twice.
//!
//! `PROOFKEY_KILL_CYCLES` is the number of kills; docs/faults.md has the counts that were run.

use std::mem;
use std::path::Path;
use std::time::Duration;

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, Code, TestClient, TestServer, Tokens, fixtures};
use tokio::task::JoinSet;

const SCOPE: &str = "offline_access notes:read";
/// Codes that are redeemed under load in each cycle.
const CODES: usize = 12;
/// Grants that are refreshed under load; more would only make each cycle slower.
const CHAINS_MAX: usize = 24;
/// One refresh in so many is a revocation instead.
const REVOKE_EVERY: u64 = 12;
/// The kill comes within so many milliseconds after the load began.
const KILL_WITHIN_MILLIS: u64 = 120;

/// What the driver knows, which no kill takes from it.
#[derive(Default)]
struct History {
    /// Live grants by the refresh token that must work.
    chains: Vec<String>,
    /// Refresh tokens whose revocation was acknowledged.
    revoked: Vec<String>,
    /// Codes whose redemption was acknowledged.
    redeemed: Vec<(Code, String)>,
    /// Codes that were sent and not answered.
    unanswered: Vec<Code>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    redeemed: usize,
    refreshed: usize,
    revoked: usize,
    unanswered: usize,
    restart_millis_max: u128,
}

/// What became of one request under load.
enum LoadOutcome {
    Redeemed(Code, String),
    NotAnswered(Code),
    Refreshed(String),
    Revoked(String),
    /// A revocation without an answer: either is right.
    Either,
}

fn cycles() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_KILL_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_01_nothing_acknowledged_is_lost_and_no_code_redeemed_twice_when_the_server_is_killed() {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let mut server = TestServer::builder().set("limits.factor", 1000).start_process(command).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let (mut history, mut dice) = (History::default(), 0x9E37_79B9_7F4A_7C15_u64);
    for _ in 0..cycles() {
        dice = next(dice);
        let outcomes = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
        tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
        server.kill();
        for outcome in outcomes.join_all().await.into_iter().flatten() {
            history.note(outcome);
        }
        let millis = server.start_again().await;
        history.counts.restart_millis_max = history.counts.restart_millis_max.max(millis);
        history.verify(&server, &web).await;
    }
    println!("{} kills: {:?}; nothing lost, nothing redeemed twice", cycles(), history.counts);
    assert!(history.counts.unanswered > 0, "kills fell into requests");
}

/// After an error of the disk nothing is certain: the server ends, and says by its exit code that it did not end well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_08_f_34_a_sqlite_database_that_is_destroyed_ends_the_server_with_an_error() {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let server = TestServer::builder().sqlite().start_process(command).await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, SCOPE).await;
    for file in ["proofkey.db", "proofkey.db-wal"] {
        let path = server.data().join(file);
        let length = std::fs::metadata(&path).unwrap().len();
        let bytes = vec![0xff; usize::try_from(length).unwrap()];
        std::fs::write(&path, bytes).unwrap();
    }
    let mut token = tokens.refresh_token;
    // What is in memory still answers for a while; then it is over, and never with half an answer.
    for _ in 0..100 {
        match server.try_token(&web, &refresh(&token)).await {
            Some(answer) if answer.status == 200 => token = Tokens::of(&answer).refresh_token,
            Some(answer) => assert!(answer.status >= 500, "{answer:?}"),
            None => break,
        }
    }
    let status = server.end().await;
    assert_eq!(status.code(), Some(1), "{status}");
}

/// Codes of a signed-in browser; a browser double keeps its own connections, so it is made anew after each restart.
async fn codes(server: &TestServer, browser: &Browser, web: &TestClient) -> Vec<Code> {
    let mut fresh = Browser::new(server);
    fresh.jar = browser.jar.clone();
    let mut codes = Vec::new();
    for _ in 0..CODES {
        let request = AuthorizeRequest::new(web).set("scope", SCOPE);
        codes.push(server.code_by(&mut fresh, &request, &fixtures::ada()).await);
    }
    codes
}

/// Redeems every code and goes on with every chain, all at once, until the server dies.
fn load(
    server: &TestServer,
    web: &TestClient,
    codes: Vec<Code>,
    history: &mut History,
    mut dice: u64,
) -> JoinSet<Vec<LoadOutcome>> {
    let mut tasks = JoinSet::new();
    for code in codes {
        let answer = server.try_token(web, &code.form());
        tasks.spawn(async move {
            vec![match answer.await {
                None => LoadOutcome::NotAnswered(code),
                Some(answer) => LoadOutcome::Redeemed(code, Tokens::of(&answer).refresh_token),
            }]
        });
    }
    for token in mem::take(&mut history.chains) {
        dice = next(dice);
        if dice.is_multiple_of(REVOKE_EVERY) {
            let answer = server.try_revoke(web, &token);
            tasks.spawn(async move {
                vec![answer.await.map_or(LoadOutcome::Either, |answer| {
                    assert_eq!(answer.status, 200, "{answer:?}");
                    LoadOutcome::Revoked(token)
                })]
            });
        } else {
            let answer = server.try_token(web, &refresh(&token));
            tasks.spawn(async move {
                // Without an answer the token stays what it was: its successor was never used (RT-03).
                let next = answer.await.map(|answer| Tokens::of(&answer).refresh_token);
                vec![LoadOutcome::Refreshed(next.unwrap_or(token))]
            });
        }
    }
    tasks
}

impl History {
    fn note(&mut self, outcome: LoadOutcome) {
        match outcome {
            LoadOutcome::Redeemed(code, token) => {
                self.counts.redeemed += 1;
                self.redeemed.push((code, token));
            }
            LoadOutcome::NotAnswered(code) => {
                self.counts.unanswered += 1;
                self.unanswered.push(code);
            }
            LoadOutcome::Refreshed(token) => {
                self.counts.refreshed += 1;
                self.chains.push(token);
            }
            LoadOutcome::Revoked(token) => {
                self.counts.revoked += 1;
                self.revoked.push(token);
            }
            LoadOutcome::Either => self.counts.unanswered += 1,
        }
    }

    /// After each restart: acknowledged rotations, revocations and redemptions hold, and no code is redeemed twice.
    async fn verify(&mut self, server: &TestServer, web: &TestClient) {
        for token in &mut self.chains {
            // Acknowledged rotations hold, and a lost reply costs nothing.
            *token = Tokens::of(&server.token(web, &refresh(token)).await).refresh_token;
        }
        for token in &self.revoked {
            assert_refused(&server.token(web, &refresh(token)).await, "a revocation came undone");
        }
        for (at, (code, token)) in mem::take(&mut self.redeemed).into_iter().enumerate() {
            let refreshed = Tokens::of(&server.token(web, &refresh(&token)).await).refresh_token;
            if at % 3 == 0 {
                assert_refused(&server.token(web, &code.form()).await, "a code was redeemed twice");
                assert_refused(&server.token(web, &refresh(&refreshed)).await, "a replay revokes the grant");
            } else if self.chains.len() < CHAINS_MAX {
                self.chains.push(refreshed);
            }
        }
        for code in mem::take(&mut self.unanswered) {
            // Either it was redeemed and the reply is lost, or it was not and can be; never a second time.
            let answer = server.token(web, &code.form()).await;
            if answer.status != 200 {
                assert_refused(&answer, "a code that was not answered");
            }
            assert_refused(&server.token(web, &code.form()).await, "a code was redeemed twice");
        }
        self.revoked.truncate(CHAINS_MAX);
    }
}

fn refresh(token: &str) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{what}");
}

/// xorshift: the same kills for every run.
fn next(mut dice: u64) -> u64 {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^ (dice << 17)
}
