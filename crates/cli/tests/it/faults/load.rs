//! Load on a server that may die meanwhile, and what it must have kept of what it acknowledged.

use std::fmt;
use std::mem;
use std::time::{Duration, Instant};

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, Code, TestClient, TestServer, Tokens, fixtures};
use tokio::task::JoinSet;

use super::switch::next;

pub(crate) const SCOPE: &str = "offline_access notes:read";
/// Codes that are redeemed under load in each cycle.
pub(super) const CODES: usize = 12;
/// Grants that are refreshed under load; more would only make each cycle slower.
const CHAINS_MAX: usize = 24;
/// One refresh in so many is a revocation instead.
const REVOKE_EVERY: u64 = 12;
/// What a server that cannot write asks for, at most.
const RETRY_SECONDS_MAX: u64 = 5;

/// What the driver knows, which no kill takes from it.
#[derive(Default)]
pub(super) struct History {
    /// Live grants by the refresh token that must work.
    chains: Vec<String>,
    /// Refresh tokens whose revocation was acknowledged.
    revoked: Vec<String>,
    /// Codes whose redemption was acknowledged.
    redeemed: Vec<(Code, String)>,
    /// Codes that were sent and not answered.
    unanswered: Vec<Code>,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) redeemed: usize,
    pub(super) refreshed: usize,
    pub(super) revoked: usize,
    pub(super) unanswered: usize,
    /// Answers that the server cannot write now.
    pub(super) unavailable: usize,
    pub(super) restart_millis_max: u128,
}

impl fmt::Display for Counts {
    /// As `cargo xtask faults` reads it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { redeemed, refreshed, revoked, unanswered, unavailable, .. } = self;
        write!(
            out,
            "{redeemed} redemptions, {refreshed} refreshes, {revoked} revocations, {unanswered} unanswered, \
             {unavailable} told to come later"
        )
    }
}

/// What became of one request under load.
pub(super) enum LoadOutcome {
    Redeemed(Code, String),
    NotAnswered(Code),
    Refreshed(String),
    /// The token stays what it was: its successor was never used (RT-03).
    NotRefreshed(String),
    Revoked(String),
    /// A revocation without an answer: either is right.
    Either,
    /// Nothing can be written now: whether this was, nobody says.
    Unavailable(Box<LoadOutcome>),
}

/// Codes of a signed-in browser; a browser double keeps its own connections, so it is made anew after each restart.
pub(super) async fn codes(server: &TestServer, browser: &Browser, web: &TestClient) -> Vec<Code> {
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
pub(super) fn load(
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
            vec![match Told::of(answer.await) {
                Told::Nothing => LoadOutcome::NotAnswered(code),
                Told::Later => LoadOutcome::Unavailable(Box::new(LoadOutcome::NotAnswered(code))),
                Told::Answer(answer) => LoadOutcome::Redeemed(code, Tokens::of(&answer).refresh_token),
            }]
        });
    }
    for token in mem::take(&mut history.chains) {
        dice = next(dice);
        if dice.is_multiple_of(REVOKE_EVERY) {
            let answer = server.try_revoke(web, &token);
            tasks.spawn(async move {
                vec![match Told::of(answer.await) {
                    Told::Nothing => LoadOutcome::Either,
                    Told::Later => LoadOutcome::Unavailable(Box::new(LoadOutcome::Either)),
                    Told::Answer(answer) => {
                        assert_eq!(answer.status, 200, "{answer:?}");
                        LoadOutcome::Revoked(token)
                    }
                }]
            });
        } else {
            let answer = server.try_token(web, &refresh(&token));
            tasks.spawn(async move {
                vec![match Told::of(answer.await) {
                    Told::Nothing => LoadOutcome::NotRefreshed(token),
                    Told::Later => LoadOutcome::Unavailable(Box::new(LoadOutcome::NotRefreshed(token))),
                    Told::Answer(answer) => LoadOutcome::Refreshed(Tokens::of(&answer).refresh_token),
                }]
            });
        }
    }
    tasks
}

/// How long it takes until the server can write again: it goes on with a refresh token, which is that of the answer then.
pub(super) async fn healed(
    server: &TestServer,
    web: &TestClient,
    probe: &mut String,
    within: Duration,
) -> Duration {
    let began = Instant::now();
    loop {
        let answer = server.token(web, &refresh(probe)).await;
        if answer.status == 200 {
            *probe = Tokens::of(&answer).refresh_token;
            return began.elapsed();
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(began.elapsed() < within, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What came of a request.
enum Told {
    /// No whole answer.
    Nothing,
    /// That nothing can be written now, and when to come again.
    Later,
    Answer(Answer),
}

impl Told {
    fn of(answer: Option<Answer>) -> Self {
        let Some(answer) = answer else { return Self::Nothing };
        if answer.status != 503 {
            return Self::Answer(answer);
        }
        let seconds = answer.header("retry-after").parse::<u64>();
        assert!(seconds.is_ok_and(|seconds| (1..=RETRY_SECONDS_MAX).contains(&seconds)), "{answer:?}");
        Self::Later
    }
}

impl History {
    /// Notes what came of each request of a load.
    pub(super) async fn note_all(&mut self, mut outcomes: JoinSet<Vec<LoadOutcome>>) {
        while self.note_next(&mut outcomes).await {}
    }

    /// Notes what came of the request of a load that is answered next; whether there was one.
    pub(super) async fn note_next(&mut self, outcomes: &mut JoinSet<Vec<LoadOutcome>>) -> bool {
        let Some(outcome) = outcomes.join_next().await else { return false };
        outcome.unwrap().into_iter().for_each(|outcome| self.note(outcome));
        true
    }

    fn note(&mut self, outcome: LoadOutcome) {
        match outcome {
            LoadOutcome::Unavailable(outcome) => {
                let unanswered = self.counts.unanswered;
                self.note(*outcome);
                self.counts.unanswered = unanswered;
                self.counts.unavailable += 1;
            }
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
            LoadOutcome::NotRefreshed(token) => {
                self.counts.unanswered += 1;
                self.chains.push(token);
            }
            LoadOutcome::Revoked(token) => {
                self.counts.revoked += 1;
                self.revoked.push(token);
            }
            LoadOutcome::Either => self.counts.unanswered += 1,
        }
    }

    /// Codes that were sent and not answered are as good as new.
    pub(super) async fn none_was_begun_without_an_answer(&mut self, server: &TestServer, web: &TestClient) {
        for code in mem::take(&mut self.unanswered) {
            let answer = server.token(web, &code.form()).await;
            assert_eq!(answer.status, 200, "a redemption was begun and not answered: {answer:?}");
            self.redeemed.push((code, Tokens::of(&answer).refresh_token));
        }
    }

    /// After each restart: acknowledged rotations, revocations and redemptions hold, and no code is redeemed twice.
    pub(super) async fn verify(&mut self, server: &TestServer, web: &TestClient) {
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

    /// All that was given, of which nothing is known any more.
    pub(super) fn forget(&mut self) -> Given {
        let redeemed = mem::take(&mut self.redeemed).into_iter().map(|(_, token)| token);
        let live = mem::take(&mut self.chains);
        let tokens = redeemed.chain(live).chain(mem::take(&mut self.revoked)).collect();
        Given { codes: mem::take(&mut self.unanswered), tokens }
    }
}

/// Codes and refresh tokens that clients hold.
pub(super) struct Given {
    pub(super) codes: Vec<Code>,
    pub(super) tokens: Vec<String>,
}

impl Given {
    /// After a restore: all of it is refused. How much that is.
    pub(super) async fn has_ended(self, server: &TestServer, web: &TestClient) -> usize {
        for code in &self.codes {
            assert_refused(&server.token(web, &code.form()).await, "a code from before the restore");
        }
        for token in &self.tokens {
            assert_refused(&server.token(web, &refresh(token)).await, "a token from before the restore");
        }
        self.codes.len() + self.tokens.len()
    }
}

pub(super) fn refresh(token: &str) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{what}");
}
