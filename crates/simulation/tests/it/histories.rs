//! The judge of histories, on what the clients of the simulation saw.

use proofkey_simulation::model::BrokenGate;
use proofkey_simulation::{JudgedBy, Settings, Summary, run};

/// Seeds that every run of the tests goes through.
const SEEDS: u64 = 300;
/// Seeds within which a broken gate is found.
const SEEDS_OF_MUTANT: u64 = 3_000;

fn settings(broken: Option<BrokenGate>) -> Settings {
    Settings { judged_by: JudgedBy::Histories, broken, ..Settings::default() }
}

#[test]
fn f_14_f_15_f_16_an_order_explains_what_concurrent_clients_of_two_nodes_see_of_each_grant() {
    let mut sum = Summary::default();
    for seed in 1..=SEEDS {
        match run(seed, &settings(None)) {
            Ok(summary) => sum += summary,
            Err(violation) => panic!("{violation}"),
        }
    }
    assert!(sum.redeemed > 3 * SEEDS && sum.refreshed > 3 * SEEDS && sum.answers_lost > SEEDS, "{sum:?}");
}

#[test]
fn f_14_f_15_no_order_explains_what_clients_see_where_a_gate_does_not_close() {
    for gate in [
        BrokenGate::CodeSpentTwice,
        BrokenGate::ConflictAnswered,
        BrokenGate::RefreshNotCompared,
        BrokenGate::RefreshOverRevocation,
        BrokenGate::RevocationForgotten,
        BrokenGate::RevokedNotRead,
        BrokenGate::LostOnCrash,
    ] {
        let found = (1..=SEEDS_OF_MUTANT).find_map(|seed| run(seed, &settings(Some(gate))).err());
        let Some(violation) = found else { panic!("{gate:?} was not found within {SEEDS_OF_MUTANT} seeds") };
        println!("{gate:?}: seed {}", violation.seed);
    }
}
