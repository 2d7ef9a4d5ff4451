//! `db copy`: both directions, cut off at every batch, and what it refuses.

use proofkey_store::moving::{self, Copied, MoveRefused, Place};
use proofkey_store::{ConnectOptions, Fault, NotServing, Options, Store};

use super::{Folder, GRANTS, begun, connect, copied_in_pieces, digests, fill, open, server, silent};
use crate::support::{grant_id, redeem};

fn whole(copied: Result<Copied, MoveRefused>) -> Vec<moving::TableDigest> {
    match copied {
        Ok(Copied::Whole { tables, .. }) => tables,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_moved(opened: Result<Store, Fault>) {
    let fault = opened.map(drop).unwrap_err();
    assert!(matches!(fault, Fault::NotServing(NotServing::Moved { .. })), "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_every_row_is_copied_to_the_other_engine_and_back_and_one_side_serves() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let (first, last) = (folder.place("first.db"), folder.place("deep/last.db"));
    let store = open(&folder.path("first.db"));
    fill(&store).await;
    let before = digests(&store).await;
    for table in &before {
        assert!(table.rows > 0, "{} has rows", table.table);
    }
    store.close().await;

    assert_eq!(whole(moving::copy(&first, &on_server, begun(1), &mut silent).await), before);
    assert_moved(Store::open(&folder.path("first.db"), &Options::default()));
    let store = connect(&database).await;
    assert_eq!(digests(&store).await, before);
    assert_eq!(store.grant(grant_id(3)).await.unwrap().unwrap().grant().refresh.generation, 1);
    // It is served by now: to copy again changes nothing.
    assert!(matches!(moving::copy(&first, &on_server, begun(2), &mut silent).await, Ok(Copied::Already)));
    assert_eq!(digests(&store).await, before);
    store.close().await;

    assert_eq!(whole(moving::copy(&on_server, &last, begun(3), &mut silent).await), before);
    assert_moved(Store::connect(&database.url(), &ConnectOptions::default()).await);
    let store = open(&folder.path("deep/last.db"));
    assert_eq!(digests(&store).await, before);
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_a_copy_that_is_cut_off_after_any_batch_goes_on_and_nobody_serves_meanwhile() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let (first, last) = (folder.place("first.db"), folder.place("last.db"));
    let store = open(&folder.path("first.db"));
    fill(&store).await;
    let before = digests(&store).await;
    store.close().await;
    let stopped =
        moving::copy(&first, &on_server, begun(99), &mut |_| std::ops::ControlFlow::Break(())).await;
    assert!(matches!(stopped, Err(MoveRefused::Stopped)), "{stopped:?}");
    for refused in [
        Store::open(&folder.path("first.db"), &Options::default()),
        Store::connect(&database.url(), &ConnectOptions::default()).await,
    ] {
        let fault = refused.map(drop).unwrap_err();
        let cure = "run the same `proofkey db copy` again";
        assert!(matches!(fault, Fault::NotServing(_)) && fault.to_string().contains(cure), "{fault}");
    }
    for (from, to) in [(&first, &on_server), (&on_server, &last)] {
        let (cuts, tables) = copied_in_pieces(from, to).await;
        let batches = usize::try_from(GRANTS / 500).unwrap() + before.len();
        assert!(cuts + 1 >= batches, "{cuts}");
        assert_eq!(tables, before);
    }
    assert_eq!(digests(&open(&folder.path("last.db"))).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_a_target_that_is_not_empty_or_of_another_copy_is_refused_and_left_as_it_is() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let (first, second) = (folder.place("first.db"), folder.place("second.db"));
    let store = connect(&database).await;
    store.add_user(crate::support::user("ada")).await.unwrap();
    let held = digests(&store).await;
    store.close().await;
    let store = open(&folder.path("first.db"));
    fill(&store).await;
    let before = digests(&store).await;
    store.close().await;
    let refused = moving::copy(&first, &on_server, begun(1), &mut silent).await;
    assert!(matches!(refused, Err(MoveRefused::NotEmpty { table: "users", .. })), "{refused:?}");
    let store = connect(&database).await;
    assert_eq!(digests(&store).await, held);
    store.close().await;
    let store = open(&folder.path("first.db"));
    assert_eq!(digests(&store).await, before, "and the source serves on");
    store.close().await;

    let stopped = moving::copy(&first, &second, begun(2), &mut |_| std::ops::ControlFlow::Break(())).await;
    assert!(matches!(stopped, Err(MoveRefused::Stopped)), "{stopped:?}");
    let other = moving::copy(&on_server, &second, begun(3), &mut silent).await;
    assert!(matches!(other, Err(MoveRefused::OtherCopy { .. })), "{other:?}");
    let absent = moving::copy(&folder.place("none.db"), &folder.place("new.db"), begun(4), &mut silent).await;
    assert!(matches!(absent, Err(MoveRefused::Absent { .. })), "{absent:?}");
    assert!(!folder.path("none.db").exists(), "and nothing is made");
    connect(&database).await.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_what_is_served_is_not_copied_and_serves_on() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let (first, second) = (folder.place("first.db"), folder.place("second.db"));
    for name in ["first.db", "second.db"] {
        let store = open(&folder.path(name));
        store.add_user(crate::support::user("ada")).await.unwrap();
        store.close().await;
    }
    let store = open(&folder.path("first.db"));
    store.lock_for_serving().unwrap();
    let refused = moving::copy(&first, &folder.place("new.db"), begun(1), &mut silent).await;
    assert!(matches!(refused, Err(MoveRefused::Served { .. })), "{refused:?}");
    store.ping().await.unwrap();
    let (elsewhere, of_a_node) = server().await;
    let (node, new_node) = (connect(&database).await, connect(&elsewhere).await);
    node.add_user(crate::support::user("ada")).await.unwrap();
    new_node.ping().await.unwrap();
    for (from, to) in [(&on_server, &folder.place("third.db")), (&second, &of_a_node)] {
        let refused = moving::copy(from, to, begun(2), &mut silent).await;
        assert!(matches!(refused, Err(MoveRefused::Sessions { count: 1.., .. })), "{refused:?}");
    }
    node.ping().await.unwrap();
    connect(&database).await.close().await;
}

/// A node whose connections were cut off while the copy was made, and that comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_a_node_that_comes_back_writes_nothing_to_a_source_that_was_copied() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let node = connect(&database).await;
    fill(&node).await;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.master().await.execute(others, &[]).await.unwrap();
    let last = folder.place("last.db");
    let _copied = whole(moving::copy(&on_server, &last, begun(1), &mut silent).await);
    let refused = node.commit(redeem(crate::support::grant(9_000))).await;
    assert!(matches!(refused, Err(Fault::NotServing(NotServing::Moved { .. }))), "{refused:?}");
    assert!(node.grant(grant_id(1)).await.is_err(), "nor does it read there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_the_source_serves_again_when_it_is_asked_to() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let (first, second) = (folder.place("first.db"), folder.place("second.db"));
    let store = open(&folder.path("first.db"));
    fill(&store).await;
    let before = digests(&store).await;
    store.close().await;
    let no_way = moving::reopen(&first, begun(1)).await;
    assert!(matches!(no_way, Err(MoveRefused::NoWayBack { .. })), "{no_way:?}");
    let stopped = moving::copy(&first, &second, begun(2), &mut |_| std::ops::ControlFlow::Break(())).await;
    assert!(matches!(stopped, Err(MoveRefused::Stopped)), "{stopped:?}");
    let half = moving::reopen(&second, begun(3)).await;
    assert!(matches!(half, Err(MoveRefused::NoWayBack { .. })), "{half:?}");
    moving::reopen(&first, begun(4)).await.unwrap();
    let _copied = whole(moving::copy(&first, &on_server, begun(5), &mut silent).await);
    for place in [&first, &on_server] {
        let reopened = moving::reopen(place, begun(6)).await;
        assert_eq!(reopened.is_ok(), matches!(place, Place::File(_)), "{reopened:?}");
    }
    let store = open(&folder.path("first.db"));
    assert_eq!(digests(&store).await, before);
    drop(database);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_12_a_row_that_somebody_writes_into_the_source_meanwhile_is_found() {
    let folder = Folder::new();
    let (first, second) = (folder.place("first.db"), folder.place("second.db"));
    // A command that has the database open since before the copy began.
    let command = open(&folder.path("first.db"));
    fill(&command).await;
    let late = command.clone();
    let mut write_late = |progress: moving::Progress| {
        if progress.table == "known_time" && progress.phase == moving::Phase::Copying {
            let late = late.clone();
            let (said, done) = std::sync::mpsc::channel();
            tokio::spawn(async move { said.send(late.add_user(crate::support::user("late")).await) });
            done.recv().unwrap().unwrap();
        }
        std::ops::ControlFlow::Continue(())
    };
    let copied = moving::copy(&first, &second, begun(1), &mut write_late).await;
    assert!(matches!(copied, Err(MoveRefused::Differs { table: "users", from: 3, to: 2 })), "{copied:?}");
}
