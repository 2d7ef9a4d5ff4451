//! Rows F-14 to F-16 and F-01 once more: what concurrent clients see of each grant while the server is killed, as a history, and
//! whether one order of their requests explains it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proofkey_simulation::history::{GrantHistories, GrantOperation, GrantOutcome};
use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Builder, Code, Remote, TestClient, TestServer, Tokens, fixtures,
};
use rusqlite::Connection;
use tokio::task::JoinSet;

use super::balancer::two_processes_of;
use super::load::{CODES, SCOPE, codes, refresh};
use super::postgres::Postgres;
use super::switch::{cycles, next, seed};

/// Grants of a cycle: one for each code.
const GRANTS: u64 = CODES as u64;
/// Clients at once.
const CLIENTS: u64 = 6;
/// Requests of each of them in a cycle.
const REQUESTS: u64 = 24;
/// The kill comes within so many milliseconds after they began.
const KILL_WITHIN_MILLIS: u64 = 150;
/// A node stands still for so many milliseconds at most: with the rest of a cycle it is shorter than the overlap of tokens.
const PAUSED_MILLIS: u64 = 900;
/// A revocation that is written is taken back at once, whatever is answered.
const FORGETS_REVOCATIONS: &str = "CREATE TRIGGER forgets AFTER UPDATE OF revoked_at ON grants
    WHEN NEW.revoked_at IS NOT NULL BEGIN UPDATE grants SET revoked_at = NULL WHERE id = NEW.id; END;";
/// A code is as good as new once it was redeemed, and its grant another one.
const FORGETS_REDEMPTIONS: &str = "CREATE TRIGGER forgets AFTER INSERT ON grants
    BEGIN UPDATE grants SET id = randomblob(16) WHERE id = NEW.id; END;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_01_f_14_f_15_f_16_one_order_explains_what_clients_see_while_the_server_is_killed() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 8);
    let operations = watch(TestServer::builder(), cycles, true, None).await.unwrap();
    told(cycles, operations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_03_f_14_f_15_f_16_and_with_the_data_in_postgresql() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 3);
    let postgres = Postgres::start();
    let operations =
        watch(TestServer::builder().postgres_at(&postgres.url()), cycles, true, None).await.unwrap();
    told(cycles, operations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_03_f_14_f_15_f_16_f_17_f_30_and_by_clients_of_two_nodes_one_of_which_is_killed_or_stands_still() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 4);
    let mut nodes = two_processes_of(|| TestServer::builder().set("limits.factor", 1000)).await;
    let (web, mut browser) = (fixtures::web(), Browser::new(&nodes[0]));
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let (mut dice, mut operations) = (seed(), 0);
    for cycle in 0..cycles {
        dice = next(dice);
        let shared = Shared::new(cycle, codes(&nodes[0], &browser, &web).await);
        let clients = clients(&nodes, &shared, dice);
        let struck = usize::from(dice.is_multiple_of(2));
        tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
        if (dice >> 8).is_multiple_of(2) {
            nodes[struck].kill();
            clients.join_all().await;
            nodes[struck].start_again().await;
        } else {
            nodes[struck].pause();
            tokio::time::sleep(Duration::from_millis((dice >> 16) % PAUSED_MILLIS)).await;
            nodes[struck].resume();
            clients.join_all().await;
        }
        self::clients(&nodes, &shared, !dice).join_all().await;
        operations += shared.check().unwrap();
    }
    told(cycles, operations);
}

fn told(cycles: u64, operations: usize) {
    println!("counted: {operations} requests of {} grants", cycles * GRANTS);
    println!("cycles done: {cycles}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_explains_what_clients_see_of_a_database_that_forgets() {
    let _alone = crate::ALONE.lock().await;
    for broken in [FORGETS_REVOCATIONS, FORGETS_REDEMPTIONS] {
        let seen = watch(TestServer::builder(), 6, false, Some(broken)).await;
        assert!(seen.is_err(), "{broken} was not noticed");
    }
}

/// What a client knows of a grant.
struct Known {
    name: String,
    code: Code,
    /// Refresh tokens and access tokens that anybody was told.
    tokens: Mutex<Vec<(String, String)>>,
}

/// What all clients share.
struct Shared {
    web: TestClient,
    grants: Vec<Known>,
    histories: Mutex<GrantHistories>,
}

/// Lets clients send what they like in some cycles, with a kill in each where that is asked for. How many requests there were, or
/// why no order explains what was seen.
async fn watch(builder: Builder, cycles: u64, kills: bool, broken: Option<&str>) -> Result<usize, String> {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let mut server = builder.set("limits.factor", 1000).start_process(command).await;
    if let Some(broken) = broken {
        let database = Connection::open(server.data().join("proofkey.db")).unwrap();
        database.execute_batch(broken).unwrap();
    }
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let (mut dice, mut operations) = (seed(), 0);
    for cycle in 0..cycles {
        dice = next(dice);
        let shared = Shared::new(cycle, codes(&server, &browser, &web).await);
        let nodes = std::slice::from_mut(&mut server);
        let clients = clients(nodes, &shared, dice);
        if kills {
            tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
            nodes[0].kill();
        }
        clients.join_all().await;
        if kills {
            nodes[0].start_again().await;
            self::clients(nodes, &shared, !dice).join_all().await;
        }
        operations += shared.check()?;
    }
    Ok(operations)
}

/// Clients that each send one request after the other, each to any of the nodes. Who gets no answer from the only one ends.
fn clients(nodes: &[TestServer], shared: &Arc<Shared>, dice: u64) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for number in 1..=CLIENTS {
        let remotes: Vec<Remote> = nodes.iter().map(TestServer::remote).collect();
        let shared = Arc::clone(shared);
        let mut dice = next(dice ^ (number << 40));
        tasks.spawn(async move {
            for _ in 0..REQUESTS {
                dice = next(dice);
                let node = usize::try_from(dice >> 32).unwrap() % remotes.len();
                if shared.send(&remotes[node], dice).await.is_none() && remotes.len() == 1 {
                    break;
                }
            }
        });
    }
    tasks
}

impl Shared {
    fn new(cycle: u64, codes: Vec<Code>) -> Arc<Self> {
        let known =
            |(number, code)| Known { name: format!("{cycle}.{number}"), code, tokens: Mutex::default() };
        let grants = codes.into_iter().enumerate().map(known).collect();
        Arc::new(Self { web: fixtures::web(), grants, histories: Mutex::default() })
    }

    /// How many requests there were, or why no order explains what was told.
    fn check(&self) -> Result<usize, String> {
        self.histories.lock().unwrap().check().map_err(|why| format!("{why:?}"))
    }

    /// Sends one request about one grant, and notes what was sent and what was told; `None` if no answer came.
    async fn send(&self, remote: &Remote, dice: u64) -> Option<()> {
        let grants = u64::try_from(self.grants.len()).unwrap();
        let grant = &self.grants[usize::try_from(dice % grants).unwrap()];
        let (refresh_token, access_token) = grant.any_token(dice >> 16).unwrap_or_default();
        let (path, form, asked) = match (dice >> 8) % 10 {
            _ if refresh_token.is_empty() => ("/token", grant.code.form(), GrantOperation::Redeem),
            0 => ("/token", grant.code.form(), GrantOperation::Redeem),
            1 => ("/revoke", vec![("token", refresh_token.as_str())], GrantOperation::Revoke),
            2..5 => ("/introspect", vec![("token", access_token.as_str())], GrantOperation::Look),
            _ => ("/token", refresh(&refresh_token).to_vec(), GrantOperation::Refresh(refresh_token.clone())),
        };
        let started = self.histories.lock().unwrap().invoke(&grant.name, asked.clone());
        let answer = remote.post(path, &self.web, &form).await.filter(|answer| answer.status != 503)?;
        let told = grant.told(&asked, &answer);
        self.histories.lock().unwrap().answer(&started, told);
        Some(())
    }
}

impl Known {
    /// Tokens that somebody was told.
    fn any_token(&self, dice: u64) -> Option<(String, String)> {
        let tokens = self.tokens.lock().unwrap();
        let count = u64::try_from(tokens.len()).unwrap();
        tokens.get(usize::try_from(dice % count.max(1)).unwrap()).cloned()
    }

    /// What an answer says, with the tokens kept for others.
    fn told(&self, asked: &GrantOperation, answer: &Answer) -> GrantOutcome {
        match (asked, answer.status) {
            (GrantOperation::Redeem | GrantOperation::Refresh(_), 200) => {
                let Tokens { refresh_token, access_token, .. } = Tokens::of(answer);
                self.tokens.lock().unwrap().push((refresh_token.clone(), access_token));
                GrantOutcome::Tokens(refresh_token)
            }
            (GrantOperation::Revoke, 200) => GrantOutcome::Done,
            (GrantOperation::Look, 200) => GrantOutcome::Active(answer.json()["active"] == true),
            _ => {
                assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{asked:?}");
                GrantOutcome::Refused
            }
        }
    }
}
