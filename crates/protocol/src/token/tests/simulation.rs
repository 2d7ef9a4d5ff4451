//! Refreshing over hours: honest holders who share a sign-in but not their memory, and thieves with a copy (K-12, RT-14).
//!
//! The rules are the server's own and nothing else is; left out are skew, several servers and races of writes. The tables of
//! decision 18 are printed by `cargo test -p proofkey-protocol --lib simulation -- --ignored --nocapture`.

use std::fmt::Write as _;

use proofkey_oauth::Timestamp;
use serde_json::{Value, json};

use super::row::Row;
use crate::refresh_token::RefreshToken;

/// Seconds that an access token lives.
const LIFE: f64 = 600.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// xorshift: the same lives for the same seed.
struct Dice(u64);

impl Dice {
    fn between(&mut self, from: f64, to: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + (to - from) * ((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }

    fn chance(&mut self, of: f64) -> bool {
        self.between(0.0, 1.0) < of
    }
}

/// A grant whose clock is set by hand.
struct Grant {
    row: Row,
    began: Timestamp,
}

impl Grant {
    fn new(metadata: &Value) -> Self {
        let row = Row::new(metadata.clone());
        Self { began: row.now(), row }
    }

    /// The child; `None` when refused.
    fn refresh(&mut self, token: &RefreshToken, at: f64) -> Option<RefreshToken> {
        self.row.server.world.now = self.began + at as i64;
        self.row.send(token).ok()
    }
}

/// How honest holders live.
#[derive(Clone, Copy, Default)]
struct Lives {
    holders: usize,
    nights: bool,
    pauses: bool,
    lost: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The grant was revoked.
    Ended,
    /// A holder that read the store again was refused still: the user had to sign in.
    Asked,
    Fine,
}

/// Three days of holders that share a sign-in and a place where the newest token is stored, and do not lock it.
fn honest(dice: &mut Dice, metadata: &Value, lives: Lives, hours: f64) -> End {
    let mut grant = Grant::new(metadata);
    let mut store = grant.row.first();
    let mut held = vec![store.clone(); lives.holders];
    let mut due: Vec<f64> = (0..lives.holders).map(|_| dice.between(0.0, LIFE)).collect();
    loop {
        let next = (0..lives.holders).min_by(|a, b| due[*a].total_cmp(&due[*b])).unwrap();
        let now = due[next];
        if now > hours * HOUR {
            return End::Fine;
        }
        if lives.nights && now % DAY > 16.0 * HOUR {
            // The machine sleeps, and all wake within a minute.
            due[next] = (now / DAY).floor().mul_add(DAY, DAY) + dice.between(0.0, 60.0);
            continue;
        }
        let sent = held[next].clone();
        let mut child = grant.refresh(&sent, now);
        if grant.row.is_revoked() {
            return End::Ended;
        }
        if child.is_none() {
            child = grant.refresh(&store, now);
        }
        let Some(child) = child else { return End::Asked };
        if dice.chance(lives.lost) {
            due[next] = now + [2.0, 30.0, 300.0][dice.between(0.0, 3.0) as usize];
            continue;
        }
        (held[next], store) = (child.clone(), child);
        let pause = if lives.pauses && dice.chance(0.05) { dice.between(900.0, 10_800.0) } else { 0.0 };
        due[next] = now + LIFE * dice.between(0.8, 1.0) + pause;
    }
}

/// What a thief does with a copy.
#[derive(Clone, Copy)]
enum Theft {
    /// Sends a used token every so many seconds, and keeps nothing of what comes.
    Polls(f64),
    /// Goes on with it on a schedule of its own.
    Uses,
}

/// Seconds until the thief or the owner is refused; `None` if neither is within a day.
fn thief(dice: &mut Dice, metadata: &Value, theft: Theft) -> Option<f64> {
    let mut grant = Grant::new(metadata);
    let mut own = grant.row.first();
    let (mut before, mut stolen) = (own.clone(), None);
    let start = dice.between(0.0, HOUR);
    let (mut owner_at, mut thief_at) = (0.0_f64, start);
    while owner_at.min(thief_at) < DAY {
        if owner_at <= thief_at {
            let Some(child) = grant.refresh(&own, owner_at) else { return Some(owner_at - start) };
            before = std::mem::replace(&mut own, child);
            owner_at += LIFE * dice.between(0.8, 1.0);
            continue;
        }
        let copy = if matches!(theft, Theft::Polls(_)) { &before } else { &own };
        let token = stolen.get_or_insert_with(|| copy.clone()).clone();
        let Some(child) = grant.refresh(&token, thief_at) else { return Some(thief_at - start) };
        thief_at += match theft {
            Theft::Polls(every) => every,
            Theft::Uses => {
                stolen = Some(child);
                LIFE * dice.between(0.8, 1.0)
            }
        };
    }
    None
}

fn settings() -> [(&'static str, Value); 4] {
    [
        ("no overlap", json!({"refresh_overlap_seconds": 0})),
        ("default", json!({})),
        ("60 s, shared", json!({"refresh_shared": true, "refresh_overlap_seconds": 60})),
        ("shared", json!({"refresh_shared": true})),
    ]
}

fn ways_of_living() -> [(&'static str, Lives); 6] {
    let one = Lives { holders: 1, ..Lives::default() };
    let (two, eight) = (Lives { holders: 2, ..one }, Lives { holders: 8, ..one });
    [
        ("1, replies lost", Lives { lost: 0.01, ..one }),
        ("2", two),
        ("8", eight),
        ("8, nights", Lives { nights: true, ..eight }),
        ("2, pauses", Lives { pauses: true, ..two }),
        ("8, all of it", Lives { nights: true, pauses: true, lost: 0.01, ..eight }),
    ]
}

/// How many of so many lives ended, and in how many the user had to sign in again.
fn count(dice: &mut Dice, metadata: &Value, lives: Lives, (runs, hours): (usize, f64)) -> (usize, usize) {
    let ends: Vec<_> = (0..runs).map(|_| honest(dice, metadata, lives, hours)).collect();
    let of = |wanted| ends.iter().filter(|end| **end == wanted).count();
    (of(End::Ended), of(End::Asked))
}

/// The minutes after which thieves were found, in order.
fn found(dice: &mut Dice, metadata: &Value, theft: Theft, runs: usize) -> Vec<f64> {
    let mut minutes: Vec<_> =
        (0..runs).filter_map(|_| thief(dice, metadata, theft)).map(|s| s / 60.0).collect();
    minutes.sort_by(f64::total_cmp);
    minutes
}

fn median(minutes: &[f64]) -> f64 {
    minutes[minutes.len() / 2]
}

#[test]
fn k_12_rt_14_holders_of_a_shared_sign_in_are_never_signed_out() {
    let (shared, mut dice) = (json!({"refresh_shared": true}), Dice(7));
    for (name, lives) in ways_of_living() {
        assert_eq!(count(&mut dice, &shared, lives, (3, 72.0)), (0, 0), "{name}");
    }
    for shared in [json!({}), json!({"refresh_overlap_seconds": 0})] {
        let alone = Lives { holders: 1, lost: 0.01, ..Lives::default() };
        assert_eq!(count(&mut dice, &shared, alone, (5, 72.0)), (0, 0), "one holder by itself");
        let several = Lives { holders: 2, ..Lives::default() };
        assert_eq!(count(&mut dice, &shared, several, (5, 72.0)), (5, 0), "who shares says so");
    }
}

#[test]
fn k_12_rt_02_thieves_are_found_by_default() {
    let (default, mut dice) = (json!({}), Dice(7));
    let uses = found(&mut dice, &default, Theft::Uses, 200);
    assert_eq!(uses.len(), 200, "each of them");
    assert!((10.0..20.0).contains(&median(&uses)) && uses[199] <= 180.0, "{} {}", median(&uses), uses[199]);
    for every in [60.0, 300.0] {
        let polls = found(&mut dice, &default, Theft::Polls(every), 200);
        assert_eq!(polls.len(), 200);
        assert!((4.0..11.0).contains(&median(&polls)), "{every}: {}", median(&polls));
        let polls = found(&mut dice, &json!({"refresh_shared": true}), Theft::Polls(every), 200);
        assert_eq!(polls.len(), 200, "shut out");
        assert!((12.0..22.0).contains(&median(&polls)), "{every} shared: {}", median(&polls));
    }
}

#[test]
#[ignore = "two minutes: prints the tables of decision 18"]
fn simulation_of_refreshing_over_hours() {
    const RUNS: usize = 300;
    let mut text = String::new();
    let mut dice = Dice(7);
    for (name, metadata) in settings() {
        let _ = write!(text, "{name:13}");
        for (living, lives) in ways_of_living() {
            let (ended, asked) = count(&mut dice, &metadata, lives, (RUNS, 72.0));
            let _ = write!(text, " | {living}: {ended}/{asked}");
        }
        text.push('\n');
    }
    for (name, metadata) in settings() {
        let _ = write!(text, "{name:13}");
        for (doing, theft) in
            [("polls 60", Theft::Polls(60.0)), ("polls 300", Theft::Polls(300.0)), ("uses", Theft::Uses)]
        {
            let minutes = found(&mut dice, &metadata, theft, RUNS);
            let _ = write!(text, " | {doing}: {}", minutes.len());
            if let Some(longest) = minutes.last() {
                let _ = write!(text, ", {:.0}, {longest:.0} min", median(&minutes));
            }
        }
        text.push('\n');
    }
    println!(
        "of {RUNS}: lives of 72 hours that ended / had to be asked; thieves found, median and longest\n{text}"
    );
}
