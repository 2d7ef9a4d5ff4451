//! Failed sign-ins: counted before a password is compared, by one conditional statement; forgotten after a success; and what
//! strangers make up goes before the counts of accounts do.

use proofkey_protocol::{Commit, Committed, FailureFacts, SignInTry};
use tokio::task::JoinSet;

use super::World;
use crate::support::{ACCOUNT, NOW, failure, session, sign_in, tried};

const BURST: i64 = 10;

async fn failures(world: &World, counted_as: [u8; 32]) -> FailureFacts {
    world.store.sign_in_failures(&counted_as).await.unwrap()
}

fn name(number: u32) -> [u8; 32] {
    let mut name = [0xff; 32];
    name[..4].copy_from_slice(&number.to_be_bytes());
    name
}

#[tokio::test]
async fn failures_count_up_and_keep_the_latest_instant() {
    let world = World::new().await;
    for at in [NOW, NOW + 9, NOW + 4] {
        world.applied(failure([1; 32], at)).await;
    }
    let facts = failures(&world, [1; 32]).await;
    assert_eq!(facts, FailureFacts { failures: 3, last_at: (NOW + 9).seconds() });
    assert_eq!(failures(&world, [2; 32]).await, FailureFacts::default());
}

#[tokio::test]
async fn k_15_a_failure_that_was_seen_ahead_is_dated_anew_and_one_that_came_meanwhile_is_not() {
    let world = World::new().await;
    world.applied(failure(ACCOUNT, NOW + 86_400)).await;
    let seen = failures(&world, ACCOUNT).await;
    let again = |at| Commit::ReserveSignInFailure(SignInTry { seen, ..tried(ACCOUNT, at) });
    world.applied(again(NOW)).await;
    assert_eq!(failures(&world, ACCOUNT).await, FailureFacts { failures: 2, last_at: NOW.seconds() });
    world.applied(again(NOW + -5)).await;
    assert_eq!(failures(&world, ACCOUNT).await, FailureFacts { failures: 3, last_at: NOW.seconds() });
}

/// All of them saw an account without failures; after a pause, all saw the same failures.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn k_04_ten_of_many_tries_at_once_on_two_nodes_are_counted_and_after_a_pause_one() {
    let world = World::new().await;
    let stores = [world.store.clone(), world.second_handle().await];
    let mut seen = FailureFacts::default();
    for (at, expected) in [(NOW, BURST), (NOW + 60, 1), (NOW + 200, 1)] {
        let attempt = SignInTry { below: BURST, seen, ..tried(ACCOUNT, at) };
        let mut running = JoinSet::new();
        for store in stores.iter().cycle().take(240) {
            let store = store.clone();
            running.spawn(async move { store.commit(Commit::ReserveSignInFailure(attempt)).await.unwrap() });
        }
        let outcomes = running.join_all().await;
        let applied = outcomes.iter().filter(|outcome| **outcome == Committed::Applied).count();
        assert_eq!(applied as i64, expected, "at {at:?}");
        let after = failures(&world, ACCOUNT).await;
        assert_eq!((after.failures, after.last_at), (seen.failures + expected, at.seconds()));
        seen = after;
    }
}

#[tokio::test]
async fn k_04_a_session_that_begins_takes_back_what_was_counted_before_it() {
    let world = World::new().await;
    world.applied(failure(ACCOUNT, NOW)).await;
    world.applied(failure([9; 32], NOW)).await;
    world.applied(sign_in(session(1))).await;
    assert_eq!(failures(&world, ACCOUNT).await, FailureFacts::default());
    assert_eq!(
        failures(&world, [9; 32]).await.failures,
        1,
        "of another account, or of the same on another device"
    );
}

#[tokio::test]
async fn k_07_a_new_password_forgets_the_failures_of_every_known_device() {
    let world = World::new().await;
    let (account, other) = ([4; 32], [5; 32]);
    let of_device = |device: u8, owner| {
        Commit::ReserveSignInFailure(SignInTry { owner: Some(owner), ..tried([device; 32], NOW) })
    };
    for commit in [failure(account, NOW), of_device(6, account), of_device(7, account), of_device(8, other)] {
        world.applied(commit).await;
    }
    world.store.set_user_password("ada", "$argon2id$new", || NOW + 50, &account).await.unwrap();
    for (counted_as, expected) in [(account, 0), ([6; 32], 0), ([7; 32], 0), ([8; 32], 1)] {
        assert_eq!(failures(&world, counted_as).await.failures, expected, "{counted_as:?}");
    }
}

#[tokio::test]
async fn k_05_for_want_of_room_the_oldest_unknown_names_go_and_accounts_never() {
    let world = World::new().await;
    let unknown = |number: u32| {
        let tried = tried(name(number), NOW + i64::from(number));
        Commit::ReserveSignInFailure(SignInTry { is_unknown_name: true, ..tried })
    };
    for number in 0..20 {
        world.applied(unknown(number)).await;
        world.applied(failure([number as u8; 32], NOW + -1_000)).await;
    }
    // A name that somebody registers meanwhile is an account's from its next failure on.
    world.applied(failure(name(3), NOW)).await;
    assert_eq!(world.store.crowd_out_unknown_names(5, 8).await, Ok(8), "a batch is bounded");
    assert_eq!(world.store.crowd_out_unknown_names(5, 8).await, Ok(6));
    assert_eq!(world.store.crowd_out_unknown_names(5, 8).await, Ok(0));
    for number in 0..20 {
        let (of_name, of_account) = (
            failures(&world, name(number)).await.failures,
            failures(&world, [number as u8; 32]).await.failures,
        );
        assert_eq!((of_name > 0, of_account), (number >= 15 || number == 3, 1), "{number}");
    }
}
