//! The refresh tokens of a grant: one compare-and-set on its revision, and grants that are suspect.

use proofkey_protocol::{
    ClientId, Commit, Committed, GrantFacts, RECENT_MAX, RefreshChain, RetiredToken, SealingKeyId,
};

use super::World;
use crate::support::same::assert_same_grant;
use crate::support::{NOW, chain, code, grant, grant_id, redeem, spend, suspect, write};

#[tokio::test]
async fn rt_14_rt_15_all_of_a_chain_reads_back_and_only_the_next_revision_is_written() {
    let world = World::new().await;
    let retired = |number: usize| RetiredToken { hash: [number as u8; 32], at: NOW + number as i64 };
    let full = RefreshChain {
        generation: 7,
        used: Some([8; 32]),
        used_at: Some(NOW + 3),
        child_key: Some(SealingKeyId([6; 16])),
        forked: false,
        suspect: false,
        recent: (0..RECENT_MAX).map(retired).collect(),
        revision: 1,
    };
    let forked = RefreshChain { forked: true, recent: vec![], revision: 1, ..full.clone() };
    let first =
        RefreshChain { used_at: None, child_key: None, used: None, revision: 1, ..RefreshChain::default() };
    for (number, written) in (1..).zip([full, forked, first]) {
        world.applied(redeem(grant(number))).await;
        for revision in [i64::MIN, -1, 0, 2, i64::MAX] {
            let ahead = RefreshChain { revision, ..written.clone() };
            assert_eq!(world.commit(write(number, ahead)).await, Committed::Conflict, "{revision}");
            assert_same_grant(&world.grant(number).await.unwrap(), &grant(number));
        }
        world.applied(write(number, written.clone())).await;
        let expected = GrantFacts { refresh: written.clone(), expires_at: NOW + 601, ..grant(number) };
        assert_same_grant(&world.grant(number).await.unwrap(), &expected);
        assert_eq!(world.commit(write(number, written)).await, Committed::Conflict, "once");
    }
}

#[tokio::test]
async fn rt_02_rt_10_no_token_of_a_revoked_or_unknown_grant_is_spent() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    world.applied(spend(1, 1, 1)).await;
    world.applied(Commit::RevokeGrant { grant: grant_id(1), at: NOW }).await;
    for commit in
        [spend(1, 2, 20), spend(1, 3, 20), spend(2, 1, 1), suspect(1, 2), suspect(1, 3), suspect(2, 1)]
    {
        assert_eq!(world.commit(commit).await, Committed::Conflict);
    }
    assert_eq!(world.grant(1).await.unwrap().revoked_at, Some(NOW));
}

#[tokio::test]
async fn rt_02_k_12_a_grant_stays_suspect_however_it_is_used() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    world.applied(spend(1, 1, 1)).await;
    assert_eq!(world.commit(suspect(1, 1)).await, Committed::Conflict, "it was used meanwhile");
    world.applied(suspect(1, 2)).await;
    let marked = RefreshChain { suspect: true, revision: 2, ..chain(1, 1) };
    assert_eq!(world.grant(1).await.unwrap().refresh, marked);
    assert_eq!(world.commit(spend(1, 2, 20)).await, Committed::Conflict, "decided before it was marked");
    world.applied(write(1, RefreshChain { suspect: false, revision: 3, ..chain(2, 20) })).await;
    assert!(world.grant(1).await.unwrap().refresh.suspect);
}

#[tokio::test]
async fn rt_02_k_12_a_sign_in_ends_the_suspect_grants_of_its_user_at_its_client_and_no_others() {
    let world = World::new().await;
    world.store.add_client(crate::support::client("other")).await.unwrap();
    let of_another_client = GrantFacts { client_id: ClientId::new("other"), ..grant(2) };
    for (one, is_suspect) in
        [(grant(1), true), (of_another_client, true), (grant(3), false), (grant(4), true)]
    {
        world.applied(redeem(one.clone())).await;
        if is_suspect {
            world.applied(Commit::SuspectGrant { grant: one.id, revision: 1 }).await;
        }
    }
    world.applied(Commit::RevokeGrant { grant: grant_id(4), at: NOW }).await;
    assert!(world.store.code(&code(9)).await.unwrap().suspect);
    world.applied(redeem(grant(8))).await;
    assert_eq!(world.grant(1).await.unwrap().revoked_at, None, "nobody asked for it");
    let commit = |grant: GrantFacts| Commit::RedeemCode {
        grant: Box::new(grant),
        failures_max: 3,
        ends_suspects: true,
    };
    world.applied(commit(grant(9))).await;
    let mut ended = Vec::new();
    for number in [1, 2, 3, 4, 8, 9] {
        ended.push(world.grant(number).await.unwrap().revoked_at);
    }
    assert_eq!(ended, [Some(grant(9).created_at), None, None, Some(NOW), None, None]);
    assert_eq!(world.grant(1).await.unwrap().refresh.revision, 2, "what was decided before is not written");
    assert!(!world.store.code(&code(9)).await.unwrap().suspect);
    // A code that cannot be redeemed ends nothing.
    world.applied(suspect(8, 1)).await;
    assert_eq!(world.commit(commit(grant(9))).await, Committed::Conflict);
    assert_eq!(world.grant(8).await.unwrap().revoked_at, None);
}
