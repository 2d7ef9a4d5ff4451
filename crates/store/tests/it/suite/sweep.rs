//! What has ended leaves in bounded batches; what lives never does.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{Commit, SignInTry};
use proptest::prelude::*;

use super::World;
use crate::support::{
    NOW, app, block_on, code, failure, grant, grant_id, redeem, session, session_id, sign_in, token_id, tried,
};

/// How long ended rows stay, and how long failures do: the contract, written down a second time.
const GRACE: i64 = 3700;
const FAILURES: i64 = 30 * 24 * 3600;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Grant,
    CodeFailure,
    RevokedToken,
    Session,
    SignInFailure,
    UnknownName,
}

/// A row and when it ends (for a failed sign-in: when it was).
type Row = (Kind, i64);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let kind = prop_oneof![
        Just(Kind::Grant),
        Just(Kind::CodeFailure),
        Just(Kind::RevokedToken),
        Just(Kind::Session),
        Just(Kind::SignInFailure),
        Just(Kind::UnknownName)
    ];
    // Around the two limits, where off-by-one lives, and far from them.
    let ends = prop_oneof![-GRACE - 2..=-GRACE + 2, -FAILURES - 2..=-FAILURES + 2, -FAILURES * 2..=FAILURES];
    proptest::collection::vec((kind, ends), 1..40)
}

fn account(number: u64) -> [u8; 32] {
    let mut account = [0; 32];
    account[..8].copy_from_slice(&number.to_be_bytes());
    account
}

async fn insert(world: &World, number: u64, (kind, end): Row) {
    let end = NOW + end;
    let commit = match kind {
        Kind::Grant => {
            let mut grant = grant(number);
            grant.expires_at = end;
            redeem(grant)
        }
        Kind::CodeFailure => Commit::CountCodeFailure { code: grant_id(number), keep_until: end },
        Kind::RevokedToken => Commit::RevokeAccessToken { token: token_id(number), keep_until: end },
        Kind::Session => {
            let mut session = session(number);
            session.expires_at = end;
            sign_in(session)
        }
        Kind::SignInFailure => failure(account(number), end),
        Kind::UnknownName => {
            let tried = tried(account(number), end);
            Commit::ReserveSignInFailure(SignInTry { is_unknown_name: true, ..tried })
        }
    };
    world.applied(commit).await;
}

async fn is_there(world: &World, number: u64, (kind, _): Row) -> bool {
    let store = &world.store;
    match kind {
        Kind::Grant => world.grant(number).await.is_some(),
        Kind::CodeFailure => store.code(&code(number)).await.unwrap().failures > 0,
        Kind::RevokedToken => store.access_token(&app(), token_id(number)).await.unwrap().revoked,
        Kind::Session => store.session(session_id(number)).await.unwrap().is_some(),
        Kind::SignInFailure | Kind::UnknownName => {
            store.sign_in_failures(&account(number)).await.unwrap().failures > 0
        }
    }
}

const fn lives((kind, end): Row) -> bool {
    match kind {
        Kind::SignInFailure | Kind::UnknownName => end >= -FAILURES,
        Kind::Grant | Kind::CodeFailure | Kind::RevokedToken | Kind::Session => end >= -GRACE,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.div_ceil(10)))]

    #[test]
    fn a_sweep_removes_all_that_has_ended_and_nothing_that_lives(rows in rows(), rows_max in 1u32..8) {
        block_on(async {
            let world = World::new().await;
            for (number, row) in (1..).zip(&rows) {
                insert(&world, number, *row).await;
            }
            let ended = rows.iter().filter(|row| !lives(**row)).count();
            let mut removed = 0;
            for _ in 0..=rows.len() {
                let batch = world.store.sweep(NOW, rows_max).await.unwrap();
                assert!(batch <= rows_max);
                removed += batch as usize;
                for (number, row) in (1..).zip(&rows) {
                    assert!(!lives(*row) || is_there(&world, number, *row).await, "{row:?} was removed");
                }
                if batch < rows_max {
                    break;
                }
            }
            assert_eq!(removed, ended);
            for (number, row) in (1..).zip(&rows) {
                assert_eq!(is_there(&world, number, *row).await, lives(*row), "{row:?}");
            }
            assert_eq!(world.store.sweep(NOW, rows_max).await, Ok(0));
        });
    }
}

#[tokio::test]
async fn extreme_instants_do_not_overflow() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    assert_eq!(world.store.sweep(Timestamp(i64::MIN), 10).await, Ok(0));
    assert_eq!(world.store.sweep(NOW, 0).await, Ok(0));
    assert!(world.grant(1).await.is_some());
    assert_eq!(world.store.sweep(Timestamp(i64::MAX), 10).await, Ok(2), "the grant and its session");
}
