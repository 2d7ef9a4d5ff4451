//! What a run is asked for, and what it yields.

use std::fmt;
use std::ops::AddAssign;

use proofkey_oauth::Issuer;
use proofkey_protocol::{Policy, SessionLife, SignInLimit};

use crate::dice::Dice;
use crate::model::BrokenGate;

/// Where the clocks begin.
pub(super) const START: i64 = 1_790_000_000;

/// Who judges a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// The ledger, which knows the order of all events.
    Ledger,
    /// The judge of histories, which knows what clients saw. Such a run is shorter than an overlap of refresh tokens, and nothing
    /// but clients ends a grant: no operator, no clock, no sign-out.
    Histories,
}

/// How a seed is run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Who judges it.
    pub judged_by: JudgedBy,
    /// Events in one run.
    pub steps: usize,
    /// The gate that does not close.
    pub broken: Option<BrokenGate>,
    /// Whether a violation comes with all that happened before it.
    pub traced: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { judged_by: JudgedBy::Ledger, steps: 1_000, broken: None, traced: false }
    }
}

/// What happened in runs without a violation.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "each field counts what it is called after")]
pub struct Summary {
    pub requests: u64,
    pub signed_in: u64,
    pub codes: u64,
    pub redeemed: u64,
    pub refreshed: u64,
    pub refused: u64,
    pub conflicts: u64,
    pub answers_lost: u64,
    pub commits_unanswered: u64,
    pub crashes: u64,
    pub clock_jumps: u64,
    pub operations: u64,
    pub users_removed: u64,
    pub names_given_again: u64,
    pub claims_told: u64,
    pub algorithms_refused: u64,
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.signed_in += other.signed_in;
        self.codes += other.codes;
        self.redeemed += other.redeemed;
        self.refreshed += other.refreshed;
        self.refused += other.refused;
        self.conflicts += other.conflicts;
        self.answers_lost += other.answers_lost;
        self.commits_unanswered += other.commits_unanswered;
        self.crashes += other.crashes;
        self.clock_jumps += other.clock_jumps;
        self.operations += other.operations;
        self.users_removed += other.users_removed;
        self.names_given_again += other.names_given_again;
        self.claims_told += other.claims_told;
        self.algorithms_refused += other.algorithms_refused;
    }
}

/// An invariant that broke.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The seed that shows it.
    pub seed: u64,
    /// At which of its events.
    pub step: usize,
    /// C1 to C8; H where no order explains a history.
    pub invariant: &'static str,
    /// What happened.
    pub what: String,
    /// All that happened before, if it was asked for.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, invariant, what, trace } = self;
        for line in trace {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{invariant} broke in seed {seed}, event {step}: {what}")?;
        write!(out, "again, with its trace: cargo xtask simulate --seeds 1 --seed {seed}")
    }
}

/// The settings of a server, some of them short, so that what ends by itself ends in a run.
pub(super) fn policy(dice: &mut Dice, judged_by: JudgedBy) -> Policy {
    let may_end = judged_by == JudgedBy::Ledger;
    let is_short = may_end && dice.per_mille(300);
    let sign_in = SignInLimit { burst: 3, pause_seconds: 5, pause_seconds_max: 60, failures_max: 12 };
    Policy {
        issuer: Issuer::parse("https://id.example").expect("an issuer"),
        code_seconds: 60,
        access_token_seconds: 600,
        id_token_seconds: 3600,
        refresh_idle_seconds: if is_short { 900 } else { 30 * 86_400 },
        refresh_absolute_seconds: if is_short { 7_200 } else { 180 * 86_400 },
        refresh_skew_seconds: if dice.per_mille(500) { 120 } else { 0 },
        session: SessionLife {
            idle_seconds: if is_short { 600 } else { 43_200 },
            absolute_seconds: if is_short { 3_600 } else { 86_400 },
        },
        session_remembered: SessionLife { idle_seconds: 30 * 86_400, absolute_seconds: 90 * 86_400 },
        sessions_per_user_max: if may_end && dice.per_mille(300) { 2 } else { 100 },
        interaction_seconds: 1800,
        code_failures_max: if dice.per_mille(300) { 1 } else { 3 },
        sign_in,
        sign_in_known_device: sign_in,
    }
}
