//! Row F-07: the power fails while the store writes. What was acknowledged is there, and the database is whole; with a log that is
//! not waited for, something is lost, which shows that the disk forgets.
//!
//! The children are this test binary itself, running the one test that is ignored otherwise.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use proofkey_oauth::{ClientMetadata, Scope, SecretHash, Timestamp};
use proofkey_powerloss::{Honesty, put_below};
use proofkey_protocol::sign_in::{PasswordProof, Proof};
use proofkey_protocol::{
    ApiId, Authentication, ClientId, ClientRecord, Commit, Committed, GrantFacts, GrantId, GrantedApis,
    RefreshChain, SealingKeyId, SessionFacts, SessionId, UserId, UserRecord,
};
use proofkey_store::{Options, Store};

const NOW: Timestamp = Timestamp(1_790_000_000);
/// The power fails within so many milliseconds after the first acknowledgement.
const WITHIN_MILLIS: u64 = 60;

fn number(variable: &str, by_default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var(variable);
    asked.ok().and_then(|text| text.parse().ok()).unwrap_or(by_default)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn id(number: u64) -> [u8; 16] {
    let mut id = [0x5a; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

fn by_password() -> Authentication {
    Authentication { at: NOW, methods: [].into_iter().collect(), context: None }
}

/// A database with a user who is signed in, and a client.
async fn begin(path: &Path) {
    let store = Store::open(path, &Options::default()).unwrap();
    let user = UserRecord {
        id: UserId::new("u-ada"),
        username: "ada".to_owned(),
        username_key: "ada".to_owned(),
        password: Some("$stored".to_owned()),
        claims: Default::default(),
        disabled: false,
        valid_from: NOW,
        created_at: NOW,
        updated_at: NOW,
    };
    store.add_user(user).await.unwrap();
    let metadata = ClientMetadata::default();
    let client = ClientRecord {
        id: ClientId::new("app"),
        metadata,
        secrets: vec![],
        disabled: false,
        created_at: NOW,
    };
    store.add_client(client).await.unwrap();
    let session = SessionFacts {
        id: SessionId(id(0)),
        secret: SecretHash([3; 32]),
        user_id: UserId::new("u-ada"),
        authentication: by_password(),
        seen_at: NOW,
        expires_at: NOW + 3600,
        remembered: false,
        valid_from: Some(NOW),
    };
    let proof = PasswordProof { stored: "$stored".to_owned(), rehashed: None, counted_as: [8; 32] };
    let factors = Proof::Password(proof).into();
    let sign_in = Commit::SignIn { session: Box::new(session), replaces: None, factors, sessions_max: 100 };
    assert_eq!(store.commit(sign_in).await, Ok(Committed::Applied));
    store.close().await;
}

fn redeem(number: u64) -> Commit {
    let grant = GrantFacts {
        id: GrantId(id(number)),
        client_id: ClientId::new("app"),
        user_id: UserId::new("u-ada"),
        session_id: SessionId(id(0)),
        scope: Scope::parse("openid").unwrap(),
        apis: GrantedApis::named([ApiId(0)]),
        authentication: by_password(),
        created_at: NOW,
        user_valid_from: Some(NOW),
        client_valid_from: Some(Timestamp(0)),
        expires_at: NOW + 600,
        ends_at: NOW + 6000,
        session_bound: false,
        refresh: RefreshChain::default(),
        revoked_at: None,
    };
    Commit::RedeemCode { grant: Box::new(grant), failures_max: 3, ends_suspects: false }
}

fn use_token(number: u64) -> Commit {
    let chain = RefreshChain {
        generation: 1,
        used: Some([1; 32]),
        used_at: Some(NOW),
        child_key: Some(SealingKeyId([6; 16])),
        revision: 1,
        ..RefreshChain::default()
    };
    Commit::UseRefreshToken { grant: GrantId(id(number)), chain, expires_at: NOW + 700 }
}

#[test]
#[ignore = "a process that another test starts and kills"]
fn child_writes_on_a_disk_that_forgets() {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    let [path, honesty, seed] = line.trim().split(' ').collect::<Vec<_>>()[..] else { return };
    let honesty = if honesty == "lies" { Honesty::LiesOfLogs } else { Honesty::Honest };
    put_below(honesty, seed.parse().unwrap());
    let path = Path::new(path).to_owned();
    block_on(async {
        let store = Store::open(&path, &Options::default()).unwrap();
        let tasks: Vec<_> = (0..4)
            .map(|task: u64| {
                let store = store.clone();
                tokio::spawn(async move {
                    for number in (0..).map(|round| round * 4 + task + 1) {
                        match store.commit(redeem(number)).await.unwrap() {
                            // A former child got this far and died.
                            Committed::Conflict => continue,
                            Committed::Applied => {}
                        }
                        assert_eq!(store.commit(use_token(number)).await, Ok(Committed::Applied));
                        println!("acknowledged {number}");
                        stdout().flush().unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn child(database: &Path, honesty: &str, seed: u64) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child_writes_on_a_disk_that_forgets", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{} {honesty} {seed}", database.display()).unwrap();
    child
}

/// What was acknowledged before the power failed.
fn fail_once(database: &Path, honesty: &str, seed: u64) -> Vec<u64> {
    let mut child = child(database, honesty, seed);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = |line: String| line.rsplit_once("acknowledged ")?.1.parse::<u64>().ok();
    let mut held: Vec<u64> = lines.by_ref().find_map(number).into_iter().collect();
    let (began, patience) = (Instant::now(), Duration::from_millis(seed % WITHIN_MILLIS));
    while began.elapsed() < patience {
        held.extend(lines.next().and_then(number));
    }
    child.kill().unwrap();
    held.extend(lines.filter_map(number));
    child.wait().unwrap();
    held
}

/// How many of these are not there any more.
async fn lost(store: &Store, held: &[u64]) -> usize {
    let mut lost = 0;
    for number in held {
        let found = store.grant(GrantId(id(*number))).await.unwrap();
        lost += usize::from(found.is_none_or(|row| row.grant().refresh.generation != 1));
    }
    lost
}

fn is_whole(database: &Path) -> bool {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap() == "ok"
}

#[test]
fn f_07_nothing_acknowledged_is_lost_when_the_power_fails() {
    let (cycles, first) = (number("PROOFKEY_CYCLES", 25), number("PROOFKEY_SEED", 1) * 1_000);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("proofkey.db");
    block_on(begin(&database));
    let mut all = 0;
    for seed in first..first + cycles {
        let held = fail_once(&database, "honest", seed);
        assert!(!held.is_empty());
        assert!(is_whole(&database), "seed {seed}: the database is damaged");
        block_on(async {
            let store = Store::open(&database, &Options::default()).unwrap();
            assert_eq!(lost(&store, &held).await, 0, "seed {seed}");
            for number in &held {
                assert_eq!(store.commit(redeem(*number)).await, Ok(Committed::Conflict), "seed {seed}");
            }
            store.close().await;
        });
        all += held.len();
    }
    println!("{cycles} failures of the power, {all} acknowledged: 0 lost\ncycles done: {cycles}");
}

#[test]
fn f_07_a_log_that_is_not_waited_for_loses_what_was_acknowledged() {
    let mut all = 0;
    for seed in 1..=5 {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("proofkey.db");
        block_on(begin(&database));
        let held = fail_once(&database, "lies", seed * 7);
        all += block_on(async {
            // Of a log that came too late the database may be damaged, too: then all of it is lost.
            let Ok(store) = Store::open(&database, &Options::default()) else { return held.len() };
            let lost = lost(&store, &held).await;
            store.close().await;
            lost
        });
    }
    println!("without waiting: {all} lost");
    assert!(all > 0, "the disk forgets nothing");
}
