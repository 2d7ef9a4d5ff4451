//! Fixed seeds: no invariant breaks, and each broken gate is found.

use proofkey_simulation::model::BrokenGate;
use proofkey_simulation::{Settings, Summary, run};

/// Seeds that every run of the tests goes through; `cargo xtask simulate` runs more, and faster.
const SEEDS: u64 = 200;
/// Seeds within which each broken gate is found.
const SEEDS_OF_MUTANT: u64 = 6_000;

#[test]
fn f_20_f_01_no_invariant_breaks_whatever_clocks_crashes_and_clients_do() {
    let asked = |name| {
        #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
        let asked = std::env::var(name);
        asked.ok().and_then(|text| text.parse::<u64>().ok())
    };
    let (seeds, first) =
        (asked("PROOFKEY_CYCLES").unwrap_or(SEEDS), asked("PROOFKEY_SEED").unwrap_or(1) * 1_000_000);
    let mut sum = Summary::default();
    for seed in first..first + seeds {
        match run(seed, &Settings::default()) {
            Ok(summary) => sum += summary,
            Err(violation) => panic!("{violation}"),
        }
    }
    // It is no proof where nothing happens.
    for (what, count) in [
        ("sign-ins", sum.signed_in),
        ("codes", sum.codes),
        ("redemptions", sum.redeemed),
        ("refreshes", sum.refreshed),
        ("conflicts", sum.conflicts),
        ("crashes", sum.crashes),
        ("removed users", sum.users_removed),
        ("names given again", sum.names_given_again),
        ("claims in ID tokens", sum.claims_told),
        ("refusals for an algorithm", sum.algorithms_refused),
    ] {
        assert!(count > seeds / 2, "{count} {what} in {seeds} seeds");
    }
    println!("cycles done: {seeds}");
}

#[test]
fn f_01_f_20_each_gate_that_does_not_close_is_found() {
    for gate in BrokenGate::ALL {
        let settings = Settings { broken: Some(gate), ..Settings::default() };
        let found = (1..=SEEDS_OF_MUTANT).find_map(|seed| run(seed, &settings).err());
        let Some(violation) = found else { panic!("{gate:?} was not found within {SEEDS_OF_MUTANT} seeds") };
        println!("{gate:?}: {} in seed {}: {}", violation.invariant, violation.seed, violation.what);
    }
}

/// Where a removed user's grants are left, each door at which they are looked at shows it.
#[test]
fn f_20_pk_09_a_removal_that_leaves_grants_is_found_where_tokens_are_used_and_refreshed() {
    let settings = Settings { broken: Some(BrokenGate::RemovalLeavesGrants), ..Settings::default() };
    let found = (1..=SEEDS_OF_MUTANT / 6).filter_map(|seed| run(seed, &settings).err());
    let found: Vec<_> = found.map(|violation| violation.what).collect();
    for (begins, ends) in [
        ("token ", " works, and its user was removed"),
        ("a refresh token ", " is good, and its user was removed"),
    ] {
        let count = found.iter().filter(|what| what.starts_with(begins) && what.ends_with(ends)).count();
        println!("{begins}{ends}: {count} of {} violations", found.len());
        assert!(count > 3, "{begins}{ends}: {count} of {}: {found:?}", found.len());
    }
}
