//! Passwords: argon2id on a pool of its own, and the policy for new ones.
//!
//! It owns how a password is normalised, hashed and judged. It knows no user, no store and no page. Hashing never runs
//! on runtime threads, and what it may take of memory and time is bounded: threads, turns, the time that those who wait stand
//! for, input and the parameters of imported hashes.

mod line;
mod phc;
mod policy;
mod pool;
mod turns;
mod typed;

pub use phc::{Argon2Cost, CostRefused, HashRefused, PhcString};
pub use policy::{PolicyContext, Unacceptable, acceptable};
pub use turns::Busy;
pub use typed::{PASSWORD_BYTES_MAX, Password, PasswordTooLong};

#[cfg(test)]
pub(crate) use line::SECOND_IN_A_ROW_MAX;
pub(crate) use line::{Candidate, Rank};
pub(crate) use turns::Turn;
#[cfg(test)]
pub(crate) use turns::{RETURN_WITHIN, TURNS_PER_THREAD};

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::config;
use crate::metrics::PasswordMetrics;
use phc::{Memory, Stored};
use pool::{HashTime, Pool};
use turns::Turns;

/// Most sign-ins that wait at once, however short a hash takes: each holds a form in memory.
pub(crate) const WAITING_MAX: usize = 1_024;

/// The password hasher of a server.
#[derive(Debug)]
pub struct Passwords {
    cost: Argon2Cost,
    /// A hash that no password has, for comparing when there is none to compare with.
    decoy: PhcString,
    pool: Pool,
    turns: Arc<Turns>,
}

/// What hashing may cost, and how much of it may go on at once.
#[derive(Clone, Copy, Debug)]
pub struct PasswordParams {
    /// Cost of one new hash.
    pub cost: Argon2Cost,
    /// How many hashes run at once; each takes a thread and the memory of its cost.
    pub hashes_max: NonZeroUsize,
    /// How many sign-ins may wait for a turn, whatever time they stand for.
    pub waiting_max: usize,
    /// How long one may wait, and so how much hashing those that wait may stand for.
    pub wait: Duration,
}

/// What became of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordVerdict {
    /// The password is the one that was stored.
    pub matches: bool,
    /// It matches, the stored hash is weaker than new ones are, and the caller rehashes: hash it again and store that.
    pub needs_rehash: bool,
}

impl PasswordParams {
    /// The parameters that a configuration asks for.
    pub fn from_config(section: &config::Passwords) -> Result<Self, CostRefused> {
        let cost = Argon2Cost::new(section.memory_kib, section.iterations, section.parallelism)?;
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let hashes_max =
            usize::try_from(section.hashes_max).ok().and_then(NonZeroUsize::new).unwrap_or(cores);
        let waiting_max = match section.queue_max {
            0 => WAITING_MAX,
            waiting => usize::try_from(waiting).unwrap_or(usize::MAX),
        };
        let wait = Duration::from_secs(u64::from(section.queue_seconds));
        Ok(Self { cost, hashes_max, waiting_max, wait })
    }
}

impl Passwords {
    /// Starts the threads of the pool; they end when this value is dropped.
    pub fn new(params: PasswordParams, metrics: PasswordMetrics) -> std::io::Result<Self> {
        let PasswordParams { cost, hashes_max, waiting_max, wait } = params;
        let hash_time = HashTime::default();
        let pool = Pool::start(hashes_max, hash_time.clone(), metrics.clone())?;
        let turns = Turns::new(hashes_max.get(), waiting_max, wait, hash_time, metrics);
        Ok(Self { cost, decoy: phc::decoy(cost), pool, turns })
    }

    /// Waits for a turn at hashing. Who asks for a stranger takes one first: what is hashed without is not bounded here.
    pub(crate) async fn turn(&self, candidate: Candidate) -> Result<Turn, Busy> {
        self.turns.take(candidate).await
    }

    /// Whether so many wait for a turn that who is known goes first.
    pub(crate) fn is_crowded(&self) -> bool {
        self.turns.is_crowded()
    }

    /// Hashes a password with a new salt of 128 bits. `None` if that fails, which no input explains.
    pub async fn hash(&self, password: &Password) -> Option<PhcString> {
        let (cost, password) = (self.cost, password.share());
        self.pool.run(move |memory| phc::hash(&password, cost, memory)).await?
    }

    /// Compares a password with a stored hash. `None` (no such user, no password set), a hash that cannot be read and one
    /// of an older, lower cost take as long as a hash of the current parameters, so that time tells nothing (LG-08).
    ///
    /// `rehashes` says whether a match would be hashed again, which takes the time that is spent on top otherwise.
    pub async fn verify(
        &self,
        stored: Option<&str>,
        password: &Password,
        rehashes: bool,
    ) -> Option<PasswordVerdict> {
        let (cost, password) = (self.cost, password.share());
        let text = stored.unwrap_or(self.decoy.as_str());
        let (compared, is_decoy) = match Stored::parse(text) {
            Ok(compared) => (Some(compared), stored.is_none()),
            Err(refused) => {
                tracing::error!(reason = %refused, "a stored password hash cannot be used");
                (Stored::parse(self.decoy.as_str()).ok(), true)
            }
        };
        let verify = move |memory: &mut Memory| {
            let compared = compared?;
            let matches = compared.matches(&password, memory)? && !is_decoy;
            if let (false, Some(missing)) = (matches && rehashes, cost.beyond(compared.cost())) {
                let _unused = Stored::parse(phc::decoy(missing).as_str()).ok()?.matches(&password, memory)?;
            }
            Some(PasswordVerdict {
                matches,
                needs_rehash: matches && rehashes && compared.cost().is_weaker_than(cost),
            })
        };
        self.pool.run(verify).await?
    }
}

#[cfg(test)]
mod tests;
