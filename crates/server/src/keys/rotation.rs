//! When keys are made and removed, as a pure function of what is stored and the time.
//!
//! A key's state follows from the instants in its row: `next` until `active_from`, `active` until its successor is active,
//! `retiring` while anything it signed may live, then gone. Nothing else is stored, so no state can be wrong.

use proofkey_jose::Algorithm;
use proofkey_oauth::Timestamp;
use proofkey_protocol::KeyRecord;

/// The rings that exist.
pub const ALGORITHMS: [Algorithm; 3] = Algorithm::ALL;

/// When keys change, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct RotationPolicy {
    /// How long a key signs.
    pub period_seconds: i64,
    /// How long a key is published before it signs; at least twice the time that verifiers may cache the set.
    pub publish_ahead_seconds: i64,
    /// How long a key stays published after it has signed last: the longest life of anything it signed.
    pub keep_seconds: i64,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published; it signs when its day comes.
    Next,
    /// Its ring signs with it.
    Active,
    /// Verifies what it signed.
    Retiring,
}

impl KeyState {
    /// The word that lists show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
        }
    }
}

/// One step of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields carry the names of the columns that they fill or choose by")]
pub enum RotationStep {
    /// A key is due in a ring, at that place in it; it signs from that instant on.
    Make { algorithm: Algorithm, sequence: i64, active_from: Timestamp },
    /// Nothing that these keys signed lives any more.
    Remove { kids: Vec<String> },
}

/// What is to be done now. Keys are removed by `known`, a time that is certain to have come.
pub fn plan(
    records: &[KeyRecord],
    policy: &RotationPolicy,
    now: Timestamp,
    known: Timestamp,
) -> Vec<RotationStep> {
    let mut steps: Vec<RotationStep> =
        ALGORITHMS.iter().filter_map(|algorithm| make(records, *algorithm, policy, now)).collect();
    let kids: Vec<String> =
        ALGORITHMS.iter().flat_map(|algorithm| removable(records, *algorithm, policy, known)).collect();
    if !kids.is_empty() {
        steps.push(RotationStep::Remove { kids });
    }
    steps
}

/// The key of a ring that signs at an instant: the latest that is active.
pub fn active(records: &[KeyRecord], algorithm: Algorithm, now: Timestamp) -> Option<&KeyRecord> {
    ring(records, algorithm)
        .filter(|key| key.active_from <= now)
        .max_by_key(|key| (key.active_from, key.sequence))
}

/// The key of a ring that signs at an instant, which a clock that was set back may have put before the birth of all of them:
/// then the first, for tokens are signed whatever the time is.
pub fn signing(records: &[KeyRecord], algorithm: Algorithm, now: Timestamp) -> Option<&KeyRecord> {
    let first = || ring(records, algorithm).min_by_key(|key| (key.active_from, key.sequence));
    active(records, algorithm, now).or_else(first)
}

/// The state of one of the stored keys at an instant.
pub fn state(records: &[KeyRecord], key: &KeyRecord, now: Timestamp) -> KeyState {
    if key.active_from > now {
        return KeyState::Next;
    }
    let signs = |ring: &Algorithm| active(records, *ring, now).is_some_and(|active| active.kid == key.kid);
    if ALGORITHMS.iter().any(signs) { KeyState::Active } else { KeyState::Retiring }
}

/// The place after the last in a ring.
pub fn next_sequence(records: &[KeyRecord], algorithm: Algorithm) -> i64 {
    ring(records, algorithm).map(|key| key.sequence).max().map_or(1, |last| last.saturating_add(1))
}

fn ring(records: &[KeyRecord], algorithm: Algorithm) -> impl Iterator<Item = &KeyRecord> {
    records.iter().filter(move |key| key.algorithm == algorithm)
}

fn make(
    records: &[KeyRecord],
    algorithm: Algorithm,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Option<RotationStep> {
    let sequence = next_sequence(records, algorithm);
    let Some(current) = active(records, algorithm, now) else {
        // The first key of all signs at once: no verifier can have cached a set without it yet. A ring whose only
        // keys lie ahead (a clock was set back) gets one too, rather than none.
        return Some(RotationStep::Make { algorithm, sequence, active_from: now });
    };
    let has_next = ring(records, algorithm).any(|key| key.active_from > now);
    let due = current.active_from + policy.period_seconds;
    if has_next || now < due + -policy.publish_ahead_seconds {
        return None;
    }
    // A server that slept past the date publishes first all the same.
    let active_from = due.max(now + policy.publish_ahead_seconds);
    Some(RotationStep::Make { algorithm, sequence, active_from })
}

fn removable(
    records: &[KeyRecord],
    algorithm: Algorithm,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Vec<String> {
    let superseded_at = |key: &KeyRecord| {
        let later =
            |other: &&KeyRecord| (other.active_from, other.sequence) > (key.active_from, key.sequence);
        ring(records, algorithm).filter(later).map(|other| other.active_from).min()
    };
    let gone = |key: &&KeyRecord| superseded_at(key).is_some_and(|at| now - at > policy.keep_seconds);
    ring(records, algorithm).filter(gone).map(|key| key.kid.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const POLICY: RotationPolicy =
        RotationPolicy { period_seconds: 90 * DAY, publish_ahead_seconds: DAY, keep_seconds: 2 * DAY };
    const START: Timestamp = Timestamp(1_790_000_000);

    fn apply(records: &mut Vec<KeyRecord>, steps: Vec<RotationStep>, now: Timestamp) {
        for step in steps {
            match step {
                RotationStep::Remove { kids } => records.retain(|key| !kids.contains(&key.kid)),
                RotationStep::Make { algorithm, sequence, active_from } => records.push(KeyRecord {
                    kid: format!("{}-{sequence}", algorithm.name()),
                    algorithm,
                    sequence,
                    created_at: now,
                    active_from,
                    sealed: vec![],
                    public_jwk: String::new(),
                }),
            }
        }
    }

    #[test]
    fn v_81_md_05_md_06_for_400_days_every_living_token_has_its_key_and_every_key_was_published_ahead() {
        let mut records = Vec::new();
        let mut signed: Vec<(Timestamp, String)> = Vec::new();
        for hour in 0..400 * 24 {
            let now = START + hour * 3600;
            // The scheduler sleeps through the tenth week, and through one whole period.
            let asleep = (1680..1848).contains(&hour) || (4000..6400).contains(&hour);
            if !asleep {
                let steps = plan(&records, &POLICY, now, now);
                apply(&mut records, steps, now);
            }
            for algorithm in ALGORITHMS {
                let key = active(&records, algorithm, now).expect("a key signs");
                let first = key.sequence == 1;
                assert!(
                    first || key.active_from - key.created_at >= POLICY.publish_ahead_seconds,
                    "published ahead"
                );
                signed.push((now + POLICY.keep_seconds, key.kid.clone()));
            }
            signed.retain(|(ends, _)| *ends > now);
            for (_, kid) in &signed {
                assert!(
                    records.iter().any(|key| key.kid == *kid),
                    "{kid} is published while its tokens live"
                );
            }
            assert!(records.len() <= 9, "no ring grows");
        }
        assert!(next_sequence(&records, Algorithm::Es256) > 4, "keys did rotate");
    }

    #[test]
    fn md_06_a_key_is_next_then_active_then_retiring() {
        let mut records = Vec::new();
        for now in [START, START + 89 * DAY] {
            let steps = plan(&records, &POLICY, now, now);
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
        let steps = plan(&records, &POLICY, START, START);
        assert_eq!(steps.len(), ALGORITHMS.len());
        apply(&mut records, steps, START);
        assert_eq!(plan(&records, &POLICY, START + 1, START + 1), []);
    }
}
