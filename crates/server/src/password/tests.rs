//! Hashes and turns on one thread.

use std::net::Ipv4Addr;

use super::*;
use crate::limit::AddressKey;

/// One thread.
fn passwords(cost: Argon2Cost, waiting_max: usize, wait_millis: u64) -> (Arc<Passwords>, PasswordMetrics) {
    let (hashes_max, wait) = (NonZeroUsize::MIN, Duration::from_millis(wait_millis));
    let params = PasswordParams { cost, hashes_max, waiting_max, wait };
    let metrics = PasswordMetrics::default();
    (Arc::new(Passwords::new(params, metrics.clone()).unwrap()), metrics)
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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn f_26_a_hash_stands_back_for_all_else_that_the_server_does() {
    let priority = || rustix::process::getpriority_process(None).unwrap();
    let (passwords, _) = passwords(cheap(), 8, 2_000);
    let of_hashing = passwords.pool.run(move |_| priority()).await.unwrap();
    assert!(of_hashing > priority(), "{of_hashing} is no less than {}", priority());
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

/// A sign-in at this account and address.
fn candidate(account: u16, address: u8) -> Candidate {
    let account = std::array::from_fn(|at| if at == 0 { account as u8 } else { (account >> 8) as u8 });
    let address = AddressKey::of(Ipv4Addr::new(192, 0, 2, address).into());
    Candidate { rank: Rank::First, account, counted_as: account, address }
}

/// So many sign-ins, polled at once: how many were hashed.
async fn hashed(passwords: &Arc<Passwords>, candidates: impl Iterator<Item = Candidate>) -> usize {
    let mut running = tokio::task::JoinSet::new();
    for candidate in candidates {
        let passwords = Arc::clone(passwords);
        running.spawn(async move {
            let turn = passwords.turn(candidate).await;
            let hashed = turn.is_ok() && passwords.verify(None, &password("storm"), true).await.is_some();
            if let Err(busy) = turn {
                assert!(busy.retry_after_seconds >= 1);
            }
            hashed
        });
    }
    running.join_all().await.iter().filter(|hashed| **hashed).count()
}

/// Hashes long enough that all of a storm have come before the first is done.
fn slow() -> Argon2Cost {
    Argon2Cost::new(19_456, 2, 1).unwrap()
}

#[tokio::test]
async fn f_26_a_storm_waits_in_a_bounded_queue_then_is_told_to_come_back() {
    let (passwords, metrics) = passwords(slow(), 2, 5_000);
    let served = hashed(&passwords, (0..40).map(|account| candidate(account, 1))).await;
    assert!((3..10).contains(&served), "served {served}");
    assert_eq!(metrics.refused.get() as usize, 40 - served);
    assert_eq!((metrics.waiting.get(), metrics.running.get()), (0, 0));
}

#[tokio::test]
async fn k_08_a_burst_waits_for_as_long_as_its_hashes_take() {
    let (passwords, _) = passwords(slow(), WAITING_MAX, 5_000);
    assert_eq!(hashed(&passwords, (0..1).map(|account| candidate(account, 1))).await, 1, "its time is known");
    assert_eq!(hashed(&passwords, (0..8).map(|account| candidate(account, 1))).await, 8);
}

#[tokio::test]
async fn k_08_no_more_wait_than_are_hashed_in_the_time_that_one_may_wait() {
    // A hash takes longer than one may wait, so one waits behind the two that have a turn.
    let (passwords, metrics) = passwords(Argon2Cost::new(65_536, 16, 1).unwrap(), WAITING_MAX, 50);
    assert!(passwords.verify(None, &password("its time is known"), true).await.is_some());
    let served = hashed(&passwords, (0..40).map(|account| candidate(account, 1))).await;
    assert_eq!((served, metrics.refused.get()), (2, 38));
}

#[tokio::test]
async fn k_05_the_line_is_crowded_when_half_of_those_wait_that_may() {
    let (passwords, metrics) = passwords(cheap(), 4, 60_000);
    let turns =
        [passwords.turn(candidate(1, 1)).await.unwrap(), passwords.turn(candidate(2, 1)).await.unwrap()];
    let mut waiting = tokio::task::JoinSet::new();
    for wait in 1_u8..=2 {
        assert!(!passwords.is_crowded());
        let passwords = Arc::clone(&passwords);
        waiting.spawn(async move { passwords.turn(candidate(2 + u16::from(wait), 1)).await.is_ok() });
        while metrics.waiting.get() < i64::from(wait) {
            tokio::task::yield_now().await;
        }
    }
    assert!(passwords.is_crowded());
    drop(turns);
    assert_eq!(waiting.join_all().await, [true; 2]);
    assert!(!passwords.is_crowded());
}

#[tokio::test]
async fn f_26_nobody_waits_longer_than_the_limit() {
    let (passwords, metrics) = passwords(Argon2Cost::new(65_536, 16, 1).unwrap(), 100, 100);
    let (one, other) = (passwords.turn(candidate(1, 1)).await, passwords.turn(candidate(2, 1)).await);
    assert!(one.is_ok() && other.is_ok());
    assert!(passwords.turn(candidate(3, 1)).await.is_err());
    assert_eq!((metrics.waiting.get(), metrics.refused.get()), (0, 1));
    drop(one);
    assert!(passwords.turn(candidate(3, 1)).await.is_ok());
}

#[tokio::test]
async fn k_03_a_caller_that_goes_away_leaves_its_place_to_the_next() {
    let (passwords, metrics) = passwords(cheap(), 100, 60_000);
    let held = passwords.turn(candidate(1, 1)).await.unwrap();
    for _ in 0..3 {
        let gone = tokio::time::timeout(Duration::from_millis(1), passwords.turn(candidate(1, 1))).await;
        assert!(gone.is_err(), "one turn at a time for one account");
    }
    assert_eq!(metrics.waiting.get(), 0);
    // Called and gone in one moment: the place comes back.
    let mut waiting = Box::pin(passwords.turn(candidate(1, 1)));
    let polled =
        std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready())).await;
    assert!(!polled);
    drop(held);
    drop(waiting);
    assert!(passwords.turn(candidate(1, 1)).await.is_ok());
}

#[tokio::test]
async fn k_03_many_sign_ins_of_one_account_starve_nobody() {
    let (passwords, _) = passwords(slow(), WAITING_MAX, 30_000);
    let others = tokio::spawn({
        let passwords = Arc::clone(&passwords);
        async move { hashed(&passwords, (2..22).map(|account| candidate(account, 1))).await }
    });
    let done = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut of_one = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let (passwords, done) = (Arc::clone(&passwords), Arc::clone(&done));
        of_one.spawn(async move {
            let _turn = passwords.turn(candidate(1, 1)).await;
            let _verdict = passwords.verify(None, &password("of one account"), true).await;
            done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
    }
    assert_eq!(others.await.unwrap(), 20);
    let done = done.load(std::sync::atomic::Ordering::Relaxed);
    assert!(done <= 4, "{done} of the one account came first");
}
