//! The model is the store: the same random histories on both, and all that can be read of each is the same after every change.

mod change;
mod reading;
mod rows;

use proofkey_simulation::dice::Dice;
use proofkey_simulation::model::Model;
use proofkey_store::{Options, Store};

use self::change::Change;

/// Histories in one run of the tests.
const HISTORIES: u64 = 24;
/// Changes in one history.
const CHANGES: usize = 150;

/// A store in a folder that no disk is behind, where there is one.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[tokio::test]
async fn f_20_the_model_of_the_simulation_reads_as_the_store_does_after_the_same_changes() {
    let (mut written, mut conflicts) = (0, 0);
    for history in 1..=HISTORIES {
        let folder = folder();
        let store = Store::open(&folder.path().join("proofkey.db"), &Options::default()).unwrap();
        let (mut model, mut dice) = (Model::new(None), Dice::new(history));
        rows::begin(&store, &mut model).await;
        for number in 0..CHANGES {
            let change = Change::random(&mut dice, &model);
            let told = format!("history {history}, change {number}: {change:?}");
            let (on_store, on_model) = (change.on_store(&store).await, change.on_model(&mut model));
            assert_eq!(on_store, on_model, "{told}");
            if on_model == "written" {
                written += 1;
            } else {
                conflicts += 1;
            }
            let (stored, modelled) = (reading::of_store(&store).await, reading::of_model(&model));
            for (stored, modelled) in stored.iter().zip(&modelled) {
                assert_eq!(stored, modelled, "{told}");
            }
            assert_eq!(stored.len(), modelled.len());
        }
        store.close().await;
    }
    println!("{HISTORIES} histories: {written} changes written, {conflicts} refused by both");
    assert!(written > 1_000 && conflicts > 500, "both happen: {written}, {conflicts}");
}
