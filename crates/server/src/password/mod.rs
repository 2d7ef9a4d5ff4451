//! Passwords: argon2id on a pool of its own, and the policy for new ones.
//!
//! It owns how a password is normalised, hashed and judged. It knows no user, no store and no page. Hashing never runs
//! on runtime threads, and what it may take of memory and time is bounded: threads, queue, wait, input and the
//! parameters of imported hashes.

mod phc;
mod policy;
mod pool;
mod typed;

pub use phc::{Argon2Cost, CostRefused, HashRefused, PhcString};
pub use policy::{PolicyContext, Unacceptable, acceptable};
pub use pool::Busy;
pub use typed::{PASSWORD_BYTES_MAX, Password, PasswordTooLong};

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::config;
use crate::metrics::PasswordMetrics;
use phc::{Memory, Stored};
use pool::Pool;

/// The password hasher of a server.
#[derive(Debug)]
pub struct Passwords {
    cost: Argon2Cost,
    /// A hash that no password has, for comparing when there is none to compare with.
    decoy: PhcString,
    pool: Pool,
}

/// What hashing may cost, and how much of it may go on at once.
#[derive(Clone, Copy, Debug)]
pub struct PasswordParams {
    /// Cost of one new hash.
    pub cost: Argon2Cost,
    /// How many hashes run at once; each takes a thread and the memory of its cost.
    pub hashes_max: NonZeroUsize,
    /// How many may wait for a thread.
    pub queue_max: usize,
    /// How long one may wait.
    pub queue_wait: Duration,
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
        let queue_max = match section.queue_max {
            0 => hashes_max.get().saturating_mul(4),
            waiting => usize::try_from(waiting).unwrap_or(usize::MAX),
        };
        let queue_wait = Duration::from_secs(u64::from(section.queue_seconds));
        Ok(Self { cost, hashes_max, queue_max, queue_wait })
    }
}

impl Passwords {
    /// Starts the threads of the pool; they end when this value is dropped.
    pub fn new(params: PasswordParams, metrics: PasswordMetrics) -> std::io::Result<Self> {
        let PasswordParams { cost, hashes_max, queue_max, queue_wait } = params;
        Ok(Self {
            cost,
            decoy: phc::decoy(cost),
            pool: Pool::start(hashes_max, queue_max, queue_wait, metrics)?,
        })
    }

    /// Hashes a password with a new salt of 128 bits.
    pub async fn hash(&self, password: &Password) -> Result<PhcString, Busy> {
        let (cost, password) = (self.cost, password.share());
        self.pool.run(move |memory| phc::hash(&password, cost, memory)).await?.ok_or_else(|| self.pool.busy())
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
    ) -> Result<PasswordVerdict, Busy> {
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
        self.pool.run(verify).await?.ok_or_else(|| self.pool.busy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(cost: Argon2Cost, queue_max: usize, wait_millis: u64) -> (Passwords, PasswordMetrics) {
        let hashes_max = NonZeroUsize::MIN;
        let params =
            PasswordParams { cost, hashes_max, queue_max, queue_wait: Duration::from_millis(wait_millis) };
        let metrics = PasswordMetrics::default();
        (Passwords::new(params, metrics.clone()).unwrap(), metrics)
    }

    fn cheap() -> Argon2Cost {
        Argon2Cost::new(64, 1, 1).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[tokio::test]
    async fn lg_02_the_whole_password_is_verified() {
        let (passwords, _) = passwords(cheap(), 8, 2_000);
        let long = "x".repeat(74) + "A" + &"y".repeat(5);
        let stored = passwords.hash(&password(&long)).await.unwrap();
        let other = "x".repeat(74) + "B" + &"y".repeat(5);
        assert!(passwords.verify(Some(stored.as_str()), &password(&long), true).await.unwrap().matches);
        assert!(!passwords.verify(Some(stored.as_str()), &password(&other), true).await.unwrap().matches);
    }

    #[tokio::test]
    async fn lg_06_argon2id_salted_and_rehashed_when_parameters_rise() {
        let (weak, _) = passwords(cheap(), 8, 2_000);
        let (strong, _) = passwords(Argon2Cost::new(128, 2, 1).unwrap(), 8, 2_000);
        let secret = password("a quiet morning by the sea");
        let (first, second) = (weak.hash(&secret).await.unwrap(), weak.hash(&secret).await.unwrap());
        assert_ne!(first.as_str(), second.as_str(), "each hash has its own salt");
        assert!(first.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        let salt = first.as_str().split('$').nth(4).unwrap();
        assert!(salt.len() * 6 >= 128, "salt of at least 128 bits");

        let verdict = strong.verify(Some(first.as_str()), &secret, true).await.unwrap();
        assert_eq!(verdict, PasswordVerdict { matches: true, needs_rehash: true });
        let renewed = strong.hash(&secret).await.unwrap();
        let verdict = strong.verify(Some(renewed.as_str()), &secret, true).await.unwrap();
        assert_eq!(verdict, PasswordVerdict { matches: true, needs_rehash: false });
        let wrong = strong.verify(Some(first.as_str()), &password("another"), true).await.unwrap();
        assert_eq!(wrong, PasswordVerdict { matches: false, needs_rehash: false });
    }

    #[tokio::test]
    async fn lg_08_an_unknown_user_costs_one_hash_like_any_other() {
        let (passwords, metrics) = passwords(cheap(), 8, 2_000);
        for stored in [None, Some("$2b$12$bcrypt"), Some("")] {
            let before = metrics.done.get();
            let verdict = passwords.verify(stored, &password("whatever it is"), true).await.unwrap();
            assert!(!verdict.matches);
            assert_eq!(metrics.done.get(), before + 1);
        }
    }

    #[tokio::test]
    async fn f_26_a_storm_waits_in_a_bounded_queue_then_is_told_to_come_back() {
        // Large enough that one hash outlasts the posting of the others.
        let (passwords, metrics) = passwords(Argon2Cost::new(19_456, 2, 1).unwrap(), 2, 5_000);
        let passwords = std::sync::Arc::new(passwords);
        let storm: Vec<_> = (0..40)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify(None, &password("storm"), true).await })
            })
            .collect();
        let (mut served, mut refused) = (0, 0);
        for attempt in storm {
            match attempt.await.unwrap() {
                Ok(_) => served += 1,
                Err(busy) => {
                    assert!(busy.retry_after_seconds >= 1);
                    refused += 1;
                }
            }
        }
        assert!(served >= 2 && refused >= 30, "served {served}, refused {refused}");
        assert_eq!(metrics.refused.get(), refused);
        assert_eq!((metrics.waiting.get(), metrics.running.get()), (0, 0));
    }

    #[tokio::test]
    async fn f_26_nobody_waits_longer_than_the_limit() {
        let (passwords, metrics) = passwords(Argon2Cost::new(65_536, 16, 1).unwrap(), 100, 100);
        let passwords = std::sync::Arc::new(passwords);
        let running = tokio::spawn({
            let passwords = passwords.clone();
            async move { passwords.verify(None, &password("first"), true).await }
        });
        while metrics.running.get() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(passwords.verify(None, &password("second"), true).await.is_err());
        assert!(running.await.unwrap().is_ok(), "a hash that has begun is finished");
    }
}
