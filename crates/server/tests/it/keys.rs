//! Signing keys through their life, as an operator and a verifier see it.

use std::sync::{Arc, LazyLock};

use proofkey_jose::{KeyError, SigningKey};
use proofkey_oauth::Issuer;
use proofkey_protocol::{Algorithm, Committed, KeyRecord, SigningAlgorithms};
use proofkey_server::config::{SealingKey, SealingKeySource, SealingKeys};
use proofkey_server::keys::{Keyring, Keys, PrivateKeySealer, Signers, rotate, rotate_now, rotation};
use proofkey_testkit::{AuthorizeRequest, Browser, Page, TestServer, decode, fixtures};

const DAY_SECONDS: i64 = 86_400;
pub(crate) static POLICY: LazyLock<rotation::RotationPolicy> = LazyLock::new(|| rotation::RotationPolicy {
    algorithms: SigningAlgorithms::default(),
    period_seconds: 90 * DAY_SECONDS,
    publish_ahead_seconds: DAY_SECONDS,
    keep_seconds: DAY_SECONDS,
});

/// What the fixtures' keys are sealed with.
const SEALING_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Whose keys they are, with every algorithm on.
fn signers(issuer: &str) -> Signers {
    Signers { issuer: Issuer::parse(issuer).unwrap(), algorithms: SigningAlgorithms::default() }
}

/// The keys as another node has them.
pub(crate) async fn of_a_node(server: &TestServer) -> Arc<Keys> {
    of_a_node_of(server, signers(&server.issuer)).await
}

/// The same with a list of algorithms.
pub(crate) async fn of_a_node_of(server: &TestServer, signers: Signers) -> Arc<Keys> {
    let sealing = Arc::new(SealingKey::parse(SEALING_KEY).unwrap().into());
    let keyring = Keyring::new(signers, sealing, SealingKeySource::Environment).unwrap();
    keyring.take_over(server.store().protocol(), server.now()).await.unwrap();
    keyring.now()
}

async fn keys(server: &TestServer) -> Vec<KeyRecord> {
    server.store().keys().await.unwrap()
}

/// The key that signs a ring's tokens at an instant so many seconds from now.
fn signs(records: &[KeyRecord], server: &TestServer, seconds: i64) -> String {
    let at = server.now() + seconds;
    rotation::active(records, rotation::ALGORITHMS[0], at).unwrap().kid.clone()
}

#[tokio::test]
async fn md_06_after_a_leak_no_key_that_lay_beside_it_ever_signs() {
    let server = TestServer::start().await;
    let node = of_a_node(&server).await;
    // Within the last day of the period the next key is published already, and was at rest while the leak happened.
    let late = server.now() + (89 * DAY_SECONDS + DAY_SECONDS / 2);
    let _ = rotate(server.store(), &node, &POLICY, late, late).await.unwrap();
    let before = keys(&server).await;
    let made = rotate_now(server.store(), &node, late).await.unwrap().unwrap();
    let after = keys(&server).await;
    for day in [90, 91, 100, 1_000] {
        let signer = signs(&after, &server, day * DAY_SECONDS);
        assert!(made.contains(&signer), "day {day}: {signer}");
    }
    let waiting: Vec<_> = before.iter().filter(|key| key.active_from > late).collect();
    assert_eq!(waiting.len(), rotation::ALGORITHMS.len());
    assert!(waiting.iter().all(|key| after.iter().all(|other| other.kid != key.kid)));
    let active = signs(&before, &server, 0);
    assert!(after.iter().any(|key| key.kid == active), "what it signed still verifies");
}

/// A server that began or looked while its clock ran ahead reads again what it had left out.
#[tokio::test]
async fn k_15_k_16_a_sealing_key_that_a_clock_ahead_took_for_ended_is_read_once_that_is_right() {
    let server = TestServer::start().await;
    let (new, end) = ("9".repeat(42) + "8", "2030-01-01T00:00:00Z");
    let path = server.data().join("two.key");
    SealingKey::parse(&new).unwrap().write_new(&path).unwrap();
    std::fs::write(&path, format!("{new}\nold {SEALING_KEY} until {end}\n")).unwrap();
    let sealing = Arc::new(SealingKeys::read(&path).unwrap());
    let signers = signers(&server.issuer);
    let keyring = Keyring::new(signers, sealing, SealingKeySource::Environment).unwrap();
    let tag = of_a_node(&server).await.artefacts().authenticate(b"test", b"message");
    for (at, read) in [(server.now() + 400 * 10 * DAY_SECONDS, false), (server.now(), true)] {
        keyring.take_over(server.store().protocol(), at).await.unwrap();
        assert_eq!(keyring.now().artefacts().is_authentic(b"test", b"message", &tag), read, "{at:?}");
    }
}

#[tokio::test]
async fn md_06_of_nodes_that_rotate_at_once_each_counts_what_it_made() {
    let server = TestServer::start().await;
    let node = of_a_node(&server).await;
    let (before, late) = (keys(&server).await.len(), server.now() + 89 * DAY_SECONDS);
    let on_schedule = || rotate(server.store(), &node, &POLICY, late, late);
    let (one, other) = tokio::join!(on_schedule(), on_schedule());
    let applied = one.unwrap().applied + other.unwrap().applied;
    assert_eq!(applied, rotation::ALGORITHMS.len());
    assert_eq!(keys(&server).await.len(), before + applied);

    let at_once = || rotate_now(server.store(), &node, late);
    let (one, other) = tokio::join!(at_once(), at_once());
    let stored = keys(&server).await;
    for kid in [one.unwrap(), other.unwrap()].into_iter().flatten().flatten() {
        assert!(stored.iter().any(|key| key.kid == kid), "{kid} is said to be made");
    }
}

#[tokio::test]
async fn f_19_a_wrong_sealing_key_is_refused_and_makes_no_keys() {
    let mut server = TestServer::start().await;
    let before = keys(&server).await;
    // A rotation is due, which must not happen under the wrong key.
    server.advance(400 * DAY_SECONDS);
    let wrong = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
    let refused = server.refusal_to_start("keys.sealing_key", wrong).await;
    assert!(refused.contains("does not open under this sealing key"), "{refused}");
    server.advance(-400 * DAY_SECONDS);
    server.restart().await;
    let kids = |records: &[KeyRecord]| records.iter().map(|key| key.kid.clone()).collect::<Vec<_>>();
    assert_eq!(kids(&keys(&server).await), kids(&before));
    let tokens = server.tokens(&fixtures::web(), "openid").await;
    assert!(kids(&before).contains(&decode(&tokens.access_token).header["kid"].as_str().unwrap().to_owned()));
}

#[tokio::test]
async fn pk_07_f_19_a_check_opens_those_keys_too_that_sign_nothing() {
    let server = TestServer::builder().set("keys.algorithms", "ES256, RS256").start().await;
    assert_eq!(server.admin().check_keys().await.unwrap().len(), keys(&server).await.len());
    let of_ed = keys(&server).await.into_iter().find(|key| key.algorithm == Algorithm::EdDsa).unwrap();
    let other = "UPDATE signing_keys SET sealed = (SELECT sealed FROM signing_keys WHERE algorithm = 'ES256') \
                 WHERE algorithm = 'EdDSA'";
    assert_eq!(server.sibling().await.change(other).await, 1);
    let refused = server.admin().check_keys().await.unwrap_err().to_string();
    assert!(refused.contains(&of_ed.kid) && refused.contains("does not open"), "{refused}");
}

#[tokio::test]
async fn pk_07_f_19_a_check_reads_what_is_in_those_keys_too_that_sign_nothing() {
    let server = TestServer::builder().set("keys.algorithms", "ES256, RS256").start().await;
    let of_ed = keys(&server).await.into_iter().find(|key| key.algorithm == Algorithm::EdDsa).unwrap();
    // The bytes of `SEALING_KEY`.
    let sealer = PrivateKeySealer::derive(&std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let own = sealer.open(&of_ed.kid, &of_ed.sealed).unwrap();
    let (another, of_another) = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let (_, of_es) = SigningKey::generate(Algorithm::Es256).unwrap();
    for (private, cause) in [
        (&of_another, Some(format!("the private key belongs to {}", another.kid()))),
        (&of_es, Some(KeyError::Rejected.to_string())),
        (&own, None),
    ] {
        let version = server.store().directory_versions().await.unwrap().keys;
        let sealed = vec![(of_ed.kid.clone(), sealer.seal(&of_ed.kid, private))];
        assert_eq!(server.store().reseal_keys(sealed, version).await.unwrap(), Committed::Applied);
        let told = server.admin().check_keys().await.map(|kids| kids.len()).map_err(|told| told.to_string());
        let expected = cause.map(|cause| format!("signing key {} is damaged: {cause}", of_ed.kid));
        assert_eq!(told, expected.map_or(Ok(keys(&server).await.len()), Err));
    }
}

/// A proxy may forward nothing but the issuer's path, so everything that a page needs stands below it.
#[tokio::test]
async fn md_01_pages_of_an_issuer_with_a_path_find_their_stylesheet_below_it() {
    for issuer in ["https://id.example", "https://id.example/tenants/one"] {
        let server = TestServer::builder().issuer(issuer).start().await;
        let mut browser = Browser::new(&server);
        let page: Page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
        let links: Vec<&str> =
            page.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let assets: Vec<_> = links.iter().filter(|link| link.contains("/assets/")).collect();
        assert_eq!(assets.len(), 2, "{links:?}");
        for link in assets {
            let path = link.strip_prefix(server.issuer_path()).expect("below the issuer");
            assert_eq!(server.get(path, &[]).await.status, 200, "{link}");
        }
    }
}

#[tokio::test]
async fn f_20_k_15_where_the_clock_is_behind_every_key_the_first_signs() {
    let server = TestServer::start().await;
    let records = keys(&server).await;
    for algorithm in rotation::ALGORITHMS {
        let first = rotation::active(&records, algorithm, server.now()).unwrap();
        let before = server.now() + -DAY_SECONDS;
        assert!(rotation::active(&records, algorithm, before).is_none());
        assert_eq!(rotation::signing(&records, algorithm, before).unwrap().kid, first.kid);
    }
    server.advance(-DAY_SECONDS);
    let taken = of_a_node(&server).await;
    server.advance(DAY_SECONDS);
    assert!(
        !taken.is_outdated(server.now()),
        "the keys that sign are the same when the clock is right again"
    );
}
