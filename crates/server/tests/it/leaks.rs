//! What an operator does after a leak, and what a running server makes of it from its next request on.

use proofkey_jose::{Algorithm, Expected, JwkSet, KeySet, Typ, verify};
use proofkey_server::admin::{AdminRefused, KeysToRevoke};
use proofkey_store::NotedTime;
use proofkey_testkit::{
    AuthorizeRequest, Browser, Code, Navigated, Page, TestServer, Tokens, decode, fixtures,
};

use crate::support::rotate_sealing_key;

const SCOPE: &str = "openid profile offline_access notes:read";
const DAY_SECONDS: i64 = 86_400;

/// What is in the hands of others.
struct Held {
    /// A browser in which ada is signed in.
    browser: Browser,
    tokens: Tokens,
    /// A token of a client's own.
    service: String,
    code: Code,
    sign_in: (Browser, Page),
    consent: (Browser, Page),
    logout: Page,
}

impl Held {
    async fn of(server: &TestServer) -> Self {
        let request = AuthorizeRequest::new(&fixtures::web()).set("scope", SCOPE);
        let mut browser = Browser::new(server);
        let first = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&fixtures::web(), &first).await);
        let service = server.client_credentials(&fixtures::service(), &[]).await;
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let mut stranger = Browser::new(server);
        let page = stranger.authorize(&request).await.page();
        assert!(page.is_sign_in());
        let mut asked = browser.clone();
        let consent = asked.authorize(&request.clone().set("prompt", "consent")).await.page();
        assert!(consent.is_consent());
        let logout = browser.open("/end-session").await.page();
        Self {
            browser,
            tokens,
            service: Tokens::of(&service).access_token,
            code,
            sign_in: (stranger, page),
            consent: (asked, consent),
            logout,
        }
    }

    fn with_hint(&self) -> AuthorizeRequest {
        AuthorizeRequest::new(&fixtures::web())
            .set("prompt", "none")
            .set("id_token_hint", &self.tokens.id_token)
    }
}

/// Whether a hint is taken for one of ours.
async fn takes_hint(held: &Held) -> bool {
    let answer = held.browser.clone().authorize(&held.with_hint()).await.redirect();
    // Of a hint that is taken it is asked whether its user is signed in.
    !answer.param("code").is_empty() || answer.param("error") == "login_required"
}

async fn key_ids(server: &TestServer) -> Vec<String> {
    let set = JwkSet::from_json(server.get("/jwks", &[]).await.body.as_bytes()).unwrap();
    set.keys.iter().map(|key| key.kid.clone().unwrap()).collect()
}

async fn verifies(server: &TestServer, token: &str) -> bool {
    let set = JwkSet::from_json(server.get("/jwks", &[]).await.body.as_bytes()).unwrap();
    verify(token, &KeySet::from_jwks(&set), &Expected { typ: &Typ::ALL, algorithms: &Algorithm::ALL }).is_ok()
}

fn kid(token: &str) -> String {
    decode(token).header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn k_16_what_a_revoked_signing_key_signed_is_refused_by_the_next_request_whichever_that_is() {
    const DOORS: usize = 9;
    let server = TestServer::builder().set("limits.factor", 1000).start().await;
    for door in 0..DOORS {
        let held = Held::of(&server).await;
        let (web, service) = (fixtures::web(), fixtures::service());
        let before = key_ids(&server).await;
        assert!(takes_hint(&held).await && server.is_active(&service, &held.service).await);
        // So that a look at the client and at the keys is remembered.
        let _warm = Tokens::of(&server.client_credentials(&service, &[]).await);
        let revoked = server.admin().revoke_keys(&KeysToRevoke::All).await.unwrap();
        assert_eq!((revoked.made.len(), before.iter().all(|kid| revoked.revoked.contains(kid))), (3, true));
        // The first request after it is another one each time.
        match door {
            0 => assert_eq!(server.userinfo(&held.tokens.access_token).await.status, 401),
            1 => assert!(!server.is_active(&web, &held.tokens.access_token).await),
            2 => assert!(!server.is_active(&service, &held.service).await),
            3 => assert!(key_ids(&server).await.iter().all(|kid| !before.contains(kid))),
            4 => assert!(!takes_hint(&held).await),
            5 => {
                let path = format!("/end-session?id_token_hint={}", held.tokens.id_token);
                assert!(held.browser.clone().open(&path).await.page().is_logout(), "it is asked");
            }
            6 => {
                // No facts are read for a client that was active a moment ago: the command has waited for that to be over.
                let answer = server.client_credentials(&service, &[]).await;
                assert!(verifies(&server, &Tokens::of(&answer).access_token).await);
            }
            // The redemption below.
            7 => {}
            _ => {
                let fresh = Tokens::of(&server.refresh(&web, &held.tokens.refresh_token).await);
                assert!(
                    verifies(&server, &fresh.access_token).await && verifies(&server, &fresh.id_token).await
                );
                assert_eq!(server.userinfo(&fresh.access_token).await.status, 200, "nobody is signed out");
            }
        }
        let fresh = Tokens::of(&server.redeem(&web, &held.code).await);
        assert!(!before.contains(&kid(&fresh.access_token)) && !before.contains(&kid(&fresh.id_token)));
        let stored = server.store().keys().await.unwrap();
        assert_eq!(stored.len(), 3);
    }
}

#[tokio::test]
async fn k_16_one_key_can_be_revoked_and_the_other_rings_stay() {
    let server = TestServer::start().await;
    let held = Held::of(&server).await;
    let (access, id) = (kid(&held.tokens.access_token), kid(&held.tokens.id_token));
    assert_ne!(access, id, "two rings");
    let revoked = server.admin().revoke_keys(&KeysToRevoke::One(access.clone())).await.unwrap();
    assert_eq!((revoked.revoked, revoked.made.len()), (vec![access.clone()], 1));
    assert_eq!(server.userinfo(&held.tokens.access_token).await.status, 401);
    let published = key_ids(&server).await;
    assert!(!published.contains(&access) && published.contains(&id));
    assert!(takes_hint(&held).await, "the ID token is of another ring");
    let again = server.admin().revoke_keys(&KeysToRevoke::One(access)).await;
    assert!(matches!(again, Err(AdminRefused::Missing { .. })));
}

#[tokio::test]
async fn k_17_a_hint_of_a_retired_key_is_good_for_a_year_and_one_of_a_revoked_key_never() {
    let mut server = TestServer::start().await;
    let held = Held::of(&server).await;
    let kid = kid(&held.tokens.id_token);
    let _ = server.admin().rotate_keys().await.unwrap();
    server.advance(2 * DAY_SECONDS + 7_200);
    server.restart().await;
    assert!(!key_ids(&server).await.contains(&kid), "it is out of the key set");
    assert!(!verifies(&server, &held.tokens.id_token).await);
    assert!(takes_hint(&held).await);
    let own = format!("/end-session?id_token_hint={}", held.tokens.id_token);
    assert!(
        !matches!(held.browser.clone().open(&own).await, Navigated::Page(page) if page.is_logout()),
        "not even asked"
    );
    let held = Held::of(&server).await;
    assert!(takes_hint(&held).await);

    let old = server.store().retired_keys(server.now()).await.unwrap();
    assert!(old.iter().any(|(retired, _)| *retired == kid));
    assert_eq!(server.store().retired_keys(server.now() + 366 * DAY_SECONDS).await.unwrap(), []);
    server.admin().revoke_keys(&KeysToRevoke::One(kid)).await.unwrap();
    assert_eq!(server.store().retired_keys(server.now()).await.unwrap().len(), old.len() - 1);
    server.admin().revoke_keys(&KeysToRevoke::All).await.unwrap();
    assert_eq!(server.store().retired_keys(server.now()).await.unwrap(), []);
    assert!(!takes_hint(&held).await);
}

#[tokio::test]
async fn k_16_after_a_rotation_of_the_sealing_key_nobody_notices_and_the_old_one_ends() {
    let mut server = TestServer::builder().sealing_key_in_file().start().await;
    let (held, web) = (Held::of(&server).await, fixtures::web());
    let old_key = server.sealing_key_file();
    let rotated = rotate_sealing_key(&server, false).await.unwrap();
    let end = rotated.old_read_until.unwrap();
    assert_eq!((end - server.now(), rotated.resealed), (30 * DAY_SECONDS, 3));
    let second = Tokens::of(&server.refresh(&web, &held.tokens.refresh_token).await).refresh_token;
    let _ = Tokens::of(&server.redeem(&web, &held.code).await);
    let (mut browser, page) = held.sign_in;
    assert!(
        !matches!(browser.sign_in(&page, &fixtures::ada()).await, Navigated::Page(page) if page.is_sign_in())
    );
    let (mut browser, page) = held.consent;
    assert_ne!(browser.allow(&page).await.redirect().param("code"), "");
    // What it makes now, the old one does not read: a server that knows no other refuses it.
    let new_key = server.sealing_key_file();
    assert_eq!((old_key.lines().count(), new_key.lines().count()), (1, 2));
    assert!(new_key.contains(old_key.trim().trim_end_matches('=')));
    server.restart().await;
    let third = Tokens::of(&server.refresh(&web, &second).await).refresh_token;
    server.advance(30 * DAY_SECONDS - 1);
    let fourth = Tokens::of(&server.refresh(&web, &third).await).refresh_token;
    server.advance(1);
    server.restart().await;
    let _ = Tokens::of(&server.refresh(&web, &fourth).await);
    assert_eq!(
        server.refresh(&web, &held.tokens.refresh_token).await.refusal(),
        (400, "invalid_grant".into())
    );
    server.write_sealing_key_file(new_key.lines().next().unwrap());
    server.restart().await;
    assert_eq!(server.get("/jwks", &[]).await.status, 200, "the old one is needed for nothing");
}

#[tokio::test]
async fn k_16_what_a_revoked_sealing_key_made_is_refused_by_the_next_request_whichever_that_is() {
    const DOORS: usize = 7;
    for door in 0..DOORS {
        let server = TestServer::builder().sealing_key_in_file().set("limits.factor", 1000).start().await;
        let (held, web) = (Held::of(&server).await, fixtures::web());
        let rotated = rotate_sealing_key(&server, true).await.unwrap();
        assert_eq!(rotated.old_read_until, None);
        let refresh = held.tokens.refresh_token.as_str();
        match door {
            0 => assert_eq!(server.redeem(&web, &held.code).await.refusal(), (400, "invalid_grant".into())),
            1 => assert_eq!(server.refresh(&web, refresh).await.refusal(), (400, "invalid_grant".into())),
            2 => assert!(!server.is_active(&web, refresh).await),
            3 => {
                let (mut browser, page) = held.sign_in;
                let next = browser.sign_in(&page, &fixtures::ada()).await;
                assert!(matches!(next, Navigated::Page(page) if !page.is_consent()), "a page to begin anew");
            }
            4 => {
                let (mut browser, page) = held.consent;
                let next = browser.allow(&page).await;
                assert!(
                    !matches!(next, Navigated::Redirect(departure) if !departure.param("code").is_empty())
                );
            }
            5 => {
                let mut browser = held.browser.clone();
                let _ = browser.submit(&held.logout, &[], "sign_out").await;
                let request = AuthorizeRequest::new(&web).set("prompt", "none");
                assert_eq!(
                    browser.authorize(&request).await.redirect().param("error"),
                    "",
                    "still signed in"
                );
            }
            _ => {
                // A code that is made by the first request afterwards is good.
                let mut browser = held.browser.clone();
                let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
                let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
                let tokens = Tokens::of(&server.redeem(&web, &code).await);
                let _ = Tokens::of(&server.refresh(&web, &tokens.refresh_token).await);
            }
        }
        assert_eq!(server.sealing_key_file().lines().count(), 1);
        assert_eq!(server.userinfo(&held.tokens.access_token).await.status, 200, "signing keys are others");
        let mut server = server;
        server.restart().await;
        assert_eq!(server.refresh(&web, refresh).await.refusal(), (400, "invalid_grant".into()));
    }
}

#[tokio::test]
async fn k_16_f_19_a_rotation_that_was_cut_off_is_finished_by_the_next_start() {
    let mut server = TestServer::builder().sealing_key_in_file().start().await;
    let (held, web) = (Held::of(&server).await, fixtures::web());
    let old = server.sealing_key_file();
    let new = "9999999999999999999999999999999999999999998";
    for (file, refreshes) in [(format!("{new}\nrevoked {old}"), false), (new.to_owned(), false)] {
        server.stop().await;
        server.write_sealing_key_file(&file);
        server.restart().await;
        let answer = server.refresh(&web, &held.tokens.refresh_token).await;
        assert_eq!(answer.status == 200, refreshes, "{file}");
        let _ = server.tokens(&web, SCOPE).await;
    }
}

#[tokio::test]
async fn k_16_a_sealing_key_can_be_revoked_however_many_older_ones_stand_in_the_file() {
    let server = TestServer::builder().sealing_key_in_file().start().await;
    let (held, web) = (Held::of(&server).await, fixtures::web());
    let old = ('B'..='Q').map(|key| format!("old {key}{}\n", "A".repeat(42))).collect::<String>();
    server.write_sealing_key_file(&format!("{}\n{old}", server.sealing_key_file().trim()));
    let full = rotate_sealing_key(&server, false).await.unwrap_err();
    assert!(full.to_string().contains("more than 16"), "{full}");
    rotate_sealing_key(&server, true).await.unwrap();
    assert_eq!(server.sealing_key_file().lines().count(), 1);
    assert_eq!(
        server.refresh(&web, &held.tokens.refresh_token).await.refusal(),
        (400, "invalid_grant".into())
    );
    let _ = server.tokens(&web, SCOPE).await;
}

#[tokio::test]
async fn k_15_k_16_a_rotation_by_a_clock_ahead_drops_no_key_that_is_still_read() {
    let server = TestServer::builder().sealing_key_in_file().start().await;
    let noted = NotedTime { latest: server.now(), ahead_by: 0, ahead_millis: 0 };
    server.store().note_time(noted).await.unwrap();
    rotate_sealing_key(&server, false).await.unwrap();
    server.clock.set_by(40 * DAY_SECONDS);
    rotate_sealing_key(&server, false).await.unwrap();
    assert_eq!(server.sealing_key_file().lines().count(), 3);
}

#[tokio::test]
async fn k_16_readiness_tells_that_the_keys_as_they_are_stored_cannot_be_loaded() {
    let server = TestServer::builder().sealing_key_in_file().start().await;
    let file = server.sealing_key_file();
    let ready = async |status: u16| {
        for _ in 0..2_000 {
            let answer = server.get("/readyz", &[]).await;
            if answer.status == status {
                return answer.body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("never {status}")
    };
    assert_eq!(ready(200).await, "ready");
    server.write_sealing_key_file("no key");
    let moved = "UPDATE directory_versions SET keys = keys + 1, sealing = sealing + 1";
    server.sibling().await.execute(moved).await;
    let cause = ready(503).await;
    assert_eq!(cause, "the keys cannot be loaded: the sealing key cannot be read; the log says more");
    server.write_sealing_key_file(&file);
    assert_eq!(ready(200).await, "ready");
}

#[tokio::test]
async fn k_16_a_sealing_key_from_the_environment_is_changed_there() {
    let server = TestServer::start().await;
    let refused = rotate_sealing_key(&server, true).await.unwrap_err();
    assert!(matches!(refused, AdminRefused::SealingKeyInEnvironment));
    assert!(refused.to_string().contains("PROOFKEY_KEYS__SEALING_KEY"), "{refused}");
}

#[tokio::test]
async fn k_16_f_19_keys_rotate_and_are_sealed_anew_at_once_and_none_is_lost() {
    let server = TestServer::builder().sealing_key_in_file().start().await;
    let web = fixtures::web();
    for _ in 0..6 {
        let other = server.admin();
        let (sealing, signing) = tokio::join!(rotate_sealing_key(&server, false), other.rotate_keys());
        assert!(sealing.is_ok(), "{sealing:?}");
        assert!(matches!(signing, Ok(_) | Err(AdminRefused::RotatedElsewhere)), "{signing:?}");
        let tokens = server.tokens(&web, SCOPE).await;
        assert!(verifies(&server, &tokens.access_token).await);
    }
    let mut server = server;
    server.write_sealing_key_file(server.sealing_key_file().lines().next().unwrap());
    server.restart().await;
    assert!(verifies(&server, &server.tokens(&web, SCOPE).await.access_token).await);
}
