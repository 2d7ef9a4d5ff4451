//! Single use under parallel attempts: one conditional statement decides, on one handle and on two.

use proofkey_oauth::SecretHash;
use proofkey_protocol::sign_in::Proof;
use proofkey_protocol::{Commit, Committed, ConsentFacts, SessionFacts};
use proofkey_store::Store;
use tokio::task::JoinSet;

use super::World;
use crate::support::{
    GRANTS_SESSION, NOW, app, consent, grant, redeem, session, session_id, sign_in, spend, verified,
};

/// How many of the commits were applied, each made by a task of its own on one of the stores in turn.
async fn applied(stores: &[Store], commits: impl Iterator<Item = Commit>) -> usize {
    let mut running = JoinSet::new();
    for (commit, store) in commits.zip(stores.iter().cycle()) {
        let store = store.clone();
        running.spawn(async move { store.commit(commit).await.expect("no attempt ends in a fault") });
    }
    let outcomes = running.join_all().await;
    outcomes.iter().filter(|outcome| **outcome == Committed::Applied).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn k_13_of_parallel_authentications_in_one_session_one_renews_it() {
    let world = World::new().await;
    let stores = [world.store.clone(), world.second_handle().await];
    for number in 1..=50 / World::SLOWER {
        world.applied(sign_in(session(number))).await;
        let renewals = (10..60).map(|secret| {
            let renewed = SessionFacts { secret: SecretHash([secret; 32]), ..session(number) };
            let factors = Proof::Password(verified("$argon2id$old")).into();
            Commit::Reauthenticate { session: Box::new(renewed), secret: session(number).secret, factors }
        });
        assert_eq!(applied(&stores, renewals).await, 1, "session {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tk_07_v_09_two_hundred_parallel_redemptions_of_each_of_a_thousand_codes_make_a_thousand_grants() {
    let world = World::new().await;
    let stores = [world.store.clone()];
    for code in 1..=1000 / World::SLOWER {
        assert_eq!(applied(&stores, (0..200).map(|_| redeem(grant(code)))).await, 1, "code {code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tk_07_v_09_two_nodes_on_one_file_redeem_a_code_once() {
    let world = World::new().await;
    let stores = [world.store.clone(), world.second_handle().await];
    for code in 1..=50 {
        assert_eq!(applied(&stores, (0..50).map(|_| redeem(grant(code)))).await, 1, "code {code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rt_04_rt_15_v_25_a_hundred_parallel_refreshes_of_a_thousand_tokens_are_written_once_each() {
    let world = World::new().await;
    let stores = [world.store.clone()];
    for number in 1..=1000 / World::SLOWER {
        world.applied(redeem(grant(number))).await;
        // All have read the same row: one goes on, and the others decide again.
        assert_eq!(applied(&stores, (0..100).map(|_| spend(number, 1, 1))).await, 1);
        let successors = (0..100).map(|branch| spend(number, 2, 100 + branch));
        assert_eq!(applied(&stores, successors).await, 1, "grant {number}: one live branch");
        let grant = world.grant(number).await.unwrap();
        assert_eq!((grant.refresh.generation, grant.refresh.revision), (2, 2));
        assert!(grant.refresh.used.unwrap()[0] >= 100);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rt_04_v_25_two_nodes_on_one_file_leave_one_branch() {
    let world = World::new().await;
    let stores = [world.store.clone(), world.second_handle().await];
    for number in 1..=50 {
        world.applied(redeem(grant(number))).await;
        world.applied(spend(number, 1, 1)).await;
        assert_eq!(applied(&stores, (0..40).map(|branch| spend(number, 2, 100 + branch))).await, 1);
    }
}

async fn consented(store: &Store) -> Option<ConsentFacts> {
    store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap().unwrap().consent
}

/// Adds to what was read before; on a conflict reads again, until it is through.
async fn give(store: &Store, scope: &str, mut before: Option<ConsentFacts>) {
    while store.commit(consent(scope, before, NOW)).await.unwrap() == Committed::Conflict {
        before = consented(store).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_consents_of_one_user_to_one_client_all_end_up_in_the_union() {
    const CONSENTS: usize = 60;
    let world = World::new().await;
    let stores = [world.store.clone(), world.second_handle().await];
    for begun in [false, true] {
        let before = consented(&world.store).await;
        assert_eq!(before.is_some(), begun);
        let mut running = JoinSet::new();
        for (number, store) in (0..CONSENTS).zip(stores.iter().cycle()) {
            // Each has read the same, so all but one of the first attempts are conflicts.
            let (store, before) = (store.clone(), before.clone());
            let scope = format!("openid {begun}-{number}");
            running.spawn(async move { give(&store, &scope, before).await });
        }
        running.join_all().await;
        let given = consented(&world.store).await.unwrap();
        for number in 0..CONSENTS {
            let entry = given.iter().next().unwrap();
            assert!(entry.allows(&format!("{begun}-{number}")), "{number} is lost: {}", entry.scope());
            assert_eq!(entry.since, NOW);
        }
    }
    let expected = 2 * CONSENTS + 1;
    let given = consented(&world.store).await.unwrap();
    assert_eq!(given.iter().next().unwrap().scope().split(' ').count(), expected, "and nothing else");
}
