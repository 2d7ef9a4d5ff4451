//! Users who are changed and removed, and what stays of them.

use std::sync::Arc;

use proofkey_protocol::{Commit, Committed, ConsentFacts, GrantFacts, SessionFacts, UserId, UserRecord};
use proofkey_store::{AdminFault, Fault, RememberedCode};
use serde_json::json;
use tokio::sync::Barrier;

use super::World;
use crate::support::{
    ACCOUNT, GRANTS_SESSION, NOW, ada, app, code, consent, failure, grant, grant_id, redeem, session,
    session_id, sign_in, spend, token_id, user,
};

async fn found(world: &World) -> UserRecord {
    world.store.user_by_name("ada").await.unwrap().unwrap()
}

/// Another person under the same name.
fn another_ada(number: u8) -> UserRecord {
    UserRecord { id: UserId::new(format!("u-ada-{number}")), ..user("ada") }
}

#[tokio::test]
async fn pk_09_the_claims_of_a_user_are_replaced_while_they_are_the_ones_that_were_read() {
    let world = World::new().await;
    let store = &world.store;
    let before = found(&world).await;
    let mut claims = before.claims.clone();
    claims.insert("name".to_owned(), json!("Ada King"));
    store.update_user_claims(&before, &claims, NOW + 5).await.unwrap();
    let after = found(&world).await;
    assert_eq!((&after.claims, after.updated_at, after.valid_from), (&claims, NOW + 5, before.valid_from));
    let shown = async || store.credentials("ada").await.unwrap().unwrap().user.display_name;
    assert_eq!(shown().await, "Ada King");
    // The same text again is no change of what was read; another one is.
    assert_eq!(store.update_user_claims(&before, &before.claims, NOW + 6).await, Err(AdminFault::Conflict));
    let gone = user("nobody");
    assert_eq!(store.update_user_claims(&gone, &claims, NOW + 6).await, Err(AdminFault::Missing));
    claims.remove("name");
    store.update_user_claims(&after, &claims, NOW + 7).await.unwrap();
    assert_eq!(shown().await, "ada", "without a name claim, the name to sign in with");
    assert!(store.session(session_id(GRANTS_SESSION)).await.unwrap().is_some(), "nobody is signed out");
}

#[tokio::test]
async fn pk_09_k_16_of_a_removed_user_nothing_is_left_at_any_handle_and_of_others_everything() {
    let world = World::new().await;
    let (store, other) = (&world.store, world.second_handle().await);
    store.add_user(user("bob")).await.unwrap();
    let bob = UserId::new("u-bob");
    let of_bob = SessionFacts { user_id: bob.clone(), ..session(2) };
    for begun in [session(1), of_bob] {
        world.applied(sign_in(begun)).await;
    }
    for user in [ada(), bob.clone()] {
        let after = ConsentFacts::parse("0 1 openid").unwrap();
        world.applied(Commit::GiveConsent { user, client: app(), before: None, after }).await;
    }
    world.applied(redeem(grant(1))).await;
    world.applied(failure(ACCOUNT, NOW)).await;
    // What a server may have read a moment ago.
    for handle in [store, &other] {
        assert!(handle.granted_access_token(grant_id(1), token_id(1)).await.unwrap().is_some());
        assert!(handle.session_with_consent(session_id(1), &app()).await.unwrap().is_some());
    }
    let removed = found(&world).await;
    other.remove_user(&removed, || NOW + 5, &ACCOUNT).await.unwrap();
    // As long as a command waits.
    tokio::time::sleep(proofkey_store::REMEMBERED_FOR).await;
    for handle in [store, &other] {
        assert!(
            handle.user(&ada()).await.unwrap().is_none()
                && handle.credentials("ada").await.unwrap().is_none()
        );
        assert!(handle.grant(grant_id(1)).await.unwrap().is_none());
        assert!(handle.granted_access_token(grant_id(1), token_id(1)).await.unwrap().is_none());
        assert!(handle.code(&code(2)).await.unwrap().subject.is_none());
        // What was read before may be given once more, to be compared: without names, and without what proves the session.
        if let Some(RememberedCode { facts, basis }) = handle.remembered_code(&code(2)) {
            let subject = facts.subject.unwrap();
            assert_eq!((&*subject.user.username, &*subject.user.display_name), ("", ""));
            assert_eq!(subject.session.unwrap().secret.0, [0; 32]);
            assert_eq!(handle.commit_remembered(redeem(grant(2)), basis).await, Ok(Committed::Conflict));
        }
        assert!(handle.remembered_code(&code(2)).is_none(), "not twice");
        for number in [1, GRANTS_SESSION] {
            assert!(handle.session(session_id(number)).await.unwrap().is_none());
            assert!(handle.session_with_consent(session_id(number), &app()).await.unwrap().is_none());
        }
        assert!(handle.session(session_id(2)).await.unwrap().is_some(), "of another user");
        let consents = handle.consents(None, None).await.unwrap();
        assert_eq!(consents.iter().map(|consent| &consent.user_id).collect::<Vec<_>>(), [&bob]);
        assert_eq!(handle.sign_in_failures(&ACCOUNT).await.unwrap().failures, 0);
    }
    assert_eq!(store.remove_user(&removed, || NOW + 6, &ACCOUNT).await, Err(AdminFault::Missing));
}

#[tokio::test]
async fn pk_09_k_16_what_a_request_writes_late_leaves_nothing_for_a_user_who_is_gone() {
    let world = World::new().await;
    let store = &world.store;
    world.applied(redeem(grant(1))).await;
    store.remove_user(&found(&world).await, || NOW + 5, &ACCOUNT).await.unwrap();
    for (name, late) in [
        ("a consent", consent("openid", None, NOW)),
        ("a grant", redeem(grant(2))),
        ("a session", sign_in(session(3))),
    ] {
        assert_eq!(world.commit(late).await, Committed::Conflict, "{name}");
    }
    // The row of a grant is still there, and stays the grant of no user, whatever is written into it.
    world.applied(spend(1, 1, 1)).await;
    assert!(world.grant(1).await.is_none());
    assert_eq!(store.sweep(NOW + 10_000_000, 100).await, Ok(1), "it goes when it would have ended");
}

#[tokio::test]
async fn pk_09_the_id_of_a_removed_user_is_never_given_again_and_the_name_by_an_operators_word() {
    let world = World::new().await;
    let store = &world.store;
    assert_eq!(store.user_name_removed("ada").await, Ok(None));
    for number in 0..3 {
        let at = NOW + i64::from(number);
        store.remove_user(&found(&world).await, move || at, &ACCOUNT).await.unwrap();
        assert_eq!(store.user_name_removed("ada").await, Ok(Some(at)));
        assert_eq!(store.user_name_removed("bob").await, Ok(None));
        for (refused, why) in [
            (store.add_user(user("ada")).await, "the id and the name"),
            (store.add_user(another_ada(number)).await, "the name"),
            (store.add_user_under_freed_name(user("ada")).await, "the id, whatever is said of the name"),
            (store.add_user(UserRecord { username_key: "new".to_owned(), ..user("ada") }).await, "the id"),
        ] {
            assert_eq!(refused, Err(AdminFault::Exists), "{why}");
        }
        store.add_user_under_freed_name(another_ada(number)).await.unwrap();
        assert_eq!(store.add_user_under_freed_name(another_ada(9)).await, Err(AdminFault::Exists), "in use");
        // Nothing of the one before is the next one's.
        assert!(store.consents(None, None).await.unwrap().is_empty());
    }
    store.add_user_under_freed_name(user("carol")).await.unwrap();
    let again = store.sweep(NOW + 1_000_000_000, 100).await;
    assert!(again.is_ok() && store.user_name_removed("ada").await.unwrap().is_some(), "no sweep forgets it");
}

/// A user who is removed while everything is being written for that user: whoever comes first, nothing is left and no attempt
/// ends in a fault that lasts.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pk_09_k_16_a_removal_among_parallel_sign_ins_consents_and_codes_leaves_nothing() {
    let world = World::new().await;
    let stores = [world.store.clone(), world.second_handle().await];
    for round in 0..40 / World::SLOWER {
        let person = found(&world).await;
        let session_of = |number: u64| SessionFacts {
            user_id: person.id.clone(),
            valid_from: Some(person.valid_from),
            ..session(number)
        };
        let base = 10_000 + round * 100;
        world.applied(sign_in(session_of(base))).await;
        let start = Arc::new(Barrier::new(13));
        let mut running = tokio::task::JoinSet::new();
        for number in 0..12 {
            let after = ConsentFacts::parse(&format!("0 {number} openid")).unwrap();
            let commit = match number % 3 {
                0 => Commit::GiveConsent { user: person.id.clone(), client: app(), before: None, after },
                1 => sign_in(session_of(base + 1 + number)),
                _ => redeem(GrantFacts {
                    user_id: person.id.clone(),
                    session_id: session_id(base),
                    ..grant(base + 1 + number)
                }),
            };
            let (store, start) = (stores[usize::try_from(number % 2).unwrap()].clone(), start.clone());
            running.spawn(async move {
                start.wait().await;
                // Where all of them want the same rows, one may be told to come again.
                let told = store.commit(commit).await;
                assert!(told.as_ref().map_or_else(Fault::is_temporary, |_| true), "{told:?}");
            });
        }
        start.wait().await;
        stores[1].remove_user(&person, move || NOW + 1, &ACCOUNT).await.unwrap();
        running.join_all().await;
        // The rows themselves: what is read of a user who is gone is nothing in any case.
        for digest in proofkey_store::moving::digests(&world.store).await.unwrap() {
            if ["users", "sessions", "consents"].contains(&digest.table) {
                assert_eq!(digest.rows, 0, "{} in round {round}", digest.table);
            }
        }
        let next = UserRecord { id: UserId::new(format!("u-next-{round}")), ..user("ada") };
        world.store.add_user_under_freed_name(next).await.unwrap();
    }
}
