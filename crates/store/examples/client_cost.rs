//! Prints what it costs to add a client, to answer a preflight and to look a client up, beside few clients and beside many.
//!
//! `cargo run --release -p proofkey-store --example client_cost [CLIENTS]`
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::time::{Duration, Instant};

use proofkey_oauth::{ClientMetadata, SecretHash, Timestamp};
use proofkey_protocol::{ClientId, ClientRecord, ClientSecretRecord, ClientStatus};
use proofkey_store::{Options, Store};

/// Clients in the small database.
const FEW: u64 = 10;
/// Tasks that fill a database.
const TASKS: u64 = 128;
/// Additions that are timed, one after another.
const ADDITIONS: u64 = 500;
/// Reads of a kind that are timed.
const READS: u64 = 50_000;

fn main() {
    let many = std::env::args().nth(1).map_or(100_000, |text| text.parse().unwrap());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let [few, many] = [FEW, many].map(|count| (count, runtime.block_on(costs(count))));
    println!("{:<28} {:>12} {:>12} {:>6}", "microseconds each", few.0, many.0, "ratio");
    for ((name, few), (_, many)) in few.1.into_iter().zip(many.1) {
        let (few, many) = (few.as_secs_f64() * 1e6, many.as_secs_f64() * 1e6);
        println!("{name:<28} {few:12.2} {many:12.2} {:6.2}", many / few);
    }
}

async fn costs(count: u64) -> [(&'static str, Duration); 8] {
    let folder = tempfile::tempdir_in("target").unwrap();
    let store = Store::open(&folder.path().join("db"), &Options::default()).unwrap();
    fill(&store, count).await;
    let began = Instant::now();
    for number in 0..ADDITIONS {
        store.add_client(client(count + number)).await.unwrap();
    }
    let add = began.elapsed() / u32::try_from(ADDITIONS).unwrap();
    let known = |number: u64| id(number * 7919 % count);
    let began = Instant::now();
    for number in 0..READS {
        assert!(store.knows_origin(&format!("https://{}.example", known(number))).await.unwrap());
    }
    let preflight = each(began);
    let began = Instant::now();
    for _ in 0..READS {
        assert!(store.knows_origin("https://shared.example").await.unwrap());
    }
    let preflight_of_one = each(began);
    let began = Instant::now();
    for _ in 0..READS {
        assert!(!store.knows_origin("https://none.example").await.unwrap());
    }
    let preflight_unknown = each(began);
    let began = Instant::now();
    for number in 0..READS {
        assert!(store.client(&known(number)).await.unwrap().is_some());
    }
    let find = each(began);
    let none = ClientId::new("client-none");
    let began = Instant::now();
    for _ in 0..READS {
        assert!(store.client(&none).await.unwrap().is_none());
    }
    let find_unknown = each(began);
    let began = Instant::now();
    for number in 0..READS {
        assert_eq!(store.client_facts(&known(number)).await.unwrap().status, ClientStatus::Active);
    }
    let status = each(began);
    let one = id(7);
    let began = Instant::now();
    for _ in 0..READS {
        assert_eq!(store.client_facts(&one).await.unwrap().status, ClientStatus::Active);
    }
    let status_of_one = each(began);
    store.close().await;
    [
        ("add, one after another", add),
        ("preflight, any origin", preflight),
        ("preflight, always of one", preflight_of_one),
        ("preflight, unknown origin", preflight_unknown),
        ("look up, any client", find),
        ("look up, unknown id", find_unknown),
        ("status, any client", status),
        ("status, always of one", status_of_one),
    ]
}

fn each(began: Instant) -> Duration {
    began.elapsed() / u32::try_from(READS).unwrap()
}

async fn fill(store: &Store, count: u64) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (task..count).step_by(usize::try_from(TASKS).unwrap()) {
                    store.add_client(client(number)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn id(number: u64) -> ClientId {
    ClientId::new(format!("client-{number}"))
}

/// A client with a secret, an origin of its own and one that all share.
fn client(number: u64) -> ClientRecord {
    let redirect_uris = vec![
        format!("https://client-{number}.example/callback"),
        "https://shared.example/callback".to_owned(),
    ];
    let at = Timestamp(1_790_000_000);
    ClientRecord {
        id: id(number),
        metadata: ClientMetadata { redirect_uris, ..ClientMetadata::default() },
        secrets: vec![ClientSecretRecord { hash: SecretHash([7; 32]), created_at: at, expires_at: None }],
        disabled: false,
        created_at: at,
    }
}
