//! People: who signs in, what is remembered of them, where they are signed in.

use proofkey_protocol::ClientId;
use proofkey_testkit::{AuthorizeRequest, Browser, Museum, Navigated, StoredCookie, TestServer, fixtures};
use serde_json::Value;

use super::is_live;

#[tokio::test]
async fn every_user_signs_in_but_the_disabled_and_those_who_must_wait() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for user in museum.list("users") {
            let (failures, disabled) =
                (user["failures"].as_i64().unwrap_or_default(), user["disabled"] == true);
            let expected = if failures >= 10 {
                429
            } else if disabled {
                400
            } else {
                200
            };
            assert_eq!(sign_in(&museum, &server, user).await, expected, "{user}");
            if failures >= 10 {
                server.advance(60);
                assert_eq!(sign_in(&museum, &server, user).await, 200, "{user}: failures wear off");
            }
        }
    }
}

#[tokio::test]
async fn remembered_consent_is_not_asked_for_again() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for consent in museum.list("consents") {
            let user = museum.user(&consent["username"]);
            let mut browser = Browser::signed_in(&server, &user).await;
            let client = museum.client(&consent["client_id"]);
            let scope = consent["scope"].as_str().unwrap();
            let outcome = browser.authorize(&AuthorizeRequest::new(&client).set("scope", scope)).await;
            if client.redirect_uri.starts_with("http://") {
                // Any program of the machine could be behind such a client: the person is asked every time (RFC 8252 §8.6).
                assert!(outcome.page().is_consent());
            } else {
                let departure = outcome.redirect();
                assert_ne!(departure.param("code"), "", "{consent}: {}", departure.location);
            }
        }
    }
}

#[tokio::test]
async fn sessions_stand_and_ended_ones_stay_ended() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for session in museum.list("sessions") {
            let (lives, alike) = (session["state"] == "live", browser_of(&server, session));
            let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "none");
            let departure = alike.clone().authorize(&request).await.redirect();
            let error = departure.param("error");
            assert_eq!(error != "login_required", lives, "{session}: {}", departure.location);
        }
    }
}

#[tokio::test]
async fn k_13_lg_13_sessions_from_before_end_with_their_browsers_and_go_on_when_their_users_sign_in_again() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for session in museum.list("sessions").iter().filter(|session| session["state"] == "live") {
            let mut browser = browser_of(&server, session);
            let before = browser.jar.find("sid").unwrap().clone();
            let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "login");
            let page = browser.authorize(&request).await.page();
            let _ = browser.sign_in(&page, &museum.user(&session["username"])).await;
            let after = browser.jar.find("sid").unwrap();
            let halves = |cookie: &StoredCookie| {
                let (id, secret) = cookie.value.split_once('.').unwrap();
                (id.to_owned(), secret.to_owned())
            };
            let ((id, secret), (new_id, new_secret)) = (halves(&before), halves(after));
            assert_eq!((&id, secret == new_secret), (&new_id, false), "{session}");
            // Whoever made the later ones asked to stay signed in.
            assert_eq!(after.is_session, museum.is_first(), "{}", after.header);
        }
    }
}

#[tokio::test]
async fn k_16_what_was_given_before_can_be_ended() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        let grants = || museum.list("grants").iter().filter(|grant| is_live(grant));
        let refreshed = async |grant: &Value| {
            let client = museum.client(&grant["client_id"]);
            server.refresh(&client, grant["refresh_token"].as_str().unwrap()).await.status
        };
        let of_web = |grant: &&Value| grant["client_id"] == "web";
        assert!(grants().any(|grant| of_web(&grant)) && grants().any(|grant| !of_web(&grant)));
        server.admin().revoke_grants_of_client(&ClientId::new("web")).await.unwrap();
        for grant in grants() {
            assert_eq!(refreshed(grant).await, if of_web(&grant) { 400 } else { 200 }, "{grant}");
        }
        for user in museum.list("users") {
            let _user =
                server.admin().revoke_grants_of_user(user["username"].as_str().unwrap()).await.unwrap();
        }
        for grant in grants() {
            assert_eq!(refreshed(grant).await, 400, "{grant}");
        }
    }
}

#[tokio::test]
async fn the_claims_of_users_are_as_they_were() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        let grants = museum.list("grants").iter();
        for grant in
            grants.filter(|grant| is_live(grant) && grant["scope"] == "openid profile email offline_access")
        {
            let users = museum.list("users");
            let user = users.iter().find(|user| user["username"] == grant["username"]).unwrap();
            let answer = server.userinfo(grant["access_token"].as_str().unwrap()).await;
            let mut expected = user["claims"].clone();
            expected["sub"] = user["sub"].clone();
            let mut claims = answer.json();
            // Kept by the server itself, not by the operator.
            for member in ["updated_at", "preferred_username"] {
                let _ = claims.as_object_mut().unwrap().remove(member);
            }
            assert_eq!(claims, expected);
        }
    }
}

/// The status of signing in by hand in a new browser.
async fn sign_in(museum: &Museum, server: &TestServer, user: &Value) -> u16 {
    let mut browser = Browser::new(server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    match browser.sign_in(&page, &museum.user(&user["username"])).await {
        Navigated::Page(page) if page.is_sign_in() => page.status,
        _ => 200,
    }
}

/// A browser with the cookies of a session.
fn browser_of(server: &TestServer, session: &Value) -> Browser {
    let mut browser = Browser::new(server);
    for (name, value) in session["cookies"].as_object().unwrap() {
        let (name, value) = (name.clone(), value.as_str().unwrap().to_owned());
        let (path, same_site) = ("/".to_owned(), "lax".to_owned());
        browser.jar.cookies.push(StoredCookie {
            name,
            value,
            path,
            same_site,
            is_session: true,
            header: String::new(),
        });
    }
    browser
}
