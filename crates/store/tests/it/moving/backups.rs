//! `backup`: one file, as of one moment, beside those who write.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proofkey_protocol::Committed;
use proofkey_store::moving::{self, MoveRefused, Place};
use proofkey_store::{Fault, NotServing, Options, Store};

use super::{Folder, begun, connect, fill, open, server, silent};
use crate::support::{NOW, grant, redeem, spend};

/// Grants are made in pairs; how many of each pair a file holds.
fn halves(path: &std::path::Path) -> (i64, i64) {
    let file = rusqlite::Connection::open(path).unwrap();
    let count = |sql: &str| file.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        count("SELECT count(*) FROM grants WHERE generation = 1"),
        count("SELECT count(*) FROM grants WHERE id > x'00000000000f4240' AND generation = 0"),
    )
}

/// Grants that are redeemed and then refreshed, one after the other, until it is told to stop.
async fn write_on(store: Store, stop: Arc<AtomicBool>) -> u64 {
    let mut number = 1_000_000;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        assert_eq!(store.commit(redeem(grant(number))).await, Ok(Committed::Applied));
        assert_eq!(store.commit(spend(number, 1, 1)).await, Ok(Committed::Applied));
    }
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_11_a_backup_is_one_moment_of_a_database_that_is_written_to() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let on_file = folder.place("proofkey.db");
    for (place, store) in
        [(&on_file, open(&folder.path("proofkey.db"))), (&on_server, connect(&database).await)]
    {
        fill(&store).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writing = tokio::spawn(write_on(store.clone(), Arc::clone(&stop)));
        for number in 1..4 {
            let to = folder.path(&format!(
                "{}-{number}",
                if matches!(place, Place::File(_)) { "file" } else { "server" }
            ));
            let made = moving::backup(place, &to, begun(number), &mut silent).await.unwrap();
            assert_eq!((made.note.made_at, made.note.source), (NOW + i64::from(number), place.to_string()));
            assert_eq!(made.bytes, to.metadata().unwrap().len());
            assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            // One writer, one step after the other: of all that it began at most the last is not finished.
            let (_, open) = halves(&to);
            assert!(open <= 1, "{open}");
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writing.await.unwrap() > 1_000_000);
    }
    let left: Vec<String> = folder.names().into_iter().filter(|name| name.contains("part")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_nobody_serves_from_a_backup_that_was_put_in_place_by_hand() {
    let folder = Folder::new();
    open(&folder.path("proofkey.db")).close().await;
    let to = folder.path("backup");
    let _made = moving::backup(&folder.place("proofkey.db"), &to, begun(1), &mut silent).await.unwrap();
    let bytes = std::fs::read(&to).unwrap();
    let refused = Store::open(&to, &Options::default()).map(drop);
    assert_eq!(refused, Err(Fault::NotServing(NotServing::Backup)));
    assert_eq!(std::fs::read(&to).unwrap(), bytes, "and it stays as it is");
    assert!(refused.unwrap_err().to_string().contains("proofkey restore --from"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_a_backup_replaces_no_file_and_one_that_fails_leaves_none() {
    let folder = Folder::new();
    open(&folder.path("proofkey.db")).close().await;
    let place = folder.place("proofkey.db");
    std::fs::write(folder.path("letter"), "Dear Ada").unwrap();
    let refused = moving::backup(&place, &folder.path("letter"), begun(1), &mut silent).await;
    assert!(matches!(refused, Err(MoveRefused::File { .. })), "{refused:?}");
    assert_eq!(std::fs::read_to_string(folder.path("letter")).unwrap(), "Dear Ada");
    let nowhere = moving::backup(&place, &folder.path("none/backup"), begun(2), &mut silent).await;
    assert!(matches!(nowhere, Err(MoveRefused::File { .. })), "{nowhere:?}");
    let absent =
        moving::backup(&folder.place("absent.db"), &folder.path("backup"), begun(3), &mut silent).await;
    assert!(matches!(absent, Err(MoveRefused::Absent { .. })), "{absent:?}");
    let _made = moving::backup(&place, &folder.path("backup"), begun(4), &mut silent).await.unwrap();
    let of_backup =
        moving::backup(&folder.place("backup"), &folder.path("second"), begun(5), &mut silent).await;
    assert!(of_backup.unwrap_err().to_string().contains("it is a backup"));
    let beside: Vec<String> =
        folder.names().into_iter().filter(|name| !name.starts_with("proofkey.db")).collect();
    assert_eq!(beside, ["backup", "letter"]);
}
