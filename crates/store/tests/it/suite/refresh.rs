//! The lossless rotation as one compare-and-set.

use proofkey_protocol::{Commit, Committed};

use super::World;
use crate::support::same::assert_same_grant;
use crate::support::{NOW, grant, grant_id, redeem, spend};

/// A token: its generation and the byte that its hash is made of.
type Token = (i64, u8);

#[tokio::test]
async fn rt_02_rt_03_the_matrix_of_generations() {
    const APPLIED: Committed = Committed::Applied;
    const CONFLICT: Committed = Committed::Conflict;
    // Used so far, then the token that is tried.
    let cases: &[(&[Token], Token, Committed)] = &[
        (&[], (1, 1), APPLIED),
        (&[], (0, 0), CONFLICT),
        (&[], (2, 1), CONFLICT),
        // Its reply was lost: the same token again.
        (&[(1, 1)], (1, 1), APPLIED),
        (&[(1, 1), (1, 1)], (1, 1), APPLIED),
        // Both successors are good until one is used.
        (&[(1, 1), (1, 1)], (2, 20), APPLIED),
        (&[(1, 1), (1, 1)], (2, 21), APPLIED),
        // The first successor used retires its parent and its sibling.
        (&[(1, 1), (2, 20)], (1, 1), CONFLICT),
        (&[(1, 1), (2, 20)], (2, 21), CONFLICT),
        (&[(1, 1), (2, 20)], (2, 20), APPLIED),
        (&[(1, 1), (2, 20)], (3, 30), APPLIED),
        (&[(1, 1), (2, 20), (3, 30)], (2, 20), CONFLICT),
        (&[(1, 1), (2, 20), (3, 30)], (1, 1), CONFLICT),
        // Not issued yet.
        (&[(1, 1)], (3, 30), CONFLICT),
        (&[(1, 1)], (-1, 1), CONFLICT),
        (&[(1, 1)], (i64::MAX, 1), CONFLICT),
        (&[(1, 1)], (i64::MIN, 1), CONFLICT),
    ];
    let world = World::new().await;
    for (number, (used, (generation, token), expected)) in (1..).zip(cases) {
        world.applied(redeem(grant(number))).await;
        for (generation, token) in *used {
            world.applied(spend(number, *generation, *token)).await;
        }
        let before = world.grant(number).await.unwrap();
        let outcome = world.commit(spend(number, *generation, *token)).await;
        assert_eq!(outcome, *expected, "after {used:?}: {generation} {token}");
        let after = world.grant(number).await.unwrap();
        if outcome == APPLIED {
            assert_eq!((after.generation, after.used), (*generation, Some([*token; 32])));
            assert_eq!(after.expires_at, NOW + 600 + *generation);
        } else {
            // A conflict changes nothing.
            assert_same_grant(&after, &before);
        }
    }
}

#[tokio::test]
async fn rt_02_no_token_of_a_revoked_or_unknown_grant_is_spent() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    world.applied(spend(1, 1, 1)).await;
    world.applied(Commit::RevokeGrant { grant: grant_id(1), at: NOW }).await;
    for (number, generation, token) in [(1, 1, 1), (1, 2, 20), (2, 1, 1)] {
        assert_eq!(world.commit(spend(number, generation, token)).await, Committed::Conflict);
    }
}
