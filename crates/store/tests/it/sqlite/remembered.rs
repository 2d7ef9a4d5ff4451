//! What is remembered of subjects beside other processes that write to the same file.

use std::time::Duration;

use proofkey_store::{Options, REMEMBERED_FOR, Store};
use rusqlite::Connection;

use super::World;
use crate::support::{GRANTS_SESSION, NOW, app, session_id};

/// How often a test may be too slow to see what is remembered.
const ATTEMPTS_MAX: usize = 100;

async fn display_name(store: &Store) -> String {
    let found = store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    found.unwrap().user.display_name
}

/// Reads the name, lets another process change it, and reads it again.
async fn changed_beside(world: &World, other: &Connection, name: &str) -> (String, String) {
    world.store.ping().await.unwrap();
    let before = display_name(&world.store).await;
    other.execute("UPDATE users SET display_name = ?1", [name]).unwrap();
    (before, display_name(&world.store).await)
}

#[tokio::test]
async fn v_30_what_another_process_writes_is_seen_after_a_tenth_of_a_second_and_after_a_write_of_ours_at_once()
 {
    let world = World::new().await;
    let other = Connection::open(world.path()).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    let mut was_remembered = false;
    for number in 0..ATTEMPTS_MAX {
        let name = format!("Ada {number}");
        let (before, after) = changed_beside(&world, &other, &name).await;
        if after == before {
            was_remembered = true;
            if number % 2 == 0 {
                world.store.ping().await.unwrap();
            } else {
                tokio::time::sleep(REMEMBERED_FOR).await;
            }
        }
        assert_eq!(display_name(&world.store).await, name);
        if was_remembered && number > 1 {
            return;
        }
    }
    panic!("nothing is remembered");
}

#[tokio::test]
async fn v_30_where_nothing_is_written_the_writer_looks_for_those_who_read() {
    let world = World::new().await;
    let other = Connection::open(world.path()).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    for number in 0..ATTEMPTS_MAX {
        let name = format!("Ada {number}");
        // Whatever was looked at before is too old, and the first of these reads asks for a look.
        tokio::time::sleep(REMEMBERED_FOR).await;
        let mut before = display_name(&world.store).await;
        for _ in 0..3 {
            tokio::time::sleep(REMEMBERED_FOR / 10).await;
            before = display_name(&world.store).await;
        }
        other.execute("UPDATE users SET display_name = ?1", [&name]).unwrap();
        let after = display_name(&world.store).await;
        tokio::time::sleep(REMEMBERED_FOR).await;
        assert_eq!(display_name(&world.store).await, name);
        if after == before {
            return;
        }
    }
    panic!("nothing is remembered");
}

/// Where many people come and go, something ends in each half minute.
#[tokio::test]
async fn v_30_a_sweep_forgets_what_it_removes_and_nothing_else() {
    let world = World::new().await;
    let other = Connection::open(world.path()).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    let ended = "INSERT INTO sessions (id, secret, user_id, auth_time, seen_at, expires_at)
                 SELECT randomblob(16), secret, user_id, 1, 1, 2 FROM sessions LIMIT 1";
    for number in 0..ATTEMPTS_MAX {
        assert_eq!(other.execute(ended, []).unwrap(), 1);
        world.store.ping().await.unwrap();
        let before = display_name(&world.store).await;
        assert_eq!(world.store.sweep(NOW, 100).await.unwrap(), 1);
        other.execute("UPDATE users SET display_name = ?1", [format!("Ada {number}")]).unwrap();
        if display_name(&world.store).await == before {
            return;
        }
    }
    panic!("nothing is remembered after a sweep");
}

#[tokio::test]
async fn without_room_nothing_is_remembered() {
    let world = World::of(&Options { remembered_max: 0, ..Options::default() }).await;
    let other = Connection::open(world.path()).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    for number in 0..5 {
        let name = format!("Ada {number}");
        assert_eq!(changed_beside(&world, &other, &name).await.1, name);
    }
}
