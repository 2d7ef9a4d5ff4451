//! `restore`: what ends, what comes back, and what is refused. What people and apps see of it is tested over the wire.

use std::path::Path;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientId, UserId, UserRecord};
use proofkey_store::moving::{self, Ends, MoveRefused, Place, Restoration, RestorePlan, Restored};
use proofkey_store::{Fault, Store};

use super::{Folder, begun, connect, digests, fill, open, server, silent};
use crate::support::{NOW, client};

const NO_ENDS: Ends = Ends { keys: false, consents: false };

async fn restore(from: &Path, into: &Place, replace: bool, ends: Ends) -> Result<Restored, MoveRefused> {
    let plan = RestorePlan { from, into, replace, ends, begun: begun(9) };
    Restoration::prepare(plan).await?.put_in_place(&mut silent).await
}

async fn rows(store: &Store, table: &str) -> u64 {
    digests(store).await.into_iter().find(|digest| digest.table == table).unwrap().rows
}

async fn filled_and_backed_up(folder: &Folder) -> std::path::PathBuf {
    let store = open(&folder.path("proofkey.db"));
    fill(&store).await;
    let to = folder.path("backup");
    let _made = moving::backup(&folder.place("proofkey.db"), &to, begun(1), &mut silent).await.unwrap();
    store.close().await;
    to
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_13_f_33_a_restore_ends_all_that_was_given_on_either_engine_and_keeps_the_rest() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let backup = filled_and_backed_up(&folder).await;
    let before = digests(&open(&folder.path("proofkey.db"))).await;
    let on_file = folder.place("new/proofkey.db");
    for place in [&on_file, &on_server] {
        let restored = restore(&backup, place, false, NO_ENDS).await.unwrap();
        assert_eq!(restored.kept, None);
        let store = match place {
            Place::File(path) => open(path),
            Place::Server { .. } => connect(&database).await,
        };
        for table in ["sessions", "grants", "code_failures", "revoked_tokens"] {
            assert_eq!(rows(&store, table).await, 0, "{table}");
        }
        for kept in
            before.iter().filter(|digest| ["consents", "signing_keys", "apis"].contains(&digest.table))
        {
            assert!(digests(&store).await.contains(kept), "{}", kept.table);
        }
        let users = store.list_users(10).await.unwrap();
        let marks: Vec<Timestamp> = users.iter().map(|user| user.valid_from).collect();
        assert!(marks.iter().all(|mark| *mark == marks[0] && *mark > NOW + (1 << 33)), "{marks:?}");
        // One that is added under an id of the time that was lost begins under the mark too.
        store.add_client(client("lost")).await.unwrap();
        for id in ["app", "lost"] {
            let facts = store.client_facts(&ClientId::new(id)).await.unwrap();
            assert_eq!(facts.valid_from, marks[0], "{id}");
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_13_no_two_restores_give_the_same_mark() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let mut marks = Vec::new();
    for number in 1..20 {
        let into = folder.place(&format!("{number}/proofkey.db"));
        let plan =
            RestorePlan { from: &backup, into: &into, replace: false, ends: NO_ENDS, begun: begun(number) };
        let _restored = Restoration::prepare(plan).await.unwrap().put_in_place(&mut silent).await.unwrap();
        let Place::File(path) = &into else { panic!("a file") };
        marks.push(open(path).list_users(1).await.unwrap()[0].valid_from);
    }
    marks.sort_unstable();
    marks.dedup();
    assert_eq!(marks.len(), 19);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_14_keys_and_consents_end_where_the_operator_says_so() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    for (name, ends) in
        [("keys", Ends { keys: true, consents: false }), ("consents", Ends { keys: false, consents: true })]
    {
        let into = folder.place(&format!("{name}/proofkey.db"));
        let _restored = restore(&backup, &into, false, ends).await.unwrap();
        let Place::File(path) = &into else { panic!("a file") };
        let store = open(path);
        assert_eq!(rows(&store, "signing_keys").await == 0, ends.keys);
        assert_eq!(rows(&store, "retired_keys").await == 0, ends.keys);
        assert_eq!(rows(&store, "consents").await == 0, ends.consents);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_14_what_is_changed_before_it_is_put_in_place_is_in_it() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let into = folder.place("new/proofkey.db");
    let plan = RestorePlan { from: &backup, into: &into, replace: false, ends: NO_ENDS, begun: begun(9) };
    let restoration = Restoration::prepare(plan).await.unwrap();
    assert_eq!(restoration.note.as_ref().unwrap().made_at, NOW + 1);
    restoration.store().set_user_disabled("ada", true, || NOW).await.unwrap();
    let _restored = restoration.put_in_place(&mut silent).await.unwrap();
    let Place::File(path) = &into else { panic!("a file") };
    assert!(open(path).user_by_name("ada").await.unwrap().unwrap().disabled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_what_is_left_of_a_database_that_is_gone_is_not_read_into_the_restored_one() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let into = folder.place("proofkey.db");
    std::fs::remove_file(folder.path("proofkey.db")).unwrap();
    for suffix in ["-wal", "-journal"] {
        let left = folder.path(&format!("proofkey.db{suffix}"));
        std::fs::write(&left, "of another").unwrap();
        let refused = restore(&backup, &into, false, NO_ENDS).await;
        assert!(matches!(refused, Err(MoveRefused::LeftOver { .. })), "{refused:?}");
        assert!(!folder.path("proofkey.db").exists());
        std::fs::remove_file(left).unwrap();
    }
    assert!(restore(&backup, &into, false, NO_ENDS).await.is_ok());
}

/// Whoever is about to replace a database is told what in it the backup would undo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_14_the_database_that_is_replaced_tells_what_was_taken_away_since() {
    let folder = Folder::new();
    let with_bob = open(&folder.path("proofkey.db"));
    with_bob.add_user(crate::support::user("bob")).await.unwrap();
    with_bob.close().await;
    let backup = filled_and_backed_up(&folder).await;
    let store = open(&folder.path("proofkey.db"));
    store.remove_user(&crate::support::user("bob"), || NOW + 5, &[9; 32]).await.unwrap();
    store.set_user_disabled("ada", true, || NOW + 5).await.unwrap();
    store.set_user_password("i\u{307}stanbul", "$argon2id$new", || NOW + 5, &[1; 32]).await.unwrap();
    store.remove_client(&ClientId::new("app"), || NOW + 5).await.unwrap();
    store.set_client_disabled(&ClientId::new("Ä"), true).await.unwrap();
    let sealing = store.directory_versions().await.unwrap().sealing;
    let _revoked = store.replace_keys(Vec::new(), &["b".to_owned()], sealing).await.unwrap();
    store.close().await;
    let place = folder.place("proofkey.db");
    let plan = RestorePlan { from: &backup, into: &place, replace: true, ends: NO_ENDS, begun: begun(9) };
    let told = Restoration::prepare(plan).await.unwrap().taken_away.unwrap().to_string();
    let expected = "removed users: bob; disabled users: ada; changed passwords: İstanbul; removed clients: app; disabled clients: Ä; \
                    revoked signing keys: b; withdrawn consents: ada for app";
    assert_eq!(told, expected);
    assert!(!folder.names().iter().any(|name| name.contains("replaced")), "nothing was replaced yet");
}

/// The name is there in both, and is two people's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_14_pk_09_a_removed_user_is_told_of_whose_name_another_one_has_now() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let store = open(&folder.path("proofkey.db"));
    let ada = store.user_by_name("ada").await.unwrap().unwrap();
    store.remove_user(&ada, || NOW + 5, &[9; 32]).await.unwrap();
    let next = UserRecord { id: UserId::new("u-next"), password: Some("$argon2id$next".to_owned()), ..ada };
    store.add_user_under_freed_name(next).await.unwrap();
    store.set_user_disabled("ada", true, || NOW + 6).await.unwrap();
    store.close().await;
    let place = folder.place("proofkey.db");
    let plan = RestorePlan { from: &backup, into: &place, replace: true, ends: NO_ENDS, begun: begun(9) };
    let told = Restoration::prepare(plan).await.unwrap().taken_away.unwrap().to_string();
    assert_eq!(
        told, "removed users: ada; withdrawn consents: ada for app",
        "the next one is not in the backup"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_a_database_is_replaced_only_when_asked_and_is_kept_and_never_while_it_is_served() {
    let (folder, (database, on_server)) = (Folder::new(), server().await);
    let backup = filled_and_backed_up(&folder).await;
    let place = folder.place("proofkey.db");
    let store = open(&folder.path("proofkey.db"));
    store.add_user(crate::support::user("since")).await.unwrap();
    let held = digests(&store).await;
    store.lock_for_serving().unwrap();
    let served = restore(&backup, &place, true, NO_ENDS).await;
    assert!(matches!(served, Err(MoveRefused::Served { .. })), "{served:?}");
    store.close().await;
    let refused = restore(&backup, &place, false, NO_ENDS).await.unwrap_err().to_string();
    assert!(
        refused.contains("3 users, 2 clients and 1200 grants") && refused.contains("--replace"),
        "{refused}"
    );
    let store = open(&folder.path("proofkey.db"));
    assert_eq!(digests(&store).await, held, "nothing was touched");
    store.close().await;
    let kept = restore(&backup, &place, true, NO_ENDS).await.unwrap().kept.unwrap();
    assert_eq!(digests(&open(&kept)).await, held, "all of it is kept");
    assert_eq!(open(&folder.path("proofkey.db")).list_users(10).await.unwrap().len(), 2);
    let left: Vec<String> = folder.names().into_iter().filter(|name| name.contains("restoring")).collect();
    assert!(left.is_empty(), "{left:?}");

    let store = connect(&database).await;
    store.add_user(crate::support::user("since")).await.unwrap();
    store.close().await;
    let filled = restore(&backup, &on_server, true, NO_ENDS).await;
    assert!(matches!(filled, Err(MoveRefused::NotEmpty { table: "users", .. })), "{filled:?}");
}

/// A server that was started while the backup was prepared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_a_database_that_was_made_meanwhile_is_not_replaced() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let into = folder.place("new.db");
    let plan = RestorePlan { from: &backup, into: &into, replace: true, ends: NO_ENDS, begun: begun(9) };
    let restoration = Restoration::prepare(plan).await.unwrap();
    let store = open(&folder.path("new.db"));
    store.add_user(crate::support::user("new")).await.unwrap();
    let refused = restoration.put_in_place(&mut silent).await;
    assert!(matches!(refused, Err(MoveRefused::File { .. })), "{refused:?}");
    assert_eq!(store.list_users(10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_a_database_that_cannot_be_read_is_replaced_and_kept_too() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let path = folder.path("proofkey.db");
    let wreck = vec![0x5a; 9_000];
    std::fs::write(&path, &wreck).unwrap();
    let place = folder.place("proofkey.db");
    let refused = restore(&backup, &place, false, NO_ENDS).await.unwrap_err().to_string();
    assert!(refused.contains("with what cannot be read") && refused.contains("what that was"), "{refused}");
    let kept = restore(&backup, &place, true, NO_ENDS).await.unwrap().kept.unwrap();
    assert_eq!(std::fs::read(kept).unwrap(), wreck);
    assert_eq!(open(&path).list_users(10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_a_database_that_was_copied_by_hand_is_restored_as_a_backup_is_and_half_of_one_is_not() {
    let folder = Folder::new();
    let _backup = filled_and_backed_up(&folder).await;
    let by_hand = folder.path("by-hand.db");
    std::fs::copy(folder.path("proofkey.db"), &by_hand).unwrap();
    let into = folder.place("new/proofkey.db");
    let plan = RestorePlan { from: &by_hand, into: &into, replace: false, ends: NO_ENDS, begun: begun(9) };
    let restoration = Restoration::prepare(plan).await.unwrap();
    assert_eq!((&restoration.note, restoration.last_known), (&None, NOW));
    let _restored = restoration.put_in_place(&mut silent).await.unwrap();
    std::fs::write(folder.path("by-hand.db-wal"), "a log").unwrap();
    let half = restore(&by_hand, &folder.place("other/proofkey.db"), false, NO_ENDS).await;
    assert!(matches!(half, Err(MoveRefused::NotWhole { .. })), "{half:?}");
}

/// Bytes are flipped and the end is cut off all over the file: it is refused, or what comes of it is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_34_a_damaged_backup_is_refused_or_restored_whole_and_the_database_stays() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    let held = std::fs::read(folder.path("proofkey.db")).unwrap();
    let sound = std::fs::read(&backup).unwrap();
    let (mut refused, mut dice) = (0, 0x9E37_79B9_7F4A_7C15_u64);
    const MUTANTS: usize = 60;
    for number in 0..MUTANTS {
        let mut bytes = sound.clone();
        for _ in 0..=number % 4 * 20 {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let place = usize::try_from(dice).unwrap() % bytes.len();
            bytes[place] ^= u8::try_from(dice >> 32 & 0xff).unwrap() | 1;
        }
        if number % 3 == 0 {
            bytes.truncate(bytes.len() - bytes.len() / (number + 2));
        }
        let mutant = folder.path("mutant");
        std::fs::write(&mutant, &bytes).unwrap();
        let into = folder.place(&format!("m{number}/proofkey.db"));
        let outcome = restore(&mutant, &into, false, NO_ENDS).await;
        let Place::File(path) = &into else { panic!("a file") };
        match outcome {
            Err(_) => {
                refused += 1;
                assert!(!path.exists(), "nothing is put in place");
            }
            // What was flipped is no structure: a byte of somebody's name.
            Ok(_) => drop(digests(&open(path)).await),
        }
    }
    assert!(refused > MUTANTS / 3, "{refused}");
    assert_eq!(std::fs::read(folder.path("proofkey.db")).unwrap(), held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_what_is_no_backup_and_what_a_newer_version_made_are_refused() {
    let folder = Folder::new();
    let backup = filled_and_backed_up(&folder).await;
    std::fs::write(folder.path("letter"), "Dear Ada").unwrap();
    let into = folder.place("new/proofkey.db");
    let letter = restore(&folder.path("letter"), &into, false, NO_ENDS).await;
    assert!(matches!(letter, Err(MoveRefused::Database { fault: Fault::Damaged { .. }, .. })), "{letter:?}");
    let file = rusqlite::Connection::open(&backup).unwrap();
    file.execute("INSERT INTO schema_migrations (version, name, sha256) VALUES (999, 'later', x'00')", [])
        .unwrap();
    drop(file);
    let newer = restore(&backup, &into, false, NO_ENDS).await;
    let is_newer = |refused: &MoveRefused| {
        matches!(refused, MoveRefused::Database { fault: Fault::NewerSchema { found: 999, .. }, .. })
    };
    assert!(newer.as_ref().is_err_and(is_newer), "{newer:?}");
}
