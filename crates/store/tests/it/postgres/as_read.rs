//! Codes that are redeemed by what a node has read before: the statement compares all of it, whatever others have written since.

use std::future::Future;
use std::pin::Pin;

use proofkey_oauth::SecretHash;
use proofkey_protocol::sign_in::Proof;
use proofkey_protocol::{
    AuthorizationCode, ClientId, Commit, Committed, ConsentFacts, GrantFacts, SessionFacts, UserId,
};
use proofkey_store::{Basis, ConnectOptions, Fault, Store};
use tokio::task::JoinSet;

use super::lost_answers::behind_proxy;
use super::proxy::Break;
use super::{World, read};
use crate::support::{
    ACCOUNT, FAILURES_MAX, GRANTS_SESSION, NOW, ada, api, app, by_password, client, code, consent, grant,
    grant_id, key, redeem, redeem_and_end_suspects, session, session_id, sign_in, suspect, user, verified,
};

/// Redeems the code of a number as it was read.
pub(super) async fn redeemed(store: &Store, number: u64, basis: Basis) -> Committed {
    store.commit_remembered(redeem(grant(number)), basis).await.unwrap()
}

type Change = for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = ()> + 'w>>;

/// What others do between the read and the write, by their own store.
const CHANGES: [(&str, Change); 22] = [
    ("the account is disabled", |other| {
        Box::pin(async { other.store.set_user_disabled("ada", true, || NOW + 9).await.unwrap() })
    }),
    ("the account is disabled and opened again", |other| {
        Box::pin(async {
            other.store.set_user_disabled("ada", true, || NOW + 9).await.unwrap();
            other.store.set_user_disabled("ada", false, || NOW + 9).await.unwrap();
        })
    }),
    ("a password is set", |other| {
        Box::pin(async {
            other.store.set_user_password("ada", "$argon2id$set", || NOW, &ACCOUNT).await.unwrap();
        })
    }),
    ("the user is removed", |other| {
        Box::pin(async {
            let removed = other.store.user(&ada()).await.unwrap().unwrap();
            other.store.remove_user(&removed, || NOW + 9, &ACCOUNT).await.unwrap();
        })
    }),
    ("the grants of the user end", |other| {
        Box::pin(async { other.store.end_grants_of_user("ada", || NOW).await.unwrap() })
    }),
    ("the sessions of the user end", |other| {
        Box::pin(async { other.store.end_sessions_of_user("ada").await.unwrap() })
    }),
    ("the session ends", |other| {
        Box::pin(other.applied(Commit::EndSession { session: session_id(GRANTS_SESSION) }))
    }),
    ("the person signs in again in the session", |other| {
        let renewed = SessionFacts {
            id: session_id(GRANTS_SESSION),
            secret: SecretHash([9; 32]),
            authentication: by_password(NOW + 1),
            seen_at: NOW + 1,
            ..session(0)
        };
        let factors = Proof::Password(verified("$argon2id$old")).into();
        let secret = SecretHash([3; 32]);
        Box::pin(other.applied(Commit::Reauthenticate { session: Box::new(renewed), secret, factors }))
    }),
    ("more is allowed", |other| {
        Box::pin(async { other.applied(consent("write", Some(allowed()), NOW + 3)).await })
    }),
    ("less is allowed", |other| {
        Box::pin(async {
            let less = ConsentFacts::parse("1 1790000000 openid").unwrap();
            other.store.narrow_consent(&ada(), &app(), allowed(), less).await.unwrap();
        })
    }),
    ("nothing is allowed", |other| {
        Box::pin(async { other.store.revoke_consent(&ada(), &app()).await.unwrap() })
    }),
    ("the consent is withdrawn and given again", |other| {
        Box::pin(async {
            other.store.revoke_consent(&ada(), &app()).await.unwrap();
            other.applied(consent("openid read", None, NOW + 1)).await;
        })
    }),
    ("the client is disabled", |other| {
        Box::pin(async { other.store.set_client_disabled(&app(), true).await.unwrap() })
    }),
    ("the client is removed", |other| {
        Box::pin(async { other.store.remove_client(&app(), || NOW + 9).await.unwrap() })
    }),
    ("the client is removed and added again", |other| {
        Box::pin(async {
            other.store.remove_client(&app(), || NOW + 9).await.unwrap();
            other.store.add_client(client("app")).await.unwrap();
            other.applied(consent("openid read", None, NOW)).await;
        })
    }),
    ("the grants of the client end", |other| {
        Box::pin(async { other.store.end_grants_of_client(&app(), || NOW).await.unwrap() })
    }),
    ("a grant is suspect", |other| {
        Box::pin(async {
            other.applied(redeem(grant(2))).await;
            other.applied(suspect(2, 1)).await;
        })
    }),
    ("the code is redeemed", |other| Box::pin(other.applied(redeem(grant(1))))),
    ("the code is redeemed and its grant revoked", |other| {
        Box::pin(async {
            other.applied(redeem(grant(1))).await;
            other.applied(Commit::RevokeGrant { grant: grant_id(1), at: NOW + 1 }).await;
        })
    }),
    ("the code is locked", |other| {
        Box::pin(async {
            for _ in 0..FAILURES_MAX {
                other.applied(Commit::CountCodeFailure { code: grant_id(1), keep_until: NOW + 60 }).await;
            }
        })
    }),
    ("a key is made", |other| {
        Box::pin(async {
            let made = other.store.replace_keys(vec![key("another", 1)], &[], 1).await;
            assert_eq!(made, Ok(Committed::Applied));
        })
    }),
    ("an API is added", |other| {
        Box::pin(async { other.store.add_api(api("https://another.example")).await.unwrap() })
    }),
];

/// What Ada allows the client when each of these tests begins.
fn allowed() -> ConsentFacts {
    ConsentFacts::parse("1 1790000000 openid read").unwrap()
}

/// A world in which Ada allows the client something, and the store of a node in it.
pub(super) async fn consented() -> (World, Store) {
    let world = World::new().await;
    world.applied(consent("openid read", None, NOW)).await;
    let node = world.second_handle().await;
    (world, node)
}

async fn grants(world: &World) -> i64 {
    let master = world.database.0.master().await;
    master.query_one("SELECT count(*) FROM grants", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn st_08_v_30_whatever_others_have_changed_since_it_was_read_is_a_conflict_and_nothing_is_written() {
    for (name, change) in CHANGES {
        let (world, node) = consented().await;
        let basis = read(&node).await;
        change(&world).await;
        let before = grants(&world).await;
        assert_eq!(redeemed(&node, 1, basis).await, Committed::Conflict, "{name}");
        assert_eq!(grants(&world).await, before, "{name}");
    }
}

#[tokio::test]
async fn st_08_what_stands_as_it_was_read_or_is_of_others_is_redeemed() {
    let (world, node) = consented().await;
    world.store.add_user(user("bob")).await.unwrap();
    world.store.add_client(client("other")).await.unwrap();
    let basis = read(&node).await;
    assert_eq!(redeemed(&node, 1, basis).await, Committed::Applied);
    // Nothing of what others are and do is compared, nor when the session was used since.
    let basis = read(&node).await;
    world.applied(Commit::TouchSession { session: session_id(GRANTS_SESSION), at: NOW + 90 }).await;
    let of_another = GrantFacts { client_id: ClientId::new("other"), ..grant(10) };
    world.applied(redeem(of_another)).await;
    world.applied(suspect(10, 1)).await;
    let of_bob = GrantFacts { user_id: UserId::new("u-bob"), ..grant(12) };
    world.applied(redeem(of_bob)).await;
    world.applied(suspect(12, 1)).await;
    world.applied(redeem(grant(11))).await;
    world.applied(suspect(11, 1)).await;
    world.applied(Commit::RevokeGrant { grant: grant_id(11), at: NOW + 2 }).await;
    for _ in 1..FAILURES_MAX {
        world.applied(Commit::CountCodeFailure { code: grant_id(2), keep_until: NOW + 60 }).await;
    }
    for _ in 0..FAILURES_MAX {
        world.applied(Commit::CountCodeFailure { code: grant_id(3), keep_until: NOW + 60 }).await;
    }
    world.store.set_user_disabled("bob", true, || NOW + 9).await.unwrap();
    world.store.set_client_disabled(&ClientId::new("other"), true).await.unwrap();
    world.store.ping().await.unwrap();
    assert_eq!(redeemed(&node, 2, basis).await, Committed::Applied);
    // Later keys and APIs are compared once they have been seen.
    world.store.add_api(api("https://another.example")).await.unwrap();
    let basis = read(&node).await;
    assert_eq!(redeemed(&node, 4, basis).await, Committed::Applied);
    // That there is no consent is compared too, and so is a session of an earlier release.
    world.store.revoke_consent(&ada(), &app()).await.unwrap();
    let unmarked = "UPDATE sessions SET valid_from = NULL";
    world.database.0.master().await.batch_execute(unmarked).await.unwrap();
    let basis = read(&node).await;
    assert_eq!(redeemed(&node, 5, basis).await, Committed::Applied);
}

#[tokio::test]
async fn lo_04_a_session_that_has_ended_is_not_taken_for_another_one_of_the_same_person() {
    let (world, node) = consented().await;
    world.applied(sign_in(session(5))).await;
    let basis = read(&node).await;
    world.applied(Commit::EndSession { session: session_id(GRANTS_SESSION) }).await;
    assert_eq!(redeemed(&node, 1, basis).await, Committed::Conflict);
}

#[tokio::test]
async fn rt_02_what_is_not_compared_is_no_redemption_as_read() {
    let (world, node) = consented().await;
    let ended = Commit::EndSession { session: session_id(GRANTS_SESSION) };
    for commit in [redeem_and_end_suspects(grant(1)), ended] {
        let basis = read(&node).await;
        assert_eq!(node.commit_remembered(commit, basis).await, Ok(Committed::Conflict));
    }
    assert!(world.grant(1).await.is_none());
    assert!(world.store.session(session_id(GRANTS_SESSION)).await.unwrap().is_some());
    // A subject that no such redemption could find so is not kept.
    world.applied(redeem(grant(2))).await;
    world.applied(suspect(2, 1)).await;
    node.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    assert!(node.remembered_code(&code(3)).is_none());
}

#[tokio::test]
async fn what_was_read_is_given_once_for_its_own_session_client_and_user_and_where_there_is_room() {
    let (world, node) = consented().await;
    let is_known = |code| node.remembered_code(&code).is_some();
    assert!(!is_known(code(1)), "nothing was read");
    drop(read(&node).await);
    assert!(!is_known(code(1)), "it was given");
    node.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    assert!(!is_known(AuthorizationCode { client_id: ClientId::new("other"), ..code(1) }));
    assert!(!is_known(AuthorizationCode { session_id: session_id(7), ..code(1) }));
    assert!(is_known(code(1)));
    node.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    let of_bob = UserId::new("u-bob");
    assert!(!is_known(AuthorizationCode { user_id: of_bob, ..code(1) }));
    let none = ConnectOptions { subjects_read_max: 0, ..ConnectOptions::default() };
    let forgetful = Store::connect(&world.database.url(), &none).await.unwrap();
    forgetful.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    assert!(forgetful.remembered_code(&code(1)).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tk_07_v_09_nodes_that_have_read_the_same_redeem_a_code_once() {
    let (world, node) = consented().await;
    let nodes = [world.store.clone(), node, world.second_handle().await];
    for number in 1..=50 {
        let mut running = JoinSet::new();
        for node in nodes.iter().cycle().take(6) {
            let (node, basis) = (node.clone(), read(node).await);
            running.spawn(async move { redeemed(&node, number, basis).await });
        }
        let outcomes = running.join_all().await;
        let applied = outcomes.iter().filter(|outcome| **outcome == Committed::Applied).count();
        assert_eq!(applied, 1, "code {number}");
    }
    assert_eq!(grants(&world).await, 50);
}

#[tokio::test]
async fn f_05_st_01_a_redemption_as_read_whose_answer_is_lost_is_applied_once_and_told_so() {
    let (world, store, proxy) = behind_proxy().await;
    for (number, at) in (1..).zip([Break::BeforeExecution, Break::AfterExecution, Break::AfterExecution]) {
        let basis = read(&store).await;
        proxy.arm(at);
        assert_eq!(redeemed(&store, number, basis).await, Committed::Applied, "{at:?}");
        let basis = read(&store).await;
        assert_eq!(redeemed(&store, number, basis).await, Committed::Conflict, "{at:?}");
    }
    // Others had redeemed it, and it did not hear so.
    let basis = read(&store).await;
    let later = GrantFacts { created_at: NOW + 2, ..grant(10) };
    world.applied(redeem(later)).await;
    proxy.arm(Break::AfterExecution);
    assert_eq!(redeemed(&store, 10, basis).await, Committed::Conflict);
    // Others had ended the session. The second run, which found that, has not waited for the first: that one might still be written.
    let basis = read(&store).await;
    world.applied(Commit::EndSession { session: session_id(GRANTS_SESSION) }).await;
    proxy.arm(Break::AfterExecution);
    let told = store.commit_remembered(redeem(grant(11)), basis).await;
    assert_eq!(told, Err(Fault::OutcomeUnknown));
    assert!(world.grant(11).await.is_none());
    assert_eq!(proxy.broken(), 5);
}
