//! Signing out over the wire (OpenID Connect RP-Initiated Logout 1.0).

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_testkit::{
    AuthorizeRequest, Browser, Navigated, RedirectKind, TestClient, TestServer, TestUser, Tokens, decode,
    fixtures, form_body,
};

use crate::support::consented_as;

const SCOPE: &str = "openid offline_access notes:read";
const BYE: &str = "https://web.example/bye";

/// A browser in which a user is signed in, and what a client got there.
async fn visitor(server: &TestServer, client: &TestClient, user: &TestUser) -> (Browser, Tokens) {
    let mut browser = consented_as(server, client, user).await;
    let code = server.code_by(&mut browser, &AuthorizeRequest::new(client).set("scope", SCOPE), user).await;
    (browser, Tokens::of(&server.redeem(client, &code).await))
}

/// Whether the session that a browser's cookie names still signs its user in.
async fn is_signed_in(browser: &Browser) -> bool {
    let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "none");
    let departure = browser.clone().authorize(&request).await.redirect();
    match departure.param("error").as_str() {
        "" | "consent_required" => true,
        "login_required" => false,
        error => panic!("{error}"),
    }
}

fn address(params: &[(&str, &str)]) -> String {
    format!("/end-session?{}", form_body(params))
}

fn forged(token: &str, header: &str) -> String {
    let rest = token.split_once('.').map_or("", |(_, rest)| rest);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

#[tokio::test]
async fn lo_01_lo_03_without_a_hint_of_this_user_everybody_is_asked_first() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let (browser, tokens) = visitor(&server, &web, &fixtures::ada()).await;
    let (_, of_bob) = visitor(&server, &web, &fixtures::bob()).await;
    let elsewhere = TestServer::start().await;
    let foreign = elsewhere.tokens(&web, SCOPE).await;
    let hint = tokens.id_token.as_str();
    let none = forged(hint, r#"{"alg":"none","typ":"JWT"}"#);
    let unsigned = format!("{}.", none.rsplit_once('.').map_or("", |(front, _)| front));
    let cut = &hint[..hint.len() - 1];
    let of_another_client = ("client_id", "spa");
    let cases: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("no hint", vec![]),
        ("a client alone", vec![("client_id", "web")]),
        ("garbage", vec![("id_token_hint", "x.y.z")]),
        ("alg none", vec![("id_token_hint", &none)]),
        ("alg none, unsigned", vec![("id_token_hint", &unsigned)]),
        ("cut short", vec![("id_token_hint", cut)]),
        ("an access token", vec![("id_token_hint", &tokens.access_token)]),
        ("of another user", vec![("id_token_hint", &of_bob.id_token)]),
        ("of another issuer", vec![("id_token_hint", &foreign.id_token)]),
        ("for another client than the one named", vec![("id_token_hint", hint), of_another_client]),
    ];
    for (what, mut params) in cases {
        params.extend([("post_logout_redirect_uri", BYE), ("state", "s")]);
        for by_post in [false, true] {
            let mut browser = browser.clone();
            let outcome = match by_post {
                false => browser.open(&address(&params)).await,
                true => {
                    let answer = browser.post_cross_site("/end-session", &params).await;
                    assert_eq!(answer.status, 303, "{what}: taken up as a GET, which carries the cookie");
                    browser.follow("/end-session", answer).await
                }
            };
            let page = outcome.page();
            assert!(page.status == 200 && page.is_logout(), "{what} {by_post}: {}", page.html);
            assert!(is_signed_in(&browser).await, "{what}: nobody is signed out unasked");
            let stayed = browser.submit(&page, &[], "stay").await.page();
            assert_eq!(stayed.status, 200, "{what}");
            assert!(is_signed_in(&browser).await);
        }
    }
    let mut asked = browser.clone();
    let page = asked.open("/end-session").await.page();
    let done = asked.submit(&page, &[], "sign_out").await.page();
    assert_eq!(done.status, 200);
    assert!(asked.jar.find("sid").is_none() && !is_signed_in(&browser).await, "asked and confirmed");
    let again = browser.clone().open("/end-session").await.page();
    assert!(again.status == 200 && !again.is_logout(), "nobody is there to ask");
}

#[tokio::test]
async fn lo_02_the_browser_goes_on_only_to_an_address_of_the_hinted_client_byte_for_byte() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let cases = [
        (BYE, true),
        ("https://web.example/bye/", false),
        ("https://web.example/BYE", false),
        ("https://WEB.example/bye", false),
        ("https://web.example/bye?x=1", false),
        ("https://web.example/bye#x", false),
        ("https://web.example:443/bye", false),
        ("https://web.example/a/../bye", false),
        ("https://web.example/%62ye", false),
        ("https://web.example.evil/bye", false),
        ("https://web.example@evil.example/bye", false),
        ("//web.example/bye", false),
        ("/bye", false),
        ("javascript:alert(1)", false),
        ("https://web.example/callback", false),
        ("https://app.example/bye", false),
        ("Your account is suspended. Call +1 555 0100", false),
    ];
    for (uri, goes) in cases {
        let (mut browser, tokens) = visitor(&server, &web, &fixtures::ada()).await;
        let params =
            [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", uri), ("state", "a b+%&ü")];
        match browser.open(&address(&params)).await {
            Navigated::Redirect(departure) => {
                assert!(goes, "{uri} led to {}", departure.location);
                assert_eq!((departure.target(), departure.via), (uri, RedirectKind::SeeOther));
                assert_eq!(departure.param("state"), "a b+%&ü");
            }
            Navigated::Page(page) => {
                assert!(
                    !goes && page.status == 200 && page.is_logout(),
                    "{uri}: {} {}",
                    page.status,
                    page.html
                );
                assert!(browser.jar.find("sid").is_some(), "{uri}: no session ends without a word (K-19)");
                let done = browser.submit(&page, &[], "sign_out").await.page();
                assert!(browser.jar.find("sid").is_none(), "{uri}");
                for page in [page, done] {
                    assert!(page.html.contains("id=\"logout-refused\""), "{uri}: {}", page.html);
                    let is_address = uri.contains("://") || uri.starts_with("javascript:");
                    assert_eq!(page.text().contains(uri), is_address, "K-42: {uri}: {}", page.html);
                    assert!(!page.html.contains("id=\"return\"") && !page.html.contains("<a "), "{uri}");
                }
            }
        }
    }
    let (mut browser, tokens) = visitor(&server, &web, &fixtures::ada()).await;
    let params = [("id_token_hint", tokens.id_token.as_str()), ("post_logout_redirect_uri", BYE)];
    let departure = browser.open(&address(&params)).await.redirect();
    assert_eq!(departure.location, BYE, "no state that nobody sent");
}

/// RP-Initiated Logout §2, §3: a client that only names itself proves nothing, and the person decides.
#[tokio::test]
async fn lo_02_k_19_a_registered_address_is_honoured_once_the_person_has_confirmed() {
    let server = TestServer::start().await;
    let (browser, _) = visitor(&server, &fixtures::web(), &fixtures::ada()).await;
    for (client_id, uri, leads) in [
        ("web", BYE, true),
        ("web", "https://web.example/other", false),
        ("spa", BYE, false),
        ("nobody", BYE, false),
        ("", BYE, false),
    ] {
        let params = [("client_id", client_id), ("post_logout_redirect_uri", uri), ("state", "s")];
        let mut browser = browser.clone();
        let page = browser.open(&address(&params)).await.page();
        assert!(page.is_logout(), "{client_id} {uri}: nobody is led on unasked");
        assert_eq!(page.html.contains("id=\"logout-refused\""), !leads, "{client_id} {uri}: {}", page.html);
        // Nobody is there to ask: a link, and no redirect.
        let there = Browser::new(&server).open(&address(&params)).await.page();
        let link = format!("href=\"{uri}?state=s\"");
        assert_eq!(there.html.contains(&link), leads, "{client_id} {uri}: {}", there.html);
        let stayed = browser.clone().submit(&page, &[], "stay").await.page();
        assert!(!stayed.html.contains(uri), "{client_id} {uri}: who stays is led nowhere");
        if client_id == "web" && leads {
            let (mut leaving, _) = visitor(&server, &fixtures::web(), &fixtures::ada()).await;
            let page = leaving.open(&address(&params)).await.page();
            let done = leaving.submit(&page, &[], "sign_out").await.page();
            assert!(done.html.contains(&link), "{}", done.html);
            assert!(!is_signed_in(&leaving).await);
        }
    }
}

#[tokio::test]
async fn lo_02_k_19_a_loopback_address_of_a_native_app_matches_on_any_port() {
    let server = TestServer::start().await;
    for (uri, goes) in [
        ("http://127.0.0.1/bye", true),
        ("http://127.0.0.1:4001/bye", true),
        ("http://127.0.0.1:4001/other", false),
        ("http://127.0.0.1:4001@evil.example/bye", false),
    ] {
        let (mut browser, tokens) = visitor(&server, &fixtures::native(), &fixtures::ada()).await;
        let params = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", uri)];
        match browser.open(&address(&params)).await {
            Navigated::Redirect(departure) => {
                assert!(goes && departure.location == uri, "{}", departure.location)
            }
            Navigated::Page(page) => assert!(!goes && page.is_logout(), "{uri}: {}", page.html),
        }
    }
}

#[tokio::test]
async fn k_38_a_repeated_parameter_of_a_logout_is_refused_and_named() {
    let server = TestServer::start().await;
    for name in ["id_token_hint", "post_logout_redirect_uri", "client_id", "state", "ui_locales"] {
        let page = Browser::new(&server).open(&address(&[(name, "a"), (name, "a")])).await.page();
        assert_eq!(page.status, 400, "{name}");
        assert!(page.text().contains(&format!("sent more than once: {name}.")), "{name}: {}", page.text());
    }
    let page = Browser::new(&server).open(&address(&[("foo", "a"), ("foo", "a")])).await.page();
    assert_eq!(page.status, 200, "an unknown one may repeat");
}

#[tokio::test]
async fn lo_02_after_a_post_a_relying_partys_address_is_a_link() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let (mut browser, tokens) = visitor(&server, &web, &fixtures::ada()).await;
    let (_, of_bob) = visitor(&server, &web, &fixtures::bob()).await;
    let params = [("id_token_hint", &*of_bob.id_token), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let page = browser.open(&address(&params)).await.page();
    let done = browser.submit(&page, &[], "sign_out").await.page();
    assert!(done.html.contains("https://web.example/bye?state=s"), "{}", done.html);
    assert!(!is_signed_in(&browser).await);

    let (mut browser, _) = visitor(&server, &web, &fixtures::ada()).await;
    let params = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let answer = browser.post_cross_site("/end-session", &params).await;
    let departure = browser.follow("/end-session", answer).await.redirect();
    assert_eq!(departure.location, "https://web.example/bye?state=s");
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn lo_03_an_expired_hint_of_this_user_counts() {
    let server = TestServer::builder().set("sessions.idle_seconds", 86_400).start().await;
    let (mut browser, tokens) = visitor(&server, &fixtures::web(), &fixtures::ada()).await;
    server.advance(3 * 3_600);
    let _ = browser.open(&address(&[("id_token_hint", &tokens.id_token)])).await.page();
    assert!(browser.jar.find("sid").is_none(), "the ID token ended two hours ago; the session has not");
}

#[tokio::test]
async fn lo_04_the_old_cookie_is_dead_and_so_is_what_hung_on_the_session() {
    let mut server = TestServer::start().await;
    let (browser, of_web) = visitor(&server, &fixtures::web(), &fixtures::ada()).await;
    let mut leaving = browser.clone();
    let page = leaving.authorize(&AuthorizeRequest::new(&fixtures::spa()).set("scope", SCOPE)).await.page();
    let code = leaving.allow(&page).await.redirect().param("code");
    assert!(!code.is_empty());
    let request = AuthorizeRequest::new(&fixtures::spa()).set("scope", SCOPE);
    let code = server.code_by(&mut leaving, &request, &fixtures::ada()).await;
    let unspent = server.code_by(&mut leaving, &request, &fixtures::ada()).await;
    let of_spa = Tokens::of(&server.redeem(&fixtures::spa(), &code).await);
    let _ = leaving.open(&address(&[("id_token_hint", &of_web.id_token)])).await.page();
    for restarted in [false, true] {
        if restarted {
            server.restart().await;
        }
        assert!(!is_signed_in(&browser).await, "a copy of the cookie from before");
        assert_eq!(server.userinfo(&of_spa.access_token).await.status, 401);
        let answer = server.refresh(&fixtures::spa(), &of_spa.refresh_token).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_grant".into()),
            "a browser app's tokens end with the session"
        );
        let answer = server.redeem(&fixtures::spa(), &unspent).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "a code of the session");
    }
    assert_eq!(
        server.refresh(&fixtures::web(), &of_web.refresh_token).await.status,
        200,
        "offline means offline"
    );
}

/// How ada leaves a browser that bob then uses.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    ByHint,
    ByPage,
    WithoutCookie,
    BySwitching,
    Not,
}

#[tokio::test]
async fn v_57_two_users_of_one_browser_never_share_a_session() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let (ada, bob) = (fixtures::ada(), fixtures::bob());
    let mut ids = HashSet::new();
    for leaves in [Leaves::ByHint, Leaves::ByPage, Leaves::WithoutCookie, Leaves::BySwitching, Leaves::Not] {
        for (first, second) in [(&ada, &bob), (&bob, &ada), (&ada, &ada)] {
            let (mut browser, tokens) = visitor(&server, &web, first).await;
            let before = browser.clone();
            let mut request = AuthorizeRequest::new(&web).set("scope", SCOPE);
            match leaves {
                Leaves::ByHint => drop(browser.open(&address(&[("id_token_hint", &tokens.id_token)])).await),
                Leaves::ByPage => {
                    let page = browser.open("/end-session").await.page();
                    let _ = browser.submit(&page, &[], "sign_out").await.page();
                }
                Leaves::WithoutCookie => {
                    browser.jar.remove("sid");
                    let _ = browser.open(&address(&[("id_token_hint", &tokens.id_token)])).await.page();
                }
                Leaves::BySwitching => request = request.set("prompt", "login"),
                Leaves::Not => browser = Browser::new(&server),
            }
            let code = server.code_by(&mut browser, &request, second).await;
            let others = Tokens::of(&server.redeem(&web, &code).await);
            let (old, new) = (decode(&tokens.id_token).claims, decode(&others.id_token).claims);
            let same_user = first.username == second.username;
            assert_eq!(old["sub"] == new["sub"], same_user, "{leaves:?}");
            let userinfo = server.userinfo(&others.access_token).await.json();
            assert_eq!(userinfo["sub"], new["sub"], "{leaves:?}");
            // Who authenticates again without having left is in the same session.
            let goes_on = same_user && matches!(leaves, Leaves::BySwitching);
            assert_eq!(old["sid"] == new["sid"], goes_on, "{leaves:?}");
            for claims in [Some(&old), (!goes_on).then_some(&new)].into_iter().flatten() {
                assert!(ids.insert(claims["sid"].to_string()), "{leaves:?}: a session id again");
            }
            for browser in [&before, &browser] {
                let cookie = browser.jar.find("sid").map(|cookie| cookie.value.clone()).unwrap_or_default();
                assert!(ids.insert(cookie), "{leaves:?}: a session cookie again");
            }
            let lives_on = matches!(leaves, Leaves::WithoutCookie | Leaves::Not);
            assert_eq!(is_signed_in(&before).await, lives_on, "{leaves:?}");
        }
    }
}
