//! Errors of the server, put in at each place where one can come: what is tried again, and what is told in the end.

use proofkey_protocol::{Commit, Committed, GrantFacts};
use proofkey_store::Fault;

use super::{PostgresDatabase, World};
use crate::support::{NOW, grant, redeem, spend};

/// Where an error comes.
#[derive(Clone, Copy, Debug)]
enum At {
    Statement,
    Commit,
}

/// More often than anybody tries.
const ALWAYS: i64 = 1_000_000;

/// Lets the next so many writes of grants end in this error.
async fn raise(database: &PostgresDatabase, code: &str, times: i64, at: At) {
    let trigger = match at {
        At::Statement => "TRIGGER raising BEFORE INSERT OR UPDATE ON grants",
        At::Commit => {
            "CONSTRAINT TRIGGER raising AFTER INSERT OR UPDATE ON grants DEFERRABLE INITIALLY DEFERRED"
        }
    };
    let text = format!(
        "DROP TRIGGER IF EXISTS raising ON grants;
         DROP SEQUENCE IF EXISTS raised;
         CREATE SEQUENCE raised;
         CREATE OR REPLACE FUNCTION raise_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('raised') <= {times} THEN RAISE EXCEPTION 'put in' USING ERRCODE = '{code}'; END IF;
             RETURN NEW;
         END $$;
         CREATE {trigger} FOR EACH ROW EXECUTE FUNCTION raise_it()"
    );
    database.0.master().await.batch_execute(&text).await.unwrap();
}

/// A commit of each way in which scripts run: a statement alone, a transaction of one step, and one of several.
async fn commits(world: &World, number: u64) -> [Commit; 3] {
    let spent = number * 10;
    raise(&world.database, "00000", 0, At::Statement).await;
    world.applied(redeem(grant(spent))).await;
    let several = |grant: GrantFacts| Commit::RedeemCode {
        grant: Box::new(grant),
        failures_max: 3,
        ends_suspects: true,
    };
    [spend(spent, 1, 1), redeem(grant(spent + 1)), several(grant(spent + 2))]
}

#[tokio::test]
async fn st_02_st_03_what_may_go_through_is_tried_again_and_applied_once() {
    let world = World::new().await;
    let mut number = 0;
    for (code, times) in [("40001", 3), ("40P01", 3), ("40003", 1), ("25006", 1), ("0A000", 1)] {
        for at in [At::Statement, At::Commit] {
            number += 1;
            for commit in commits(&world, number).await {
                raise(&world.database, code, times, at).await;
                assert_eq!(
                    world.commit(commit.clone()).await,
                    Committed::Applied,
                    "{code} {at:?} {commit:?}"
                );
                raise(&world.database, code, 0, at).await;
                assert_eq!(world.commit(commit).await, Committed::Conflict, "{code} {at:?}");
            }
        }
    }
}

#[tokio::test]
async fn st_02_st_03_what_does_not_go_through_is_told_as_what_it_is_and_writes_nothing() {
    let world = World::new().await;
    let mut number = 0;
    for (code, expected) in [
        ("40001", Some(Fault::Contended)),
        ("55P03", Some(Fault::Locked)),
        ("57014", Some(Fault::Slow)),
        ("53100", Some(Fault::Full)),
        ("23514", None),
    ] {
        for at in [At::Statement, At::Commit] {
            number += 1;
            for commit in commits(&world, number).await {
                raise(&world.database, code, ALWAYS, at).await;
                let told = world.store.commit(commit.clone()).await.unwrap_err();
                match &expected {
                    Some(expected) => assert_eq!((&told, told.is_temporary()), (expected, true)),
                    None => {
                        assert!(matches!(&told, Fault::Engine { code, .. } if code == "23514"), "{told:?}")
                    }
                }
                raise(&world.database, code, 0, at).await;
                assert_eq!(
                    world.commit(commit).await,
                    Committed::Applied,
                    "{code} {at:?}: nothing was written"
                );
            }
        }
    }
}

#[tokio::test]
async fn st_03_an_outcome_that_stays_unknown_is_told_as_that() {
    let world = World::new().await;
    let [spend, ..] = commits(&world, 1).await;
    raise(&world.database, "40003", ALWAYS, At::Commit).await;
    let told = world.store.commit(spend).await.unwrap_err();
    assert_eq!((&told, told.is_temporary()), (&Fault::OutcomeUnknown, true));
    assert_eq!(world.grant(10).await.unwrap().refresh.revision, 0);
    assert_eq!(world.grant(10).await.unwrap().created_at, NOW + 1);
}
