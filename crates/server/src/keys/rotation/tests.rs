//! The plan, followed through months of days, restarts and lists.

use super::*;

const DAY: i64 = 86_400;
fn policy(on: &[Algorithm]) -> RotationPolicy {
    let algorithms = SigningAlgorithms::new(on.iter().copied()).unwrap();
    RotationPolicy { algorithms, period_seconds: 90 * DAY, publish_ahead_seconds: DAY, keep_seconds: 2 * DAY }
}

const START: Timestamp = Timestamp(1_790_000_000);

fn apply(records: &mut Vec<KeyRecord>, steps: Vec<RotationStep>, now: Timestamp) {
    for step in steps {
        match step {
            RotationStep::Remove { kids } => records.retain(|key| !kids.contains(&key.kid)),
            RotationStep::Close { algorithm } => {
                let open = |key: &&mut KeyRecord| key.algorithm == algorithm && key.closed_at.is_none();
                records.iter_mut().filter(open).for_each(|key| key.closed_at = Some(now));
            }
            RotationStep::Open { algorithm } => {
                let ring = records.iter_mut().filter(|key| key.algorithm == algorithm);
                ring.for_each(|key| key.closed_at = None);
            }
            RotationStep::Make { algorithm, sequence, active_from } => records.push(KeyRecord {
                kid: format!("{}-{sequence}", algorithm.name()),
                algorithm,
                sequence,
                created_at: now,
                active_from,
                sealed: vec![],
                public_jwk: String::new(),
                closed_at: None,
            }),
        }
    }
}

#[test]
fn v_81_md_05_md_06_for_400_days_every_living_token_has_its_key_and_every_key_was_published_ahead() {
    let (mut records, policy) = (Vec::new(), policy(&ALGORITHMS));
    let mut signed: Vec<(Timestamp, String)> = Vec::new();
    for hour in 0..400 * 24 {
        let now = START + hour * 3600;
        // The scheduler sleeps through the tenth week, and through one whole period.
        let asleep = (1680..1848).contains(&hour) || (4000..6400).contains(&hour);
        if !asleep {
            let steps = plan(&records, &policy, now, now);
            apply(&mut records, steps, now);
        }
        for algorithm in ALGORITHMS {
            let key = active(&records, algorithm, now).expect("a key signs");
            let first = key.sequence == 1;
            assert!(
                first || key.active_from - key.created_at >= policy.publish_ahead_seconds,
                "published ahead"
            );
            signed.push((now + policy.keep_seconds, key.kid.clone()));
        }
        signed.retain(|(ends, _)| *ends > now);
        for (_, kid) in &signed {
            assert!(records.iter().any(|key| key.kid == *kid), "{kid} is published while its tokens live");
        }
        assert!(records.len() <= 9, "no ring grows");
    }
    assert!(next_sequence(&records, Algorithm::Es256) > 4, "keys did rotate");
}

#[test]
fn md_06_a_key_is_next_then_active_then_retiring() {
    let mut records = Vec::new();
    for now in [START, START + 89 * DAY] {
        let steps = plan(&records, &policy(&ALGORITHMS), now, now);
        apply(&mut records, steps, now);
    }
    let cases = [
        (START, "ES256-1", KeyState::Active),
        (START + 89 * DAY, "ES256-2", KeyState::Next),
        (START + 90 * DAY, "ES256-2", KeyState::Active),
        (START + 90 * DAY, "ES256-1", KeyState::Retiring),
    ];
    for (now, kid, expected) in cases {
        let key = records.iter().find(|key| key.kid == kid).unwrap();
        assert_eq!(state(&records, key, now), expected, "{kid} {now:?}");
    }
}

#[test]
fn an_empty_store_gets_one_key_a_ring_and_nothing_more() {
    let mut records = Vec::new();
    let policy = policy(&ALGORITHMS);
    let steps = plan(&records, &policy, START, START);
    assert_eq!(steps.len(), ALGORITHMS.len());
    apply(&mut records, steps, START);
    assert_eq!(plan(&records, &policy, START + 1, START + 1), []);
}

fn kids(records: &[KeyRecord]) -> Vec<&str> {
    let mut kids: Vec<_> = records.iter().map(|key| key.kid.as_str()).collect();
    kids.sort_unstable();
    kids
}

#[test]
fn pk_14_an_algorithm_that_is_off_from_the_start_has_no_key() {
    let mut records = Vec::new();
    for day in 0..200 {
        let now = START + day * DAY;
        let steps = plan(&records, &policy(&[Algorithm::Rs256, Algorithm::Es256]), now, now);
        apply(&mut records, steps, now);
        assert!(records.iter().all(|key| key.algorithm != Algorithm::EdDsa), "day {day}");
    }
    assert!(records.len() >= 2);
}

#[test]
fn pk_14_md_05_keys_of_an_algorithm_that_is_taken_off_stay_while_anything_they_signed_lives() {
    let (all, two) = (policy(&ALGORITHMS), policy(&[Algorithm::Es256, Algorithm::Rs256]));
    let mut records = Vec::new();
    // Taken off while a next key waits.
    for now in [START, START + 89 * DAY] {
        let steps = plan(&records, &all, now, now);
        apply(&mut records, steps, now);
    }
    let off = START + 89 * DAY + 3_600;
    for minute in 0..3 * 24 * 60 {
        let now = off + minute * 60;
        let steps = plan(&records, &two, now, now);
        apply(&mut records, steps, now);
        let is_there = records.iter().any(|key| key.algorithm == Algorithm::EdDsa);
        assert_eq!(is_there, now - off <= two.keep_seconds + OTHERS_SECONDS, "minute {minute}");
        let states: Vec<_> = records
            .iter()
            .filter(|key| key.algorithm == Algorithm::EdDsa)
            .map(|key| state(&records, key, now))
            .collect();
        assert!(states.iter().all(|state| *state == KeyState::Retiring), "{states:?}");
    }
    assert_eq!(kids(&records), ["ES256-2", "RS256-2"], "the others go on");
}

#[test]
fn pk_14_md_05_while_one_of_two_servers_has_it_on_the_keys_stay_and_time_begins_when_it_leaves() {
    let (all, two) = (policy(&ALGORITHMS), policy(&[Algorithm::Es256, Algorithm::Rs256]));
    let mut records = Vec::new();
    let both = |records: &mut Vec<KeyRecord>, now: Timestamp, other_is_there: bool| {
        for policy in std::iter::once(&two).chain(other_is_there.then_some(&all)) {
            let steps = plan(records, policy, now, now);
            apply(records, steps, now);
        }
    };
    let left = START + 10 * DAY;
    for minute in 0..14 * 24 * 60 {
        let now = START + minute * 60;
        both(&mut records, now, now <= left);
        let is_there = records.iter().any(|key| key.algorithm == Algorithm::EdDsa);
        let end = left + 60 + two.keep_seconds + OTHERS_SECONDS;
        assert_eq!(is_there, now <= end, "minute {minute}");
    }
}

/// A program of the schema before: it knows no note, has all algorithms on, and its new key in an empty ring signs at once.
fn apply_as_before_the_note(records: &mut Vec<KeyRecord>, now: Timestamp) {
    let unnoted: Vec<_> = records.iter().cloned().map(|key| KeyRecord { closed_at: None, ..key }).collect();
    let at_once = |step| match step {
        RotationStep::Make { algorithm, sequence: 1, .. } => {
            RotationStep::Make { algorithm, sequence: 1, active_from: now }
        }
        other => other,
    };
    let steps = plan(&unnoted, &policy(&ALGORITHMS), now, now).into_iter().map(at_once).collect();
    apply(records, steps, now);
}

/// What the decision page warns of: take an algorithm off once no server of the schema before is left.
#[test]
fn pk_14_st_09_a_program_of_the_schema_before_takes_no_note_back_and_makes_its_key_anew() {
    let two = policy(&[Algorithm::Es256, Algorithm::Rs256]);
    let (mut records, mut gone_at) = (Vec::new(), Vec::new());
    apply_as_before_the_note(&mut records, START);
    for minute in 0..6 * 24 * 60 {
        let now = START + minute * 60;
        let steps = plan(&records, &two, now, now);
        if steps.iter().any(|step| matches!(step, RotationStep::Remove { .. })) {
            gone_at.push(now);
        }
        apply(&mut records, steps, now);
        apply_as_before_the_note(&mut records, now);
        // It never lacks a key to sign with, though one that it signed with may be gone.
        assert!(active(&records, Algorithm::EdDsa, now).is_some(), "minute {minute}");
    }
    let kept = two.keep_seconds + OTHERS_SECONDS + 60;
    assert_eq!(gone_at.first(), Some(&(START + kept)), "its time began when the note was made");
    assert_eq!(gone_at.len(), 2, "{gone_at:?}");
    assert_eq!(kids(&records).len(), 3);
}

#[test]
fn pk_14_an_algorithm_that_comes_back_signs_by_its_key_again_or_by_one_that_was_published_ahead() {
    let (all, two) = (policy(&ALGORITHMS), policy(&[Algorithm::Es256, Algorithm::Rs256]));
    for (days, comes_back) in [(1, true), (3, false)] {
        let mut records = Vec::new();
        let steps = plan(&records, &all, START, START);
        apply(&mut records, steps, START);
        for now in [START + 60, START + days * DAY] {
            let steps = plan(&records, &two, now, now);
            apply(&mut records, steps, now);
        }
        let back = START + days * DAY + 60;
        let steps = plan(&records, &all, back, back);
        apply(&mut records, steps, back);
        let signs = |now| signing(&records, Algorithm::EdDsa, now).map(|key| key.active_from);
        let ahead = back + all.publish_ahead_seconds;
        assert_eq!(signs(back), comes_back.then_some(START), "{days}");
        assert_eq!(signs(ahead + -1), comes_back.then_some(START), "{days}");
        assert_eq!(signs(ahead), Some(if comes_back { START } else { ahead }), "{days}");
        for now in [back + 60, ahead + -60, ahead + 60] {
            assert_eq!(plan(&records, &all, now, now), [], "{days}: one is enough");
        }
    }
}

#[test]
fn pk_14_a_ring_is_in_use_where_it_is_listed_or_was_not_closed_for_long() {
    let two = SigningAlgorithms::new([Algorithm::Es256, Algorithm::Rs256]).unwrap();
    let mut records = Vec::new();
    let steps = plan(&records, &policy(&ALGORITHMS), START, START);
    apply(&mut records, steps, START);
    let three = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];
    assert_eq!(in_use(&records, &two, START), three, "servers may have another list");
    let steps = plan(&records, &policy(&[Algorithm::Es256, Algorithm::Rs256]), START, START);
    apply(&mut records, steps, START);
    assert_eq!(in_use(&records, &two, START + OTHERS_SECONDS), three, "the note may be taken back");
    let later = START + OTHERS_SECONDS + 1;
    assert_eq!(in_use(&records, &two, later), [Algorithm::Es256, Algorithm::Rs256]);
    assert_eq!(in_use(&records, &SigningAlgorithms::default(), later), three, "it is listed here");
    assert_eq!(in_use(&[], &two, START), [Algorithm::Es256, Algorithm::Rs256]);
}

#[test]
fn pk_14_v_81_the_first_key_of_an_algorithm_that_is_added_waits_until_verifiers_have_it() {
    let mut records = Vec::new();
    let steps = plan(&records, &policy(&[Algorithm::Es256, Algorithm::Rs256]), START, START);
    assert_eq!(steps.len(), 2);
    apply(&mut records, steps, START);
    let all = policy(&ALGORITHMS);
    let added = START + 10 * DAY;
    for minute in 0..3 * 24 * 60 {
        let now = added + minute * 60;
        let steps = plan(&records, &all, now, now);
        apply(&mut records, steps, now);
        let signs = signing(&records, Algorithm::EdDsa, now).is_some();
        assert_eq!(signs, now >= added + all.publish_ahead_seconds, "minute {minute}");
        for other in [Algorithm::Es256, Algorithm::Rs256] {
            assert_eq!(signing(&records, other, now).unwrap().active_from, START);
        }
    }
    assert_eq!(kids(&records), ["ES256-1", "EdDSA-1", "RS256-1"]);
}

#[test]
fn f_20_k_15_pk_14_a_clock_that_is_set_back_leaves_no_ring_without_a_key_that_signs() {
    let (mut records, policy) = (Vec::new(), policy(&ALGORITHMS));
    // A month after the rings changed their keys for the fourth time.
    for day in 0..390 {
        let steps = plan(&records, &policy, START + day * DAY, START + day * DAY);
        apply(&mut records, steps, START + day * DAY);
    }
    for back in [DAY / 2, 30 * DAY + DAY / 2, 40 * DAY, 400 * DAY] {
        let now = START + 390 * DAY + -back;
        for algorithm in ALGORITHMS {
            assert!(signing(&records, algorithm, now).is_some(), "{algorithm}: {back}");
        }
    }
    // One ring alone was made anew after a leak, and the clock is set back to before that.
    let leak = START + 391 * DAY;
    records.retain(|key| key.algorithm != Algorithm::Es256);
    let at_once = RotationStep::Make { algorithm: Algorithm::Es256, sequence: 9, active_from: leak };
    apply(&mut records, vec![at_once], leak);
    let kid = |now| signing(&records, Algorithm::Es256, now).map(|key| key.kid.as_str());
    assert_eq!((kid(leak), kid(leak + -DAY)), (Some("ES256-9"), Some("ES256-9")));
    let steps = plan(&records, &policy, leak + -DAY, leak + -DAY);
    let again = RotationStep::Make { algorithm: Algorithm::Es256, sequence: 10, active_from: leak + -DAY };
    assert!(steps.contains(&again), "{steps:?}");
}
