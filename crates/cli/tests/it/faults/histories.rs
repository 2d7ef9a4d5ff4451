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

use super::load::{SCOPE, codes, refresh};
use super::postgres::Postgres;
use super::switch::{cycles, next, seed};

/// Clients at once.
const CLIENTS: u64 = 6;
/// Requests of each of them in a cycle.
const REQUESTS: u64 = 24;
/// The kill comes within so many milliseconds after they began.
const KILL_WITHIN_MILLIS: u64 = 150;
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
    println!(
        "{cycles} cycles, {operations} requests: one order explains each history\ncycles done: {cycles}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_03_f_14_f_15_f_16_and_with_the_data_in_postgresql() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 3);
    let postgres = Postgres::start();
    let operations =
        watch(TestServer::builder().postgres_at(&postgres.url()), cycles, true, None).await.unwrap();
    println!(
        "{cycles} cycles, {operations} requests: one order explains each history\ncycles done: {cycles}"
    );
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
        let known =
            |(number, code)| Known { name: format!("{cycle}.{number}"), code, tokens: Mutex::default() };
        let grants = codes(&server, &browser, &web).await.into_iter().enumerate().map(known).collect();
        let shared = Arc::new(Shared { web: web.clone(), grants, histories: Mutex::default() });
        let clients = clients(&server, &shared, dice);
        if kills {
            tokio::time::sleep(Duration::from_millis(dice % KILL_WITHIN_MILLIS)).await;
            server.kill();
        }
        clients.join_all().await;
        if kills {
            server.start_again().await;
            self::clients(&server, &shared, !dice).join_all().await;
        }
        operations += shared.histories.lock().unwrap().check().map_err(|why| format!("{why:?}"))?;
    }
    Ok(operations)
}

/// Clients that each send one request after the other, until one is not answered.
fn clients(server: &TestServer, shared: &Arc<Shared>, dice: u64) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for number in 1..=CLIENTS {
        let (remote, shared) = (server.remote(), Arc::clone(shared));
        let mut dice = next(dice ^ (number << 40));
        tasks.spawn(async move {
            for _ in 0..REQUESTS {
                dice = next(dice);
                if shared.send(&remote, dice).await.is_none() {
                    break;
                }
            }
        });
    }
    tasks
}

impl Shared {
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
