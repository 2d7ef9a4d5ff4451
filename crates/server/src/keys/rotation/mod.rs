//! When keys are made and removed, as a pure function of what is stored and the time.
//!
//! A key's state follows from the instants in its row: `next` until `active_from`, `active` until its successor is active,
//! `retiring` while anything it signed may live, then gone. Nothing else is stored, so no state can be wrong.

use proofkey_jose::Algorithm;
use proofkey_oauth::Timestamp;
use proofkey_protocol::{KeyRecord, SigningAlgorithms};

/// The rings that can be.
pub const ALGORITHMS: [Algorithm; 3] = Algorithm::ALL;
/// How much longer the keys of an algorithm that was taken off the list are kept: a server that still has it there says so once a
/// minute, and may have signed since it did.
const OTHERS_SECONDS: i64 = 300;

/// When keys change, in seconds.
#[derive(Clone, Debug)]
pub struct RotationPolicy {
    /// The rings that there are to be.
    pub algorithms: SigningAlgorithms,
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
    /// An algorithm is off the list of this server, and no key of it says so yet.
    Close { algorithm: Algorithm },
    /// It is on the list here, and was taken for off.
    Open { algorithm: Algorithm },
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
    let (mut steps, mut kids) = (Vec::new(), Vec::new());
    for algorithm in ALGORITHMS {
        if policy.algorithms.contains(algorithm) {
            let is_closed = ring(records, algorithm).any(|key| key.closed_at.is_some());
            steps.extend(is_closed.then_some(RotationStep::Open { algorithm }));
            steps.extend(make(records, algorithm, policy, now));
        } else {
            let is_open = ring(records, algorithm).any(|key| key.closed_at.is_none());
            steps.extend(is_open.then_some(RotationStep::Close { algorithm }));
            kids.extend(closed(records, algorithm, policy, known));
        }
        kids.extend(removable(records, algorithm, policy, known));
    }
    kids.sort_unstable();
    kids.dedup();
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
/// then the first, for tokens are signed whatever the time is. A first key that is published ahead while others sign is waiting in
/// earnest: its ring does not sign yet.
pub fn signing(records: &[KeyRecord], algorithm: Algorithm, now: Timestamp) -> Option<&KeyRecord> {
    let first = || ring(records, algorithm).min_by_key(|key| (key.active_from, key.sequence));
    let others_sign = || records.iter().any(|key| key.active_from <= now);
    let waits = |key: &&KeyRecord| key.active_from > key.created_at && others_sign();
    active(records, algorithm, now).or_else(|| first().filter(|key| !waits(key)))
}

/// The rings that sign at some server: those of the list, which is that of this process and need not be that of a server, and those that
/// are not noted as closed. A note of the last minutes may be about to be taken back by a server that has the algorithm on.
pub fn in_use(records: &[KeyRecord], algorithms: &SigningAlgorithms, now: Timestamp) -> Vec<Algorithm> {
    let is_closed = |key: &KeyRecord| key.closed_at.is_some_and(|at| now - at > OTHERS_SECONDS);
    let signs = |algorithm: &Algorithm| {
        algorithms.contains(*algorithm) || ring(records, *algorithm).any(|key| !is_closed(key))
    };
    ALGORITHMS.into_iter().filter(signs).collect()
}

/// The state of one of the stored keys at an instant.
pub fn state(records: &[KeyRecord], key: &KeyRecord, now: Timestamp) -> KeyState {
    if key.active_from > now && key.closed_at.is_none() {
        return KeyState::Next;
    }
    let signs = active(records, key.algorithm, now).is_some_and(|active| active.kid == key.kid);
    if signs && key.closed_at.is_none() { KeyState::Active } else { KeyState::Retiring }
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
        let active_from = first_signs_from(records, algorithm, policy, now)?;
        return Some(RotationStep::Make { algorithm, sequence, active_from });
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

/// From when on a new key signs in a ring of which none does; `None` if one is there and waits for its day.
fn first_signs_from(
    records: &[KeyRecord],
    algorithm: Algorithm,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Option<Timestamp> {
    if records.is_empty() {
        // No verifier can have cached a set without it.
        return Some(now);
    }
    match ring(records, algorithm).map(|key| key.created_at).min() {
        // The algorithm is new on the list, and there is a set that verifiers have cached.
        None => Some(now + policy.publish_ahead_seconds),
        // All of them were made in what is the future by now: a clock was set back, and tokens are signed whatever the time is.
        Some(first) if first - now > OTHERS_SECONDS => Some(now),
        Some(_) => None,
    }
}

/// The keys of an algorithm that has been off at every server for so long that nothing they signed lives.
fn closed(
    records: &[KeyRecord],
    algorithm: Algorithm,
    policy: &RotationPolicy,
    known: Timestamp,
) -> Vec<String> {
    let kept = policy.keep_seconds + OTHERS_SECONDS;
    let gone = |key: &&KeyRecord| key.closed_at.is_some_and(|at| known - at > kept);
    ring(records, algorithm).filter(gone).map(|key| key.kid.clone()).collect()
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
mod tests;
