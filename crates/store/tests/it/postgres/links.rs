//! Connections: which are made, which are refused, and what becomes of those that break or are left in the middle.

use std::time::Duration;

use proofkey_protocol::{Commit, Committed};
use proofkey_store::{ConnectOptions, Fault, Store};
use proofkey_testkit::postgres::{TestDatabase, server};
use tokio::task::JoinSet;

use super::lost_answers::behind;
use super::{PostgresDatabase, World, template};
use crate::support::{NOW, ada, app, grant, grant_id, redeem, refusal, session, sign_in, spend, user};

const CLOSED_PORT: &str = "127.0.0.1:1";

async fn connect(url: &str) -> Result<Store, Fault> {
    Store::connect(url, &ConnectOptions::default()).await
}

#[tokio::test]
async fn the_first_host_that_takes_writes_is_used() {
    let database = TestDatabase::create(template().await).await;
    let url = database.url().replace("@127", &format!("@{CLOSED_PORT},127"));
    connect(&url).await.unwrap().add_user(user("ada")).await.unwrap();
}

#[tokio::test]
async fn st_04_a_server_that_takes_no_writes_is_not_used() {
    let database = TestDatabase::create(template().await).await;
    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.master().await.batch_execute(&read_only).await.unwrap();
    let refused = connect(&database.url()).await.unwrap_err();
    assert!(
        matches!(&refused, Fault::Unreachable { reason, .. } if reason.contains("does not allow writes")),
        "{refused}"
    );
    assert!(refused.is_temporary());
}

#[tokio::test]
async fn no_password_is_told_when_no_connection_is_made() {
    let refused = connect(&format!("postgres://u:s3cret@{CLOSED_PORT}/x")).await.unwrap_err();
    assert!(refused.to_string().starts_with("the database at 127.0.0.1:1 cannot be used: "), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_link_that_the_url_wants_verified_is_verified_by_certificate_and_name() {
    let database = TestDatabase::create(template().await).await;
    let roots = server().certificate();
    let url = |host: &str, query: String| {
        database.url().replace("127.0.0.1", host) + "?sslmode=verify-full" + &query
    };
    let ours = format!("&sslrootcert={}", roots.display());
    connect(&url("localhost", ours.clone())).await.unwrap().add_user(user("ada")).await.unwrap();
    for (of_another, query) in [("127.0.0.1", ours), ("localhost", String::new())] {
        let refused = connect(&url(of_another, query)).await.unwrap_err().to_string();
        assert!(refused.contains("certificate"), "{refused}");
    }
}

#[tokio::test]
async fn sessions_are_set_as_the_options_say_and_wait_for_durability() {
    let database = TestDatabase::create(template().await).await;
    let soon = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name());
    database.master().await.batch_execute(&soon).await.unwrap();
    let store = connect(&database.url()).await.unwrap();
    store.add_user(user("ada")).await.unwrap();
    // The settings of another session cannot be read; what it does can.
    let lock = "BEGIN; UPDATE users SET updated_at = 0";
    let master = database.master().await;
    master.batch_execute(lock).await.unwrap();
    let impatient = ConnectOptions { lock_timeout: Duration::from_millis(50), ..ConnectOptions::default() };
    let other = Store::connect(&database.url(), &impatient).await.unwrap();
    let locked = other.end_grants_of_user("ada", || NOW).await;
    assert_eq!(locked, Err(Fault::Locked.into()));
    let slow = ConnectOptions { statement_timeout: Duration::from_millis(50), ..ConnectOptions::default() };
    let other = Store::connect(&database.url(), &slow).await.unwrap();
    assert_eq!(other.end_grants_of_user("ada", || NOW).await, Err(Fault::Slow.into()));
    master.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(other.end_grants_of_user("ada", || NOW).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_connections_are_made_than_the_options_say() {
    let world = World::new().await;
    let ours = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let master = world.database.0.master().await;
    let before: i64 = master.query_one(ours, &[]).await.unwrap().get(0);
    let few = ConnectOptions { own_connections: 2, ..ConnectOptions::default().with_few_connections() };
    let store = Store::connect(&world.database.0.url(), &few).await.unwrap();
    let mut running = JoinSet::new();
    for number in 1..=60 {
        let store = store.clone();
        running.spawn(async move {
            assert_eq!(store.commit(sign_in(session(number))).await, Ok(Committed::Applied), "{number}");
            assert!(store.session(session(number).id).await.unwrap().is_some(), "{number}");
        });
    }
    let mut most = 0;
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
        let open: i64 = master.query_one(ours, &[]).await.unwrap().get(0);
        most = most.max(open - before);
    }
    assert!((3..=5).contains(&most), "{most}");
}

/// A server, or a pooler before it, that lets in no more connections than there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_03_where_no_further_connection_is_to_be_had_those_that_are_there_go_on() {
    let (world, store, proxy) = behind(ConnectOptions::default()).await;
    for number in 1..=2 {
        world.applied(redeem(grant(number))).await;
    }
    // One connection of each kind that calls share.
    assert_eq!(store.commit(redeem(grant(1))).await, Ok(Committed::Conflict));
    assert!(store.grant(grant_id(1)).await.is_ok() && store.ping().await.is_ok());
    let closed = proxy.close().await;
    let mut running = JoinSet::new();
    for number in 3..=120 {
        let store = store.clone();
        running.spawn(async move {
            assert_eq!(store.commit(redeem(grant(number))).await, Ok(Committed::Applied), "{number}");
            assert_eq!(store.commit(spend(number, 1, 1)).await, Ok(Committed::Applied), "{number}");
            assert!(store.grant(grant_id(number)).await.unwrap().is_some(), "{number}");
        });
    }
    running.join_all().await;
    drop(closed);
}

/// A server that lets in fewer connections than the options say: what calls share makes room for transactions of several statements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_03_where_the_server_lets_in_few_connections_all_kinds_of_work_go_on() {
    let world = World::new().await;
    let role = format!("few_{}", world.database.0.name());
    let master = world.database.0.master().await;
    let made = format!(
        "CREATE ROLE {role} LOGIN CONNECTION LIMIT 5; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
    );
    master.batch_execute(&made).await.unwrap();
    let url = world.database.0.url().replace("proofkey@", &format!("{role}@"));
    let store = connect(&url).await.unwrap();
    let mut running = JoinSet::new();
    for number in 1..=120 {
        let store = store.clone();
        running.spawn(async move {
            assert_eq!(store.commit(redeem(grant(number))).await, Ok(Committed::Applied), "{number}");
            assert_eq!(store.commit(spend(number, 1, 1)).await, Ok(Committed::Applied), "{number}");
        });
    }
    running.join_all().await;
    assert_eq!(store.commit(sign_in(session(1))).await, Ok(Committed::Applied));
    store.close().await;
    master.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pk_08_where_transactions_have_most_connections_no_refusal_is_recorded_and_none_is_asked_for() {
    let world = World::new().await;
    let few = ConnectOptions { own_connections: 2, ..ConnectOptions::default().with_few_connections() };
    let store = Store::connect(&world.database.0.url(), &few).await.unwrap();
    let master = world.database.0.master().await;
    // From now on what reads the record would wait, and what begins a session does.
    let lock = "BEGIN; LOCK TABLE sessions, refusals IN ACCESS EXCLUSIVE MODE";
    master.batch_execute(lock).await.unwrap();
    let mut running = JoinSet::new();
    for number in 1..=2 {
        let store = store.clone();
        running.spawn(async move { store.commit(sign_in(session(number))).await });
    }
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    for _ in 0..100 {
        if master.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let recorded = store.record_refusals(vec![refusal(1, 1)], 10);
    let recorded = tokio::time::timeout(Duration::from_secs(1), recorded).await.unwrap();
    master.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(recorded, Err(Fault::Busy));
    while let Some(ended) = running.join_next().await {
        assert_eq!(ended.unwrap(), Ok(Committed::Applied));
    }
    assert_eq!(store.record_refusals(vec![refusal(1, 1)], 10).await, Ok(()));
    assert_eq!(store.refusal(&refusal(1, 1).error_id).await, Ok(Some(refusal(1, 1))));
}

/// Ends every other session of the database, as a fail-over does.
async fn end_every_session(database: &PostgresDatabase) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.0.master().await.execute(end, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn st_03_st_15_when_every_connection_is_ended_under_load_no_request_fails_and_none_is_done_twice() {
    let world = World::new().await;
    let (count, generations) = (60, 30);
    let mut running = JoinSet::new();
    for number in 1..=count {
        let store = world.store.clone();
        running.spawn(async move {
            assert_eq!(store.commit(redeem(grant(number))).await, Ok(Committed::Applied), "{number}");
            for generation in 1..=generations {
                let spent = store.commit(spend(number, generation, 1)).await;
                assert_eq!(spent, Ok(Committed::Applied), "{number} {generation}");
                assert!(store.session(session(0).id).await.is_ok());
            }
        });
    }
    for _ in 0..10 {
        end_every_session(&world.database).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.join_all().await;
    for number in 1..=count {
        assert_eq!(world.grant(number).await.unwrap().refresh.revision, generations);
    }
}

/// Sessions that are in a transaction.
async fn in_transaction(database: &PostgresDatabase) -> i64 {
    let text = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    database.0.master().await.query_one(text, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_15_requests_that_are_given_up_in_the_middle_leave_no_transaction_behind() {
    let world = World::new().await;
    for number in 1..=300 {
        let commit = if number % 2 == 0 { sign_in(session(number)) } else { redeem(grant(number)) };
        let (store, patience) = (world.store.clone(), Duration::from_micros(number * 7 % 1500));
        let _ = tokio::time::timeout(patience, store.commit(commit)).await;
        let _ = tokio::time::timeout(patience, store.clients()).await;
    }
    // The last ones go on without those who asked. A transaction that is left behind is there at every look.
    let mut looks_without = 0;
    for _ in 0..100 {
        let has_none = in_transaction(&world.database).await == 0;
        looks_without = if has_none { looks_without + 1 } else { 0 };
        if looks_without == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(looks_without, 5);
    world.applied(redeem(grant(1_000))).await;
    assert!(world.store.consents(Some(&ada()), Some(&app())).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let world = World::new().await;
    let clone = world.store.clone();
    world.store.close().await;
    assert_eq!(clone.failed().await, Fault::Closed);
    assert_eq!(clone.commit(redeem(grant(1))).await, Err(Fault::Closed));
    assert_eq!(clone.grant(grant(1).id).await.err(), Some(Fault::Closed));
}

#[tokio::test]
async fn more_work_than_may_be_under_way_is_refused() {
    let database = TestDatabase::create(template().await).await;
    let none = ConnectOptions { queue_max: 0, ..ConnectOptions::default() };
    let store = Store::connect(&database.url(), &none).await.unwrap();
    assert_eq!(store.ping().await, Err(Fault::Busy));
    assert_eq!(store.clients().await.err(), Some(Fault::Busy));
    assert_eq!(store.commit(Commit::EndSession { session: session(1).id }).await, Err(Fault::Busy));
}
