//! Refreshing over the wire (OAuth 2.1 §4.3): rotation, replays, lost replies, scope, life, and all that ends a grant.

use proofkey_testkit::{Logs, TestClient, TestServer, Tokens, decode, fixtures};

use crate::support::consented;

const SCOPE: &str = "openid offline_access notes:read notes:write";
const DAY_SECONDS: i64 = 86_400;
/// For so long a used token is forgiven, where the client says nothing.
const OVERLAP_SECONDS: i64 = 60;

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

async fn refreshed(server: &TestServer, client: &TestClient, tokens: &Tokens) -> Tokens {
    Tokens::of(&server.refresh(client, &tokens.refresh_token).await)
}

async fn opens_userinfo(server: &TestServer, tokens: &Tokens) -> bool {
    let answer = server.userinfo(&tokens.access_token).await;
    assert!([200, 401].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

#[tokio::test]
async fn rt_01_every_refresh_of_every_kind_of_client_brings_new_tokens() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let mut tokens = server.tokens(&client, SCOPE).await;
        let mut seen = vec![tokens.refresh_token.clone()];
        for _ in 0..3 {
            let answer = server.refresh(&client, &tokens.refresh_token).await;
            assert_eq!(answer.header("cache-control"), "no-store", "{}", client.id);
            assert_eq!(answer.header("content-type"), "application/json");
            let next = Tokens::of(&answer);
            assert_ne!(next.access_token, tokens.access_token);
            assert_eq!(next.body["token_type"], "Bearer");
            assert!(next.body["expires_in"].is_u64(), "{}", next.body);
            assert!(!seen.contains(&next.refresh_token), "{}: each token is new", client.id);
            seen.push(next.refresh_token.clone());
            assert!(opens_userinfo(&server, &next).await);
            tokens = next;
        }
    }
}

#[tokio::test]
async fn rt_02_a_retired_token_ends_its_family_and_is_logged() {
    let logs = Logs::capture();
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        for replayed in [0, 1] {
            let first = server.tokens(&client, SCOPE).await;
            let second = refreshed(&server, &client, &first).await;
            let third = refreshed(&server, &client, &second).await;
            let fourth = refreshed(&server, &client, &third).await;
            let family = [&first, &second, &third, &fourth];
            server.advance(OVERLAP_SECONDS);
            let answer = server.refresh(&client, &family[replayed].refresh_token).await;
            assert_eq!(answer.refusal(), invalid_grant(), "{} {replayed}", client.id);
            for tokens in family {
                assert_eq!(server.refresh(&client, &tokens.refresh_token).await.refusal(), invalid_grant());
                assert!(!opens_userinfo(&server, tokens).await, "{}: access tokens go with it", client.id);
            }
            let grant =
                decode(&first.access_token).claims["grant_id"].as_str().unwrap_or_default().to_owned();
            let text = logs.text();
            let event =
                text.lines().find(|line| line.contains("a retired refresh token") && line.contains(&grant));
            assert!(event.is_some_and(|line| line.contains(&client.id)), "no event of grant {grant}");
        }
    }
}

#[tokio::test]
async fn rt_03_a_lost_reply_costs_nothing_however_long_it_is_lost() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let first = server.tokens(&client, SCOPE).await;
        let lost = refreshed(&server, &client, &first).await;
        server.advance(3_600);
        let again = refreshed(&server, &client, &first).await;
        assert_ne!(again.refresh_token, lost.refresh_token);
        let _ = refreshed(&server, &client, &first).await;
        // The first successor used retires its parent and its siblings, at once where there were several.
        let next = refreshed(&server, &client, &again).await;
        let next = refreshed(&server, &client, &next).await;
        let stray = server.refresh(&client, &lost.refresh_token).await;
        assert_eq!(stray.refusal(), invalid_grant(), "{}: one branch lives", client.id);
        assert_eq!(server.refresh(&client, &next.refresh_token).await.refusal(), invalid_grant());
    }
}

#[tokio::test]
async fn rt_05_v_07_a_token_is_worth_nothing_to_another_client_and_loses_nothing_by_it() {
    let server = TestServer::start().await;
    let others = [fixtures::native_b(), fixtures::spa_b(), fixtures::web_b(), fixtures::web_post_b()];
    for owner in fixtures::user_clients() {
        let mut tokens = server.tokens(&owner, SCOPE).await;
        for thief in &others {
            let answer = server.refresh(thief, &tokens.refresh_token).await;
            assert_eq!(answer.refusal(), invalid_grant(), "{} by {}", owner.id, thief.id);
            tokens = refreshed(&server, &owner, &tokens).await;
        }
        let impostor = TestClient { secret: Some("wrong".into()), ..owner.clone() };
        if owner.secret.is_some() {
            let answer = server.refresh(&impostor, &tokens.refresh_token).await;
            assert_eq!(answer.refusal(), (401, "invalid_client".into()), "{}", owner.id);
        }
        let _ = refreshed(&server, &owner, &tokens).await;
    }
}

#[tokio::test]
async fn rt_06_scope_narrows_one_access_token_and_never_grows() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let mut tokens = server.tokens(&client, SCOPE).await;
        for (asked, answer) in [
            ("openid notes:read", Ok("openid notes:read")),
            ("notes:write", Ok("notes:write")),
            ("openid notes:read files:read", Err("invalid_scope")),
            ("profile", Err("invalid_scope")),
            ("made-up", Err("invalid_scope")),
            ("notes:\"read", Err("invalid_scope")),
        ] {
            let form =
                [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh_token), ("scope", asked)];
            let sent = server.token(&client, &form).await;
            if answer == Ok("notes:write") {
                assert!(sent.json()["id_token"].is_null(), "not without openid: {}", client.id);
            }
            match answer {
                Err(error) => assert_eq!(sent.refusal(), (400, error.to_owned()), "{asked}"),
                Ok(scope) => {
                    let narrowed = Tokens::of(&sent);
                    assert_eq!(narrowed.body["scope"], scope);
                    assert_eq!(decode(&narrowed.access_token).claims["scope"], scope);
                    tokens = narrowed;
                }
            }
        }
        let whole = refreshed(&server, &client, &tokens).await;
        let scope = decode(&whole.access_token).claims["scope"].as_str().unwrap_or_default().to_owned();
        for name in SCOPE.split(' ') {
            assert!(scope.split(' ').any(|found| found == name), "{name} is in the grant still: {scope}");
        }
    }
}

#[tokio::test]
async fn rt_07_idle_and_absolute_ends_and_rotation_moves_only_the_first() {
    let client = fixtures::web();
    let server = TestServer::start().await;
    let idle = server.tokens(&client, SCOPE).await;
    let mut busy = server.tokens(&client, SCOPE).await;
    for _ in 0..8 {
        server.advance(20 * DAY_SECONDS);
        busy = refreshed(&server, &client, &busy).await;
    }
    assert_eq!(
        server.refresh(&client, &idle.refresh_token).await.refusal(),
        invalid_grant(),
        "idle for 30 days"
    );
    server.advance(20 * DAY_SECONDS - 1);
    busy = refreshed(&server, &client, &busy).await;
    server.advance(1);
    assert_eq!(server.refresh(&client, &busy.refresh_token).await.refusal(), invalid_grant(), "180 days old");
}

/// What may happen to a grant, and the answer to a refresh after it.
#[derive(Clone, Copy, Debug)]
enum Loss {
    UserDisabled,
    ConsentWithdrawn,
    PasswordReset,
    ClientDisabled,
}

async fn lose(server: &TestServer, client: &TestClient, loss: Loss) -> (u16, String) {
    let ada = fixtures::ada();
    match loss {
        Loss::UserDisabled => server.disable_user(&ada, true).await,
        Loss::ConsentWithdrawn => server.withdraw_consent(&ada, &client.id).await,
        Loss::PasswordReset => server.set_password(&ada.username, "another-long-password-1").await,
        Loss::ClientDisabled => {
            server.disable_client(&client.id, true).await;
            return (401, "invalid_client".to_owned());
        }
    }
    invalid_grant()
}

#[tokio::test]
async fn rt_08_v_27_each_loss_ends_the_grants_of_every_kind_of_client() {
    for loss in [Loss::UserDisabled, Loss::ConsentWithdrawn, Loss::PasswordReset, Loss::ClientDisabled] {
        let server = TestServer::start().await;
        let mut grants = Vec::new();
        for client in fixtures::user_clients() {
            let first = server.tokens(&client, SCOPE).await;
            grants.push((client.clone(), refreshed(&server, &client, &first).await));
        }
        server.advance(1);
        for (client, tokens) in &grants {
            let expected = lose(&server, client, loss).await;
            let answer = server.refresh(client, &tokens.refresh_token).await;
            assert_eq!(answer.refusal(), expected, "{} after {loss:?}", client.id);
            assert!(!opens_userinfo(&server, tokens).await, "{} after {loss:?}", client.id);
        }
    }
}

#[tokio::test]
async fn rt_09_only_a_browser_apps_refresh_tokens_end_with_the_session() {
    for by_logout in [true, false] {
        let server = TestServer::start().await;
        for client in fixtures::user_clients() {
            let mut browser = consented(&server, &client).await;
            let request = proofkey_testkit::AuthorizeRequest::new(&client).set("scope", SCOPE);
            let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
            let tokens = Tokens::of(&server.redeem(&client, &code).await);
            let tokens = refreshed(&server, &client, &tokens).await;
            if by_logout {
                let _ = browser.open(&format!("/end-session?id_token_hint={}", tokens.id_token)).await.page();
            } else {
                server.advance(DAY_SECONDS);
            }
            let answer = server.refresh(&client, &tokens.refresh_token).await;
            let ended = answer.refusal() == invalid_grant();
            assert_eq!(ended, client.id == "spa", "{} by logout {by_logout}: {answer:?}", client.id);
        }
    }
}

#[tokio::test]
async fn rt_10_v_26_a_retired_token_is_still_retired_after_a_restart() {
    let mut server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let first = server.tokens(&client, SCOPE).await;
        let second = refreshed(&server, &client, &first).await;
        let third = refreshed(&server, &client, &second).await;
        server.advance(OVERLAP_SECONDS);
        server.restart().await;
        let replay = server.refresh(&client, &first.refresh_token).await;
        assert_eq!(replay.refusal(), invalid_grant(), "{}", client.id);
        assert_eq!(server.refresh(&client, &third.refresh_token).await.refusal(), invalid_grant());
        assert!(!opens_userinfo(&server, &third).await);
    }
}

#[tokio::test]
async fn rt_12_the_refreshed_id_token_is_of_the_same_sign_in() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let request =
            proofkey_testkit::AuthorizeRequest::new(&client).set("scope", SCOPE).set("max_age", "600");
        let mut browser = proofkey_testkit::Browser::new(&server);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let first = Tokens::of(&server.redeem(&client, &code).await);
        server.advance(30);
        let second = refreshed(&server, &client, &first).await;
        let (old, new) = (decode(&first.id_token).claims, decode(&second.id_token).claims);
        for claim in ["iss", "sub", "aud", "auth_time", "amr", "sid"] {
            assert!(!old[claim].is_null(), "{claim} is told at first");
            assert_eq!(old[claim], new[claim], "{}: {claim}", client.id);
        }
        let iat = |claims: &serde_json::Value| claims["iat"].as_i64().unwrap_or_default();
        assert_eq!(iat(&new), iat(&old) + 30);
        assert!(new["nonce"].is_null(), "the nonce belongs to the first one");
        assert!(second.id_token != first.id_token && new["at_hash"] != old["at_hash"]);
    }
}
