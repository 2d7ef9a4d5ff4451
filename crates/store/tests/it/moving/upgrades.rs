//! Another schema: rehearsed, backed up before, cut off anywhere. The database is that of the first release, made larger.
//!
//! `cargo xtask faults` runs more kills; docs/faults.md has the counts that were run.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proofkey_store::moving::{self, Place, Restoration, RestorePlan};
use proofkey_store::{ConnectOptions, Fault, Options, Store};
use rusqlite::Connection;

use super::{Folder, begun, digests, fill, open, server, silent};
use crate::sqlite::crash;
use crate::support::block_on;
use proofkey_testkit::postgres::TestDatabase;

/// Grants of the database that is upgraded: its migrations take long enough to be cut off.
const GRANTS: u32 = 20_000;

/// The oldest installation that is kept, with more grants.
fn of_the_first_release(path: &Path) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum/0.1.0-first/data/proofkey.db");
    std::fs::copy(kept, path).unwrap();
    let file = Connection::open(path).unwrap();
    let columns: String = file
        .query_row(
            "SELECT group_concat(name, ', ') FROM pragma_table_info('grants') WHERE name <> 'id'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let more = format!(
        "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {GRANTS})
         INSERT INTO grants (id, {columns})
         SELECT unhex(printf('%032x', n)), {columns} FROM counted, (SELECT * FROM grants LIMIT 1)"
    );
    file.execute_batch(&more).unwrap();
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn kills() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(10)
}

/// The versions that are applied. Reads only.
fn applied(path: &Path) -> Vec<i64> {
    let file = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut read = file.prepare("SELECT version FROM schema_migrations ORDER BY version").unwrap();
    read.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

async fn upgraded(path: &Path) -> Vec<moving::TableDigest> {
    let store = open(path);
    let held = digests(&store).await;
    store.close().await;
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_11_a_rehearsal_leaves_every_byte_and_the_backup_before_an_upgrade_can_be_restored() {
    let folder = Folder::new();
    let path = folder.path("proofkey.db");
    of_the_first_release(&path);
    let bytes = std::fs::read(&path).unwrap();
    let place = folder.place("proofkey.db");
    let rehearsal = moving::rehearse_upgrade(&place, begun(1)).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!((rehearsal.schema.version, applied(&path)), (1, vec![1]));
    let rehearsed = rehearsal.rehearsed.unwrap();
    let of = |counts: &[moving::RowCount], table| counts.iter().find(|(name, _)| *name == table).unwrap().1;
    assert!(of(&rehearsed.before, "grants") > i64::from(GRANTS));
    assert_eq!(of(&rehearsed.before, "grants"), of(&rehearsed.after, "grants"));
    assert!(folder.names().iter().all(|name| !name.contains("rehearsal")), "{:?}", folder.names());

    let upgraded = moving::upgrade(&place, begun(2)).await.unwrap();
    assert_eq!(upgraded.schema, rehearsal.schema);
    let backup = upgraded.backup.unwrap();
    assert_eq!(applied(&backup), [1], "as it was before");
    let again = moving::upgrade(&place, begun(3)).await.unwrap();
    assert!(again.schema.pending.is_empty() && again.backup.is_none());
    let into = folder.place("new/proofkey.db");
    let ends = moving::Ends::default();
    let plan = RestorePlan { from: &backup, into: &into, replace: false, ends, begun: begun(4) };
    let _restored = Restoration::prepare(plan).await.unwrap().put_in_place(&mut silent).await.unwrap();
    let count = |store: Store| async move { store.list_users(100).await.unwrap().len() };
    assert_eq!(count(open(&folder.path("new/proofkey.db"))).await, count(open(&path)).await);
}

#[tokio::test]
async fn st_11_a_disk_that_fills_in_the_middle_of_a_migration_leaves_the_database_as_it_was() {
    let folder = Folder::new();
    let path = folder.path("proofkey.db");
    of_the_first_release(&path);
    let pages = u32::try_from(path.metadata().unwrap().len() / 4096).unwrap();
    for more in [0, 10, 40] {
        let full = Options { pages_max: Some(pages + more), ..Options::default() };
        assert_eq!(Store::open(&path, &full).map(drop), Err(Fault::Full), "{more}");
        assert_eq!(applied(&path), [1]);
    }
    assert!(!upgraded(&path).await.is_empty());
}

#[test]
#[ignore = "a process that another test starts and kills"]
fn child_upgrades() {
    let Some(path) = crash::database() else { return };
    block_on(async {
        let place = match path.to_str().unwrap() {
            url if url.starts_with("postgres://") => Place::server(url).unwrap(),
            _ => Place::File(path),
        };
        println!("began");
        let upgraded = moving::upgrade(&place, begun(1)).await;
        assert!(upgraded.is_ok(), "{upgraded:?}");
    });
}

/// Kills a process that upgrades, so long after it began.
fn kill_after(database: &Path, patience: Duration) {
    let mut child = crash::child("moving::upgrades::child_upgrades", database);
    let mut said = [0; 1];
    let mut output = child.stdout.take().unwrap();
    // The harness says something when the test begins, a few milliseconds before the work.
    output.read_exact(&mut said).unwrap();
    std::thread::sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn f_32_st_11_a_process_killed_in_the_middle_of_a_migration_leaves_all_of_it_or_none() {
    let folder = Folder::new();
    let first = folder.path("first.db");
    of_the_first_release(&first);
    let whole = folder.path("whole.db");
    std::fs::copy(&first, &whole).unwrap();
    let began = Instant::now();
    let expected = block_on(upgraded(&whole));
    let takes = began.elapsed();
    let all = applied(&whole);
    let (mut before, mut after) = (0, 0);
    for kill in 0..kills() {
        let path = folder.path("proofkey.db");
        std::fs::copy(&first, &path).unwrap();
        // From the first moment to a little beyond the end.
        kill_after(&path, takes.mul_f64(1.2 * f64::from(kill) / f64::from(kills().max(2) - 1)));
        let found = applied(&path);
        assert!(found == [1] || found == all, "half of it: {found:?}");
        if found == all {
            after += 1
        } else {
            before += 1
        }
        assert_eq!(block_on(upgraded(&path)), expected, "the next start finishes it, and nothing is lost");
        for name in folder.names().into_iter().filter(|name| name.starts_with("proofkey.db")) {
            // The log goes by itself with the last who had it open.
            let _gone = std::fs::remove_file(folder.path(&name));
        }
    }
    println!("counted: {before} killed before the end, {after} after it");
    println!("cycles done: {}", kills());
    assert!(before > 0);
}

/// What the migrations from the third on have done, undone.
const BACK: &str = "
    DROP TABLE IF EXISTS removed_users; DROP TABLE IF EXISTS database_state; DROP TABLE IF EXISTS epoch; DROP TABLE IF EXISTS schema_expansions;
    DROP TABLE IF EXISTS refusals; DROP INDEX IF EXISTS sessions_of_user; ALTER TABLE sessions RESET (fillfactor);
    CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user_id, seen_at);
    ALTER TABLE signing_keys DROP COLUMN IF EXISTS closed_at;
    DELETE FROM schema_migrations WHERE version >= 3";

/// A database of an earlier schema, filled.
async fn older_server() -> (TestDatabase, Vec<moving::TableDigest>) {
    let (database, _) = server().await;
    let store = super::connect(&database).await;
    fill(&store).await;
    // An earlier schema has no place for these.
    let later = "DELETE FROM refusals; DELETE FROM removed_users; UPDATE signing_keys SET closed_at = NULL";
    database.master().await.batch_execute(later).await.unwrap();
    let held = digests(&store).await;
    store.close().await;
    database.master().await.batch_execute(BACK).await.unwrap();
    (database, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_10_a_server_with_an_older_schema_is_refused_until_it_is_upgraded() {
    let (database, held) = older_server().await;
    let refused = Store::connect(&database.url(), &ConnectOptions::default()).await.map(drop);
    assert_eq!(refused, Err(Fault::OlderSchema { found: 2, needed: 8 }));
    let place = Place::server(&database.url()).unwrap();
    let rehearsal = moving::rehearse_upgrade(&place, begun(1)).await.unwrap();
    assert_eq!((rehearsal.schema.pending.len(), rehearsal.rehearsed.is_none()), (5, true));
    let refused = Store::connect(&database.url(), &ConnectOptions::default()).await.map(drop);
    assert_eq!(refused, Err(Fault::OlderSchema { found: 2, needed: 8 }), "a rehearsal changes nothing");
    assert_eq!(moving::upgrade(&place, begun(2)).await.unwrap().backup, None);
    let store = super::connect(&database).await;
    assert_eq!(digests(&store).await, held);
}

#[test]
fn f_32_st_11_a_process_killed_while_it_migrates_a_server_leaves_all_of_it_or_none() {
    let (database, held) = block_on(older_server());
    let url = PathBuf::from(database.url());
    let place = Place::server(&database.url()).unwrap();
    let (mut before, mut after) = (0, 0);
    for kill in 0..kills() {
        kill_after(&url, Duration::from_millis(u64::from(kill) * 60 / u64::from(kills())));
        block_on(async {
            let master = database.master().await;
            let text = "SELECT (SELECT count(*) FROM schema_migrations WHERE version = 3),
                (SELECT count(*) FROM pg_tables WHERE tablename IN ('database_state', 'epoch', 'schema_expansions')),
                (SELECT count(*) FROM schema_migrations WHERE version = 4),
                (SELECT count(*) FROM pg_indexes WHERE indexname = 'sessions_of_user'),
                (SELECT count(*) FROM pg_indexes WHERE indexname = 'sessions_by_user'),
                (SELECT count(*) FROM schema_migrations WHERE version = 6),
                (SELECT count(*) FROM pg_tables WHERE tablename = 'removed_users'),
                (SELECT count(*) FROM schema_migrations WHERE version = 7),
                (SELECT count(*) FROM information_schema.columns WHERE column_name = 'closed_at'),
                (SELECT count(*) FROM schema_migrations WHERE version = 8),
                (SELECT count(*) FROM pg_tables WHERE tablename = 'refusals')";
            let row = master.query_one(text, &[]).await.unwrap();
            let found: (i64, i64) = (row.get(0), row.get(1));
            assert!(found == (0, 0) || found == (1, 3), "half of it: {found:?}");
            let indexes: (i64, i64, i64) = (row.get(2), row.get(3), row.get(4));
            assert!(indexes == (0, 0, 1) || indexes == (1, 1, 0), "half of it: {indexes:?}");
            for (at, of) in [(5_usize, "users"), (7, "rings"), (9, "refusals")] {
                let found: (i64, i64) = (row.get(at), row.get(at + 1));
                assert!(found == (0, 0) || found == (1, 1), "half of it: {of} {found:?}");
            }
            if found.0 == 0 {
                before += 1
            } else {
                after += 1
            }
            let _upgraded = moving::upgrade(&place, begun(2)).await.unwrap();
            let store = super::connect(&database).await;
            assert_eq!(digests(&store).await, held);
            store.close().await;
            master.batch_execute(BACK).await.unwrap();
        });
    }
    println!("counted: {before} killed before the end, {after} after it");
    println!("cycles done: {}", kills());
    assert!(before > 0);
}
