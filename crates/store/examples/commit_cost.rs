//! Prints what a durable row costs: CPU microseconds and rows a second, by number of tasks that commit at once.
//!
//! `cargo run --release -p proofkey-store --example commit_cost [SECONDS] [WORKERS]`
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proofkey_oauth::{Scope, SecretHash, Timestamp};
use proofkey_protocol::sign_in::{PasswordProof, Proof};
use proofkey_protocol::{
    ApiId, Authentication, AuthenticationMethod, ClientId, Commit, Committed, GrantFacts, GrantId,
    GrantedApis, RefreshChain, RetiredToken, SealingKeyId, SessionFacts, SessionId, UserId, UserRecord,
};
use proofkey_store::{Options, Store};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let duration = Duration::from_secs(arguments.next().unwrap_or(3));
    let workers = usize::try_from(arguments.next().unwrap_or(1)).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_time().build().unwrap();
    println!("tasks  kind      rows/s  CPU µs/row");
    for tasks in [1, 8, 32, 128] {
        let folder = tempfile::tempdir_in("target").unwrap();
        let store = Store::open(&folder.path().join("db"), &Options::default()).unwrap();
        runtime.block_on(sign_in(&store));
        for refresh in [false, true] {
            let (rows, cpu, wall) = runtime.block_on(measure(&store, tasks, refresh, duration));
            let kind = if refresh { "refresh" } else { "redeem" };
            println!(
                "{tasks:5}  {kind:8} {:7.0}  {:10.1}",
                rows as f64 / wall.as_secs_f64(),
                cpu.as_secs_f64() * 1e6 / rows as f64
            );
        }
        runtime.block_on(store.close());
    }
}

async fn measure(store: &Store, tasks: u64, refresh: bool, duration: Duration) -> (u64, Duration, Duration) {
    let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(1)));
    let base = if refresh { 1 << 40 } else { 1 };
    let (began, cpu) = (Instant::now(), cpu());
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let (store, stop, next) = (store.clone(), Arc::clone(&stop), Arc::clone(&next));
            tokio::spawn(async move {
                if refresh {
                    assert_eq!(store.commit(redeem(base + task)).await.unwrap(), Committed::Applied);
                }
                let mut generation = 0;
                while !stop.load(Ordering::Relaxed) {
                    generation += 1;
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let commit = if refresh { spend(base + task, generation) } else { redeem(number) };
                    assert_eq!(store.commit(commit).await.unwrap(), Committed::Applied);
                }
            })
        })
        .collect();
    tokio::time::sleep(duration).await;
    stop.store(true, Ordering::Relaxed);
    for task in running {
        task.await.unwrap();
    }
    (next.load(Ordering::Relaxed) - 1, self::cpu().saturating_sub(cpu), began.elapsed())
}

/// The user and the session that every code of [`redeem`] was given in: a code whose session has ended is redeemed no more.
async fn sign_in(store: &Store) {
    let at = Timestamp(1_790_000_000);
    let user = UserRecord {
        id: UserId::new("u-0123456789abcdef0123"),
        username: "ada".to_owned(),
        username_key: "ada".to_owned(),
        password: Some("hash".to_owned()),
        claims: serde_json::Map::new(),
        disabled: false,
        valid_from: at,
        created_at: at,
        updated_at: at,
    };
    let session = SessionFacts {
        id: SessionId([9; 16]),
        secret: SecretHash([9; 32]),
        user_id: user.id.clone(),
        authentication: by_password(at),
        seen_at: at,
        expires_at: Timestamp(1_800_000_000),
        remembered: false,
        valid_from: Some(at),
    };
    store.add_user(user).await.unwrap();
    let password = PasswordProof { stored: "hash".to_owned(), rehashed: None, counted_as: [9; 32] };
    let factors = Proof::Password(password).into();
    let commit = Commit::SignIn { session: Box::new(session), replaces: None, factors, sessions_max: 100 };
    assert_eq!(store.commit(commit).await.unwrap(), Committed::Applied);
}

fn by_password(at: Timestamp) -> Authentication {
    Authentication { at, methods: [AuthenticationMethod::Password].into_iter().collect(), context: None }
}

fn redeem(number: u64) -> Commit {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Commit::RedeemCode {
        grant: Box::new(GrantFacts {
            id: GrantId(id),
            client_id: ClientId::new("c-0123456789abcdef"),
            user_id: UserId::new("u-0123456789abcdef0123"),
            session_id: SessionId([9; 16]),
            scope: Scope::parse("openid profile email offline_access read").unwrap(),
            apis: GrantedApis::implied([ApiId::ISSUER]),
            authentication: by_password(Timestamp(1_790_000_000)),
            created_at: Timestamp(1_790_000_000),
            user_valid_from: Some(Timestamp(1_790_000_000)),
            client_valid_from: Some(Timestamp(0)),
            expires_at: Timestamp(1_790_000_600 + i64::try_from(number & 0xffff_ffff).unwrap() / 5000),
            ends_at: Timestamp(1_800_000_000),
            session_bound: false,
            refresh: RefreshChain::default(),
            revoked_at: None,
        }),
        failures_max: 5,
        ends_suspects: false,
    }
}

fn spend(number: u64, generation: i64) -> Commit {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let expires_at = Timestamp(1_790_000_600 + generation / 100);
    let retired = |generation: i64| RetiredToken { hash: [generation as u8; 32], at: expires_at };
    let chain = RefreshChain {
        generation,
        used: Some([generation as u8; 32]),
        used_at: Some(expires_at),
        child_key: Some(SealingKeyId([6; 16])),
        recent: (generation > 1).then(|| retired(generation - 1)).into_iter().collect(),
        revision: generation,
        ..RefreshChain::default()
    };
    Commit::UseRefreshToken { grant: GrantId(id), chain, expires_at }
}

/// CPU time of every thread so far.
fn cpu() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let nanoseconds = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    Duration::from_nanos(
        nanoseconds.map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap()).sum(),
    )
}
