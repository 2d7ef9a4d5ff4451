//! Databases with flipped bytes and without their ends. A damaged log loses its end and nothing else: each commit before the damage
//! is there, none after it. A damaged file is refused or read as it stands: never a panic, and never a new database in its place.
//!
//! `PROOFKEY_CYCLES` is the number of databases, from the seed `PROOFKEY_SEED`.

use std::path::{Path, PathBuf};

use proofkey_protocol::{ClientId, Committed};
use proofkey_store::{Fault, Options, Store};
use tempfile::TempDir;

use super::World;
use crate::support::{block_on, grant, grant_id, redeem, spend};

/// Grants whose commits are in the file, and as many in the log alone.
const GRANTS: u64 = 30;

fn number(variable: &str, by_default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var(variable).ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(by_default)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % count
    }

    /// Flips bytes somewhere.
    fn flip(&mut self, bytes: &mut [u8]) {
        for _ in 0..=self.below(16) {
            let place = self.below(bytes.len());
            *bytes.get_mut(place).unwrap() ^= u8::try_from(1 + self.below(255)).unwrap();
        }
    }

    /// Cuts the end off.
    fn cut(&mut self, bytes: &mut Vec<u8>) {
        bytes.truncate(self.below(bytes.len()));
    }
}

/// A database of `GRANTS` grants in the file and as many in the log, each used once, one after the other.
struct Sound {
    file: Vec<u8>,
    log: Vec<u8>,
    /// How long the log was after each of its commits: a grant is one, its use the next.
    ends: Vec<u64>,
}

impl Sound {
    async fn make() -> Self {
        let world = World::new().await;
        let commits = |number| [redeem(grant(number)), spend(number, 1, 1)];
        for commit in (1..=GRANTS).flat_map(commits) {
            assert_eq!(world.store.commit(commit).await, Ok(Committed::Applied));
        }
        let path = world.path();
        world.store.clone().close().await;
        let store = Store::open(&path, &Options::default()).unwrap();
        let beside = |suffix: &str| format!("{}{suffix}", path.display());
        let mut ends = Vec::new();
        for commit in (GRANTS + 1..=2 * GRANTS).flat_map(commits) {
            assert_eq!(store.commit(commit).await, Ok(Committed::Applied));
            ends.push(std::fs::metadata(beside("-wal")).unwrap().len());
        }
        // Nothing of the log has gone to the file: it is far below what moves it.
        assert!(ends.is_sorted_by(|one, next| one < next), "each commit makes the log longer: {ends:?}");
        let read = |suffix| std::fs::read(beside(suffix)).unwrap();
        Self { file: read(""), log: read("-wal"), ends }
    }

    /// How many commits of the log end before the first damage of it.
    fn whole(&self, damaged: &[u8]) -> usize {
        let sound = self.log.iter().zip(damaged).take_while(|(one, other)| one == other).count();
        self.ends.iter().filter(|end| **end <= u64::try_from(sound).unwrap()).count()
    }

    /// A damaged copy, and whether the damage is in the log.
    fn mutant(&self, dice: &mut Dice) -> (Vec<u8>, Vec<u8>, bool) {
        let (mut file, mut log) = (self.file.clone(), self.log.clone());
        let kind = dice.below(4);
        match kind {
            0 => dice.flip(&mut log),
            1 => dice.cut(&mut log),
            2 => dice.flip(&mut file),
            _ => dice.cut(&mut file),
        }
        (file, log, kind < 2)
    }
}

/// Files in a folder of their own.
struct Placed(TempDir);

impl Placed {
    fn new(file: &[u8], log: &[u8]) -> Self {
        let placed = Self(tempfile::tempdir().unwrap());
        std::fs::write(placed.path(), file).unwrap();
        if !log.is_empty() {
            std::fs::write(placed.log(), log).unwrap();
        }
        placed
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("proofkey.db")
    }

    fn log(&self) -> PathBuf {
        self.0.path().join("proofkey.db-wal")
    }
}

/// Of a log that is damaged there is each commit up to the damage, so many; what comes after can be done again.
async fn check_damaged_log(path: &Path, whole: usize) {
    let store = Store::open(path, &Options::default()).unwrap();
    let mut found = 0;
    let mut commits = 0;
    let mut is_over = false;
    for number in 1..=2 * GRANTS {
        let row = store.grant(grant_id(number)).await.unwrap();
        let generation = row.map(|row| row.grant().refresh.generation);
        assert!(generation.is_none() || !is_over, "{number} is there and one before it is not");
        found += u64::from(generation.is_some());
        commits += usize::from(generation.is_some()) + usize::from(generation == Some(1));
        is_over = generation != Some(1);
    }
    assert!(found >= GRANTS, "the file is sound: {found}");
    let in_file = 2 * usize::try_from(GRANTS).unwrap();
    assert_eq!(commits - in_file, whole, "each commit of the log before the damage, and none after it");
    for number in [1, GRANTS, found] {
        assert_eq!(store.commit(redeem(grant(number))).await, Ok(Committed::Conflict), "{number}");
    }
    if found < 2 * GRANTS {
        assert_eq!(store.commit(redeem(grant(found + 1))).await, Ok(Committed::Applied));
    }
    store.close().await;
}

/// Whether it is refused; what is not is read as it stands.
async fn check_damaged_file(path: &Path, length: usize) -> bool {
    let store = match Store::open(path, &Options::default()) {
        Ok(store) => store,
        Err(fault) => {
            assert!(!fault.to_string().is_empty(), "{fault:?}");
            return true;
        }
    };
    let (mut faults, mut live) = (0, 0);
    for number in 1..=2 * GRANTS {
        match store.grant(grant_id(number)).await {
            Ok(Some(_)) => {
                live += 1;
                let again = store.commit(redeem(grant(number))).await;
                assert!(!matches!(again, Ok(Committed::Applied)), "{number} is redeemed a second time");
            }
            Ok(None) => {}
            Err(_) => faults += 1,
        }
    }
    let everybody = store.list_users(10).await;
    let client = store.client(&ClientId::new("app")).await;
    let is_new = live == 0 && faults == 0 && matches!(&everybody, Ok(users) if users.is_empty());
    assert!(!is_new || client.is_ok_and(|client| client.is_some()), "another database is in its place");
    let _closed: Result<(), Fault> = store.ping().await;
    store.close().await;
    assert!(std::fs::read(path).unwrap().len() >= length, "the file became smaller");
    false
}

#[test]
fn f_34_a_damaged_database_is_refused_or_read_as_it_stands_and_a_damaged_log_loses_its_end_alone() {
    let (mutants, seed) = (number("PROOFKEY_CYCLES", 60), number("PROOFKEY_SEED", 1));
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let sound = block_on(Sound::make());
    let (mut logs, mut lost, mut files, mut refused) = (0, 0, 0, 0);
    for mutant in 0..mutants {
        let (file, log, is_log) = sound.mutant(&mut dice);
        let placed = Placed::new(&file, &log);
        if is_log {
            logs += 1;
            let whole = sound.whole(&log);
            block_on(check_damaged_log(&placed.path(), whole));
            lost += sound.ends.len() - whole;
        } else {
            files += 1;
            if block_on(check_damaged_file(&placed.path(), file.len())) {
                refused += 1;
                // What is in the log may have been moved into it.
                assert!(std::fs::read(placed.path()).unwrap().len() >= file.len(), "{mutant}: it is left");
            }
        }
    }
    println!(
        "counted: {logs} damaged logs, {lost} commits at their ends lost, {files} damaged files, {refused} of them refused"
    );
    println!("cycles done: {mutants}");
    assert!(lost > 0 && refused > 0 && refused < files, "{lost} {refused}");
}
