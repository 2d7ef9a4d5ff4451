//! What a statement sees of those that run at the same time: scripts that decide by more than their own row are serializable,
//! whatever the session was used for before, and those that decide by the row that they lock are not.

use proofkey_protocol::{Commit, Committed, ConsentFacts};
use proofkey_store::Store;

use super::World;
use super::lost_answers::behind_proxy;
use super::proxy::{Break, Proxy};
use crate::support::{app, grant, redeem, redeem_and_end_suspects, session, sign_in, spend, user};

/// Notes under which isolation each row is written, and each client is read.
const NOTES: &str = "
    CREATE TABLE noted (place text, level text);
    CREATE FUNCTION note(place text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN
        INSERT INTO noted VALUES (place, current_setting('transaction_isolation'));
        RETURN true;
    END $$;
    CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM note(TG_TABLE_NAME);
        RETURN NEW;
    END $$;
    CREATE TRIGGER noting BEFORE INSERT OR UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION note_row();
    CREATE TRIGGER noting BEFORE INSERT OR UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION note_row();
    CREATE TRIGGER noting BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note_row();
    CREATE TRIGGER noting BEFORE INSERT OR UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION note_row();
    ALTER TABLE clients RENAME TO clients_noted;
    CREATE VIEW clients AS SELECT * FROM clients_noted WHERE note('clients')";

/// Under which isolation this place was written or read since the last look.
async fn noted(world: &World, place: &str) -> Vec<String> {
    let master = world.database.0.master().await;
    let levels = master.query("SELECT DISTINCT level FROM noted WHERE place = $1", &[&place]).await.unwrap();
    master.batch_execute("DELETE FROM noted").await.unwrap();
    levels.iter().map(|row| row.get(0)).collect()
}

/// A store over one connection of its own and one that calls share, and a database that notes what it does.
async fn noting() -> (World, Store, Proxy) {
    let (world, store, proxy) = behind_proxy().await;
    world.database.0.master().await.batch_execute(NOTES).await.unwrap();
    (world, store, proxy)
}

/// The first consent of a user, who is added by another store.
async fn first_consent(world: &World, number: u64) -> Commit {
    let giver = user(&format!("giver-{number}"));
    world.store.add_user(giver.clone()).await.unwrap();
    let after = ConsentFacts::parse("1 5 openid").unwrap();
    Commit::GiveConsent { user: giver.id, client: app(), before: None, after }
}

/// Runs scripts that are serializable, each after `before`: of one step, in each table where there is one, and of several.
async fn assert_serializable(world: &World, store: &Store, number: u64, before: impl AsyncFn()) {
    let commits = [
        ("grants", redeem(grant(number))),
        ("consents", first_consent(world, number).await),
        ("grants", redeem_and_end_suspects(grant(number + 1))),
        ("sessions", sign_in(session(number))),
    ];
    for (place, commit) in commits {
        before().await;
        noted(world, place).await;
        assert_eq!(store.commit(commit).await, Ok(Committed::Applied), "{place}");
        assert_eq!(noted(world, place).await, ["serializable"], "{place}");
    }
    before().await;
    noted(world, "users").await;
    store.add_user(user(&format!("bob-{number}"))).await.unwrap();
    assert_eq!(noted(world, "users").await, ["serializable"]);
}

#[tokio::test]
async fn st_01_st_02_a_script_that_decides_by_more_than_its_row_is_serializable_in_every_session() {
    let (world, store, proxy) = noting().await;
    // In a session that is new, and then in one that has run such scripts.
    assert_serializable(&world, &store, 10, async || {}).await;
    // In one that was read in.
    let read = async || drop(store.clients().await.unwrap());
    assert_serializable(&world, &store, 20, read).await;
    // In one that takes the place of a broken one.
    assert_serializable(&world, &store, 30, async || proxy.arm(Break::BeforeExecution)).await;
    assert_eq!(proxy.broken(), 5);
}

#[tokio::test]
async fn st_02_st_03_what_decides_by_the_row_that_it_locks_and_what_reads_is_not_serializable() {
    let (world, store, proxy) = noting().await;
    for (generation, at) in [(1, Break::Never), (2, Break::BeforeExecution)] {
        // The connection that is not shared has run a script that is.
        let redeemed = redeem(grant(u64::from(generation)));
        assert_eq!(store.commit(redeemed).await, Ok(Committed::Applied));
        noted(&world, "grants").await;
        proxy.arm(at);
        let spent = store.commit(spend(1, i64::from(generation), generation)).await;
        assert_eq!(spent, Ok(Committed::Applied));
        assert_eq!(noted(&world, "grants").await, ["read committed"]);
        store.client(&app()).await.unwrap();
        assert_eq!(noted(&world, "clients").await, ["read committed"], "over the shared one");
        store.clients().await.unwrap();
        assert_eq!(noted(&world, "clients").await, ["read committed"], "over the other one");
    }
    assert_eq!(proxy.broken(), 1);
}
