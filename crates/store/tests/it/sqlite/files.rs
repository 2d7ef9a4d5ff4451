//! Who may use the files, and which file a name leads to.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use proofkey_protocol::Committed;
use proofkey_store::{Fault, Options, Store};

use super::World;
use crate::support::{block_on, grant, redeem, refusal};

#[tokio::test]
async fn k_41_a_database_that_was_open_to_others_is_closed_to_them() {
    for mode in [0o644, 0o660, 0o666, 0o604, 0o640] {
        let world = World::new().await;
        world.applied(redeem(grant(1))).await;
        let beside = |suffix: &str| format!("{}{suffix}", world.path().display());
        for suffix in ["", "-wal", "-shm"] {
            std::fs::set_permissions(beside(suffix), Permissions::from_mode(mode)).unwrap();
        }
        let _second = world.second_handle().await;
        for suffix in ["", "-wal", "-shm"] {
            let found = std::fs::metadata(beside(suffix)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, 0o600, "{suffix} was {mode:o}");
        }
    }
}

/// What a file holds, read by another process: a handle that this one closes would drop the locks of its database.
fn digest(path: &str) -> String {
    let output = std::process::Command::new("sha256sum").arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn pk_07_a_database_that_is_opened_to_read_keeps_its_rows_its_log_and_its_modes() {
    let world = World::new().await;
    let recorded = refusal(1, 1);
    world.store.record_refusals(vec![recorded.clone()], 10).await.unwrap();
    let beside = |suffix: &str| format!("{}{suffix}", world.path().display());
    for suffix in ["", "-wal"] {
        std::fs::set_permissions(beside(suffix), Permissions::from_mode(0o644)).unwrap();
    }
    let before = ["", "-wal"].map(|suffix| digest(&beside(suffix)));
    let store = Store::open_to_read(&world.path(), &Options::default()).unwrap();
    assert_eq!(store.refusal(&recorded.error_id).await, Ok(Some(recorded)));
    assert_eq!(store.commit(redeem(grant(2))).await, Err(Fault::Closed));
    assert_eq!(store.record_refusals(vec![refusal(2, 1)], 10).await, Err(Fault::Closed));
    store.close().await;
    for (suffix, before) in ["", "-wal"].into_iter().zip(before) {
        assert_eq!(digest(&beside(suffix)), before);
        let mode = std::fs::metadata(beside(suffix)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "{suffix}");
    }
    let nowhere = world.path().with_file_name("none.db");
    assert!(Store::open_to_read(&nowhere, &Options::default()).is_err() && !nowhere.exists());
}

#[test]
fn k_41_the_lock_of_a_server_is_on_the_database_and_not_on_a_name() {
    let world = block_on(World::new());
    world.store.lock_for_serving().unwrap();
    std::fs::remove_file(format!("{}.lock", world.path().display())).unwrap();
    assert_eq!(block_on(world.second_handle()).lock_for_serving(), Err(Fault::AlreadyServed));
}

#[tokio::test]
async fn k_41_a_database_that_was_replaced_takes_no_more_writes_and_keeps_those_before() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    assert_eq!(world.store.check_file(), Ok(()));
    let (path, moved) = (world.path(), world.path().with_file_name("moved.db"));
    std::fs::rename(&path, &moved).unwrap();
    Store::open(&path.with_file_name("new.db"), &Options::default()).unwrap().close().await;
    std::fs::rename(path.with_file_name("new.db"), &path).unwrap();
    assert_eq!(world.store.ping().await, Err(Fault::Replaced));
    let told = tokio::time::timeout(Duration::from_secs(5), world.store.failed()).await.unwrap();
    assert_eq!(told, Fault::Replaced);
    assert_eq!(world.store.commit(redeem(grant(2))).await, Err(Fault::Stopped));
    let before = Store::open(&moved, &Options::default()).unwrap();
    assert_eq!(
        before.commit(redeem(grant(1))).await,
        Ok(Committed::Conflict),
        "all that was written is in the file"
    );
    before.close().await;
}
