//! Keys that rotate under load on two nodes: signing keys before verifiers that cache the key set, and the sealing key.
//! `PROOFKEY_CYCLES` is the number of rotations.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use proofkey_jose::{Algorithm, Expected, JwkSet, KeySet, Typ, verify};
use proofkey_protocol::SigningAlgorithms;
use proofkey_resource::{Clock, Protect, ProtectLayer};
use proofkey_server::keys::{rotate, rotation};
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, decode, fixtures};
use tokio::task::JoinSet;

use super::Nodes;
use super::sealing_keys::{nodes, prepared, used};
use crate::keys::of_a_node;
use crate::races::scaled;

const SCOPE: &str = "openid offline_access notes:read";
/// What verifiers may cache the key set for.
const CACHED_SECONDS: i64 = 10;
/// How long tokens live.
const LIFE_SECONDS: i64 = 30;
/// A schedule as the configured one is, in seconds rather than days.
static POLICY: LazyLock<rotation::RotationPolicy> = LazyLock::new(|| rotation::RotationPolicy {
    algorithms: SigningAlgorithms::default(),
    period_seconds: 60,
    publish_ahead_seconds: 2 * CACHED_SECONDS,
    keep_seconds: LIFE_SECONDS + 5,
});
/// Tokens that are asked for in a second of the clock.
const TOKENS: usize = 8;
/// Rotations of one pair of nodes: a file holds so many old sealing keys, and a few more.
const SEALING_ROTATIONS: usize = 12;

/// A verifier that fetches the key set when what it has is too old, and at no other time.
struct Naive {
    node: Arc<TestServer>,
    keys: KeySet,
    fetched_at: i64,
}

impl Naive {
    async fn of(node: &Arc<TestServer>) -> Self {
        let mut verifier =
            Self { node: Arc::clone(node), keys: KeySet::new([]), fetched_at: node.now().seconds() };
        verifier.fetch().await;
        verifier
    }

    async fn fetch(&mut self) {
        let answer = self.node.get("/jwks", &[]).await;
        assert!(answer.header("cache-control").contains(&format!("max-age={CACHED_SECONDS}")), "{answer:?}");
        self.keys = KeySet::from_jwks(&JwkSet::from_json(answer.body.as_bytes()).unwrap());
        self.fetched_at = self.node.now().seconds();
    }

    async fn assert_verifies(&mut self, token: &str) {
        if self.node.now().seconds() >= self.fetched_at + CACHED_SECONDS {
            self.fetch().await;
        }
        let expected = Expected { typ: &Typ::ALL, algorithms: &Algorithm::ALL };
        let verified = verify(token, &self.keys, &expected);
        assert!(verified.is_ok(), "{:?}: {:?}", decode(token).header, verified.err());
    }
}

/// The resource library before the API of notes, by the clock of the servers.
fn library(node: &TestServer) -> ProtectLayer {
    let clock = node.clock.clone();
    let protect = Protect::new(&node.issuer, fixtures::NOTES).clock(Clock::from_fn(move || clock.now()));
    protect.build().unwrap()
}

/// Tokens that both nodes give at once: clients' own, and what comes of one refresh.
async fn given(nodes: &Nodes, refresh_token: &mut String, second: usize) -> (Vec<String>, Option<String>) {
    let mut asked = JoinSet::new();
    for number in 0..TOKENS {
        let node = nodes.nth(number);
        asked.spawn(async move { node.client_credentials(&fixtures::service(), &[]).await });
    }
    let refreshed = nodes.nth(second).refresh(&fixtures::web(), refresh_token).await;
    let refreshed = Tokens::of(&refreshed);
    refresh_token.clone_from(&refreshed.refresh_token);
    let own = asked.join_all().await.into_iter().map(|answer| Tokens::of(&answer).access_token);
    let id_token = Some(refreshed.id_token).filter(|token| !token.is_empty());
    (own.chain([refreshed.access_token]).collect(), id_token)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_18_md_05_keys_that_rotate_under_load_fail_no_verifier() {
    let rotations = scaled(3, 100);
    let builder = || {
        let builder =
            TestServer::builder().set("limits.factor", 1_000).set("tokens.id_seconds", LIFE_SECONDS);
        let builder = builder.set("tokens.access_seconds", LIFE_SECONDS);
        builder.set("keys.jwks_max_age_seconds", CACHED_SECONDS)
    };
    let nodes = Nodes::of(builder).await;
    let (keys, library) = (of_a_node(&nodes.one).await, library(&nodes.one));
    let mut naive = [Naive::of(&nodes.one).await, Naive::of(&nodes.other).await];
    let mut refresh_token = nodes.one.tokens(&fixtures::web(), SCOPE).await.refresh_token;
    let (mut alive, mut seen, mut verified) = (VecDeque::<(i64, String)>::new(), Vec::new(), 0_usize);
    for second in 0.. {
        nodes.one.advance(1);
        let now = nodes.one.now();
        let _ = rotate(nodes.one.store(), &keys, &POLICY, now, now).await.unwrap();
        let (access, id_token) = given(&nodes, &mut refresh_token, second).await;
        for token in &access {
            let kid = decode(token).header["kid"].clone();
            if !seen.contains(&kid) {
                seen.push(kid);
            }
            let allowed = library.authorize(token).await;
            assert!(allowed.is_ok(), "{:?}: {:?}", decode(token).header, allowed.err());
        }
        alive.extend(access.into_iter().chain(id_token).map(|token| (now.seconds(), token)));
        alive.retain(|(given_at, _)| now.seconds() < given_at + LIFE_SECONDS);
        for (_, token) in &alive {
            for verifier in &mut naive {
                verifier.assert_verifies(token).await;
            }
        }
        verified += 2 * alive.len();
        if seen.len() > rotations {
            break;
        }
        assert!(second < 70 * (rotations + 2), "keys do not rotate");
    }
    let published = nodes.one.get("/jwks", &[]).await.json()["keys"].as_array().unwrap().len();
    assert!(published <= 9, "what is over is removed: {published}");
    println!("counted: {verified} verifications of tokens by cached key sets");
    println!("cycles done: {rotations}");
}

/// One client: from the code to the fifth refresh, each step on the other node, until it is told to stop.
async fn work(nodes: [Arc<TestServer>; 2], stop: Arc<AtomicBool>, requests: Arc<AtomicUsize>) {
    let (web, mut turn) = (fixtures::web(), 0_usize);
    let mut next = || {
        turn += 1;
        requests.fetch_add(1, Ordering::SeqCst);
        Arc::clone(&nodes[turn % 2])
    };
    let mut browser = Browser::new(&next());
    while !stop.load(Ordering::SeqCst) {
        let node = next();
        browser = browser.at(&node);
        let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
        let code = node.code_by(&mut browser, &request, &fixtures::ada()).await;
        let mut tokens = Tokens::of(&next().redeem(&web, &code).await);
        for _ in 0..5 {
            tokens = Tokens::of(&next().refresh(&web, &tokens.refresh_token).await);
            assert!(next().is_active(&web, &tokens.access_token).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_19_k_16_a_sealing_key_that_is_rotated_under_load_fails_no_request() {
    let rotations = scaled(3, 100);
    let (mut done, requests) = (0, Arc::new(AtomicUsize::new(0)));
    while done < rotations {
        let (nodes, stop, mut clients) = (nodes().await, Arc::new(AtomicBool::new(false)), JoinSet::new());
        for _ in 0..3 {
            let both = [Arc::clone(&nodes.one), Arc::clone(&nodes.other)];
            clients.spawn(work(both, Arc::clone(&stop), Arc::clone(&requests)));
        }
        for _ in 0..SEALING_ROTATIONS.min(rotations - done) {
            let _id = prepared(&nodes.one).await;
            nodes.other.write_sealing_key_file(&nodes.one.sealing_key_file());
            used(&nodes.one, false).await;
            nodes.other.write_sealing_key_file(&nodes.one.sealing_key_file());
            done += 1;
            assert!(clients.try_join_next().is_none(), "a request failed: the client's panic says which");
        }
        stop.store(true, Ordering::SeqCst);
        clients.join_all().await;
    }
    println!("counted: {} requests", requests.load(Ordering::SeqCst));
    println!("cycles done: {rotations}");
}
