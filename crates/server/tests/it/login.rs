//! Signing in over the wire: passwords, limits, what disabling ends, and whose session is whose.

use std::collections::BTreeSet;

use proofkey_testkit::{
    AuthorizeRequest, Browser, Navigated, Page, StoredCookie, TestServer, TestUser, Tokens, fixtures,
};
use serde_json::json;

use crate::races::scaled;
use crate::support::consented;

const SCOPE: &str = "openid offline_access notes:read";

fn typed(username: &str, password: &str) -> TestUser {
    TestUser { username: username.into(), password: password.into() }
}

async fn sign_in_page(server: &TestServer, browser: &mut Browser) -> Page {
    let _ = server;
    browser.authorize(&AuthorizeRequest::new(&fixtures::web()).set("prompt", "login")).await.page()
}

/// The status of an attempt in a browser; 200 for one that signed in.
async fn attempt(server: &TestServer, browser: &mut Browser, user: &TestUser) -> u16 {
    let page = sign_in_page(server, browser).await;
    let before = browser.jar.find("sid").cloned();
    match browser.sign_in(&page, user).await {
        Navigated::Page(page) if page.is_sign_in() => {
            assert_eq!(browser.jar.find("sid").cloned(), before, "no session");
            let wait = page.header("retry-after");
            assert_eq!(page.status == 429, wait.parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{wait:?}");
            page.status
        }
        _ => {
            assert_ne!(browser.jar.find("sid").cloned(), before, "a session");
            200
        }
    }
}

/// Whether a user is signed in in this browser, as a client sees it without showing a page.
async fn is_signed_in(browser: &Browser) -> bool {
    let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "none");
    let departure = browser.clone().authorize(&request).await.redirect();
    let error = departure.param("error");
    assert!(["", "login_required", "consent_required"].contains(&error.as_str()), "{error}");
    error != "login_required"
}

#[tokio::test]
async fn lg_01_lg_02_lg_03_lg_04_passwords_are_compared_whole_and_normalised() {
    let server = TestServer::builder().set("limits.factor", 1_000).start().await;
    let words: String = (0..400).map(|n| format!("word{} ", n * n)).collect();
    let long = words[..80].to_owned();
    let differs = format!("{}X{}", &long[..74], &long[75..]);
    let too_long = "x".repeat(1_025);
    let longest = format!("{}.", &words[..1_023]);
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, u16)]);
    let cases: [Case<'_>; 6] = [
        ("long", &long, &[(&long, 200), (&differs, 400), (&long[..79], 400), (&format!("{long}0"), 400)]),
        ("longest", &longest, &[(&longest, 200), (&longest[..1_023], 400), (&too_long, 400)]),
        (
            "spaces",
            " leading and trailing ",
            &[(" leading and trailing ", 200), ("leading and trailing", 400)],
        ),
        (
            "unicode",
            "Zoë\u{301}ﬁne pass phrase ⅷ",
            &[
                ("Zoë\u{301}ﬁne pass phrase ⅷ", 200),
                ("Zoe\u{308}\u{301}fine pass phrase viii", 200),
                ("Zoefine pass phrase viii", 400),
            ],
        ),
        ("emoji", "🗝🌊🍎🚲🎈🐙🌵🧭🪁🍄🦔🛶🎻🧊🪐", &[("🗝🌊🍎🚲🎈🐙🌵🧭🪁🍄🦔🛶🎻🧊🪐", 200), ("🗝", 400)]),
        (
            "case",
            "all lower case letters",
            &[("all lower case letters", 200), ("All lower case letters", 400)],
        ),
    ];
    for (name, password, attempts) in cases {
        let _ = server.user(&typed(name, password), json!({})).await;
        for (sent, status) in attempts {
            let mut browser = Browser::new(&server);
            assert_eq!(attempt(&server, &mut browser, &typed(name, sent)).await, *status, "{name}: {sent:?}");
        }
    }
    let page = sign_in_page(&server, &mut Browser::new(&server)).await;
    assert!(page.html.contains("autocomplete=\"current-password\""), "password managers may fill it in");
    assert!(!page.html.contains("maxlength") && !page.html.contains("onpaste"), "{}", page.html);
}

#[tokio::test]
async fn lg_05_lg_06_stored_passwords_are_argon2id_and_never_the_password() {
    let server = TestServer::start().await;
    let _ = consented(&server, &fixtures::web()).await;
    let hashes = server.sibling().await.texts("SELECT password FROM users").await;
    assert_eq!(hashes.len(), 2);
    for hash in &hashes {
        let parts: Vec<&str> = hash.split('$').collect();
        assert_eq!((parts[1], parts[2]), ("argon2id", "v=19"), "{hash}");
        assert!(parts[4].len() >= 22 && parts[5].len() >= 43, "a salt of 128 bits: {hash}");
    }
    assert_ne!(hashes[0].split('$').nth(4), hashes[1].split('$').nth(4), "a salt of its own");
}

#[tokio::test]
async fn lg_07_v_62_v_63_an_account_is_limited_by_its_name_in_any_form_and_across_restarts() {
    let mut server = TestServer::builder().set("limits.login_address_burst", 100_000).start().await;
    let (ada, bob) = (fixtures::ada(), fixtures::bob());
    let mut owner = Browser::signed_in(&server, &ada).await;
    for name in ["ada", "ADA", " Ada ", "\u{ff41}da", "aDa", "ada", "ADA", "ada", "ada", "ada"] {
        let status = attempt(&server, &mut Browser::new(&server), &typed(name, "wrong")).await;
        assert_eq!(status, 400, "{name:?} is within the burst");
    }
    for restarted in [false, true] {
        if restarted {
            server.restart().await;
            owner = {
                let mut again = Browser::new(&server);
                again.jar = owner.jar;
                again
            };
        }
        for (name, password) in [("ada", "wrong"), ("ADA", "wrong"), ("ada", &ada.password)] {
            let status = attempt(&server, &mut Browser::new(&server), &typed(name, password)).await;
            assert_eq!(status, 429, "{name} {password}");
        }
        assert_eq!(attempt(&server, &mut Browser::new(&server), &bob).await, 200, "others are not");
        assert_eq!(
            attempt(&server, &mut owner, &ada).await,
            200,
            "a browser that ada used has its own count"
        );
    }
    server.advance(60);
    assert_eq!(attempt(&server, &mut Browser::new(&server), &typed("ada", "wrong")).await, 400);
    server.advance(60);
    assert_eq!(attempt(&server, &mut Browser::new(&server), &ada).await, 429, "the pause grows");
    server.advance(60);
    assert_eq!(attempt(&server, &mut Browser::new(&server), &ada).await, 200);
    assert_eq!(attempt(&server, &mut Browser::new(&server), &typed("ada", "wrong")).await, 400, "begun anew");
}

#[tokio::test]
async fn lg_07_v_48_ht_04_an_address_is_limited_whatever_it_claims_and_only_failures_count() {
    let server = TestServer::start().await;
    for _ in 0..15 {
        assert_eq!(attempt(&server, &mut Browser::new(&server), &fixtures::ada()).await, 200);
    }
    for name in 0..10 {
        let status =
            attempt(&server, &mut Browser::new(&server), &typed(&format!("nobody{name}"), "wrong")).await;
        assert_eq!(status, 400, "{name}");
    }
    let mut browser = Browser::new(&server);
    let page = sign_in_page(&server, &mut browser).await;
    let body = proofkey_testkit::form_body(&[
        ("flow", page.form().inputs.iter().find(|(name, _)| name == "flow").map_or("", |(_, value)| value)),
        ("username", "ada"),
        ("password", &fixtures::ada().password),
    ]);
    let cookies: Vec<String> =
        browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.1"),
        ("X_Forwarded_For", "203.0.113.2"),
        ("forwarded", "for=203.0.113.3"),
        ("x-real-ip", "203.0.113.4"),
        ("true-client-ip", "203.0.113.5"),
        ("cf-connecting-ip", "203.0.113.6"),
        ("x-client-ip", "203.0.113.7"),
    ] {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", &cookies.join("; ")),
            (name, value),
        ];
        let answer = server.send("POST", "/sign-in", &headers, body.clone()).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "6"), "{name}");
    }
    server.advance(6);
    assert_eq!(attempt(&server, &mut browser, &fixtures::ada()).await, 200);
}

#[tokio::test]
async fn lg_09_lg_14_v_61_disabling_ends_every_path_at_once() {
    let server = TestServer::builder().set("limits.factor", 1_000).start().await;
    let (web, spa, ada) = (fixtures::web(), fixtures::spa(), fixtures::ada());
    let mut browser = consented(&server, &web).await;
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let code = server.code_by(&mut browser, &request, &ada).await;
    let spent = server.code_by(&mut browser, &request, &ada).await;
    let tokens = Tokens::of(&server.redeem(&web, &spent).await);
    let asked = browser.authorize(&AuthorizeRequest::new(&spa)).await.page();
    assert!(asked.is_consent());
    let mut typing = Browser::new(&server);
    let half_typed = sign_in_page(&server, &mut typing).await;
    server.disable_user(&ada, true).await;

    assert!(typing.sign_in(&half_typed, &ada).await.page().is_sign_in(), "the form was open already");
    assert_eq!(attempt(&server, &mut Browser::new(&server), &ada).await, 400, "the password");
    assert_eq!(attempt(&server, &mut browser.clone(), &ada).await, 400, "the password in a known browser");
    assert!(!is_signed_in(&browser).await, "the session");
    match browser.clone().allow(&asked).await {
        Navigated::Page(page) => assert!(page.is_sign_in() || page.status == 400, "{}", page.html),
        Navigated::Redirect(departure) => assert_eq!(departure.param("code"), "", "consent issues nothing"),
    }
    assert_eq!(server.redeem(&web, &code).await.refusal(), (400, "invalid_grant".into()), "the code");
    let refresh = server.refresh(&web, &tokens.refresh_token).await;
    assert_eq!(refresh.refusal(), (400, "invalid_grant".into()), "the refresh token");
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 401, "userinfo");
    for token in [&tokens.access_token, &tokens.refresh_token] {
        assert!(!server.is_active(&web, token).await, "introspection");
    }
    server.disable_user(&ada, false).await;
    assert_eq!(attempt(&server, &mut Browser::new(&server), &ada).await, 200, "and back");
}

#[tokio::test]
async fn lg_09_v_61_a_locked_account_takes_no_password_not_even_where_the_form_was_open() {
    let server = TestServer::builder()
        .set("limits.login_account_failures_max", 5)
        .set("limits.login_address_burst", 100_000)
        .start()
        .await;
    let ada = fixtures::ada();
    let mut typing = Browser::new(&server);
    let half_typed = sign_in_page(&server, &mut typing).await;
    for _ in 0..5 {
        assert_eq!(attempt(&server, &mut Browser::new(&server), &typed("ada", "wrong")).await, 400);
    }
    assert!(typing.sign_in(&half_typed, &ada).await.page().is_sign_in());
    server.advance(30 * 86_400);
    assert_eq!(attempt(&server, &mut Browser::new(&server), &ada).await, 400, "no wait opens it");
    server.set_password("ada", "a-new-and-long-password-1").await;
    let status =
        attempt(&server, &mut Browser::new(&server), &typed("ada", "a-new-and-long-password-1")).await;
    assert_eq!(status, 200, "a reset does");
}

#[tokio::test]
async fn lg_12_v_56_every_authentication_has_a_new_secret_and_the_old_cookie_is_dead() {
    let server = TestServer::start().await;
    let mut browser = Browser::signed_in(&server, &fixtures::ada()).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let old = browser.clone();
        seen.push(browser.jar.find("sid").map(|cookie| cookie.value.clone()));
        assert_eq!(attempt(&server, &mut browser, &fixtures::ada()).await, 200);
        assert!(!seen.contains(&browser.jar.find("sid").map(|cookie| cookie.value.clone())));
        assert!(
            is_signed_in(&browser).await && !is_signed_in(&old).await,
            "the secret before is worth nothing"
        );
    }
    // A cookie planted before the sign-in never becomes a login.
    let planted = seen[0].clone().unwrap_or_default();
    let mut victim = Browser::new(&server);
    let name = browser.jar.find("sid").map(|cookie| cookie.name.clone()).unwrap_or_default();
    let (value, path, header) = (planted.clone(), "/".to_owned(), String::new());
    let cookie = StoredCookie { name, value, path, same_site: "lax".into(), is_session: true, header };
    victim.jar.cookies.push(cookie);
    let attacker = victim.clone();
    assert_eq!(attempt(&server, &mut victim, &fixtures::ada()).await, 200);
    assert!(is_signed_in(&victim).await && !is_signed_in(&attacker).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lg_06_sign_ins_at_once_succeed_although_the_first_renews_the_hash() {
    // The fixtures' hashes are weaker than what this server makes.
    let server = TestServer::builder().set("passwords.memory_kib", 256).start().await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let mut browser = Browser::new(&server);
        let page = sign_in_page(&server, &mut browser).await;
        attempts.spawn(async move {
            let _ = browser.sign_in(&page, &fixtures::ada()).await;
            browser
        });
    }
    for browser in attempts.join_all().await {
        assert!(is_signed_in(&browser).await, "the right password was taken for a wrong one");
    }
    let ada = server.store().credentials("ada").await.unwrap().unwrap();
    assert!(ada.password.unwrap().contains("m=256"), "and the hash was renewed");
}

/// Far more sign-ins at once than are hashed and may wait: those that find no place are told to come back, and tokens are
/// issued, refreshed and looked at meanwhile as ever. `PROOFKEY_CYCLES` is the number of storms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_26_a_storm_of_sign_ins_is_told_to_come_back_and_tokens_go_on() {
    const SIGN_INS: usize = 500;
    let server = TestServer::builder()
        .set("limits.factor", 1_000)
        .set("passwords.memory_kib", 19_456)
        .set("passwords.queue_max", 2)
        .set("passwords.queue_seconds", 30)
        .start()
        .await;
    let (service, web, storms) = (fixtures::service(), fixtures::web(), scaled(1, 100));
    let mut tokens = server.tokens(&web, "openid offline_access").await;
    let (mut hashed, mut meanwhile) = (0, 0);
    for round in 0..storms {
        let (mut storm, mut answers) = (tokio::task::JoinSet::new(), Vec::new());
        let mut browser = Browser::new(&server);
        let page = sign_in_page(&server, &mut browser).await;
        for number in 0..SIGN_INS {
            let (mut browser, page) = (browser.clone(), page.clone());
            storm.spawn(async move {
                let user = typed(&format!("nobody-{round}-{number}"), "whatever it is");
                let page = browser.sign_in(&page, &user).await.page();
                let header = |name| page.headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
                let wait = header("retry-after");
                let says = |wait: u64| page.html.contains(&format!("Try again in {wait} seconds."));
                assert!(wait.is_none_or(says), "{}", page.html);
                (page.status, wait)
            });
        }
        while !storm.is_empty() {
            assert_eq!(server.client_credentials(&service, &[]).await.status, 200);
            tokens = Tokens::of(&server.refresh(&web, &tokens.refresh_token).await);
            assert!(server.is_active(&web, &tokens.access_token).await);
            meanwhile += 3;
            while let Some(answer) = storm.try_join_next() {
                answers.push(answer.unwrap());
            }
        }
        let told = |status| answers.iter().filter(|answer| answer.0 == status).count();
        assert!(answers.iter().all(|(status, wait)| (*status == 429) == wait.is_some()));
        // From the time of a wait on, for half a minute, and not all at once.
        let waits: BTreeSet<u64> = answers.iter().filter_map(|(_, wait)| *wait).collect();
        assert!(waits.iter().all(|wait| (30..=60).contains(wait)) && waits.len() > 1, "{waits:?}");
        assert_eq!(told(400) + told(429), answers.len(), "{answers:?}");
        hashed += told(400);
        assert!((2..SIGN_INS / 2).contains(&told(400)), "hashed: {}", told(400));
        server.advance(3_600);
    }
    let sign_ins = storms * SIGN_INS;
    println!(
        "counted: {sign_ins} sign-ins, {hashed} of them hashed, {meanwhile} requests for and about tokens"
    );
    println!("cycles done: {storms}");
}

#[tokio::test]
async fn v_57_lg_12_a_sign_in_ends_no_session_by_its_id_alone() {
    let server = TestServer::start().await;
    let victim = Browser::signed_in(&server, &fixtures::ada()).await;
    let mut forged = victim.jar.find("sid").cloned().expect("ada is signed in");
    // The id is the `sid` of every ID token; the other half is a guess.
    let (id, secret) = forged.value.split_once('.').expect("two halves");
    forged.value = format!("{id}.{}", "A".repeat(secret.len()));
    let mut attacker = Browser::new(&server);
    let page = sign_in_page(&server, &mut attacker).await;
    attacker.jar.cookies.push(forged);
    let _ = attacker.sign_in(&page, &fixtures::bob()).await;
    assert!(is_signed_in(&attacker).await && is_signed_in(&victim).await);
}

#[tokio::test]
async fn v_56_a_page_that_another_browser_began_signs_nobody_in() {
    let server = TestServer::start().await;
    let mut attacker = Browser::new(&server);
    let of_attacker = sign_in_page(&server, &mut attacker).await;
    for mut victim in [Browser::new(&server), Browser::signed_in(&server, &fixtures::bob()).await] {
        let before = victim.jar.find("sid").cloned();
        let form = of_attacker.form();
        let mut inputs = form.inputs.clone();
        for (name, value) in &mut inputs {
            match name.as_str() {
                "username" => "ada".clone_into(value),
                "password" => fixtures::ada().password.clone_into(value),
                _ => {}
            }
        }
        // The request begins anew; the password is not looked at.
        let answer = victim.post(&form.action, &inputs).await;
        let page = victim.follow(&form.action, answer).await.page();
        assert!(page.is_sign_in() && page.status == 200, "{}", page.html);
        assert_eq!(victim.jar.find("sid").cloned(), before);
    }
    assert!(!is_signed_in(&attacker).await);
}

#[tokio::test]
async fn lg_13_sessions_end_by_idleness_and_by_age_on_the_server() {
    let server = TestServer::start().await;
    let idle = Browser::signed_in(&server, &fixtures::ada()).await;
    let busy = Browser::signed_in(&server, &fixtures::ada()).await;
    server.advance(43_199);
    assert!(is_signed_in(&busy).await);
    settle(&server).await;
    server.advance(1);
    assert!(!is_signed_in(&idle).await, "twelve hours without use");
    // Twelve hours less two minutes after a use that was noted, for a quarter of an hour had passed since the note before.
    server.advance(43_079);
    assert!(is_signed_in(&busy).await, "in use all day");
    settle(&server).await;
    server.advance(86_400 - 43_200 - 43_079 - 1);
    assert!(is_signed_in(&busy).await, "a second short of a day");
    settle(&server).await;
    server.advance(1);
    assert!(!is_signed_in(&busy).await, "a day old, however busy");
}

/// Waits for what the server writes without a sleep: a ping goes through the same writer, behind it.
async fn settle(server: &TestServer) {
    for _ in 0..3 {
        tokio::task::yield_now().await;
        server.store().ping().await.expect("the store writes");
    }
}

#[tokio::test]
async fn lg_16_there_is_no_account_that_nobody_added_and_nobody_verifies_an_address_by_asking() {
    let server = TestServer::builder().set("limits.factor", 1_000).start().await;
    for name in ["admin", "administrator", "root", "proofkey", "test", ""] {
        for password in ["", "admin", "password", "proofkey", "changeme-changeme"] {
            let status = attempt(&server, &mut Browser::new(&server), &typed(name, password)).await;
            assert_eq!(status, 400, "{name}:{password}");
        }
    }
    let eve = typed("eve", "a-password-for-eve-alone");
    let _ = server.user(&eve, json!({"email": "eve@example.com"})).await;
    let mut browser = Browser::new(&server);
    let request = AuthorizeRequest::new(&fixtures::web())
        .set("scope", "openid email")
        .set("claims", r#"{"userinfo":{"email_verified":{"value":true}}}"#)
        .set("email_verified", "true");
    let code = server.code_by(&mut browser, &request, &eve).await;
    let tokens = Tokens::of(&server.redeem(&fixtures::web(), &code).await);
    let userinfo = server.userinfo(&tokens.access_token).await.json();
    assert_eq!(userinfo["email"], "eve@example.com");
    assert_ne!(userinfo["email_verified"], true, "only the operator says so");
}
