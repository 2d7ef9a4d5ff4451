//! What clients hold: tokens, codes and secrets.

use proofkey_oauth::AuthMethod;
use proofkey_testkit::{Museum, TestClient, Tokens, decode};
use serde_json::{Value, json};

use super::{DAY_SECONDS, assert_verifies, authenticates, is_live, key_set};

#[tokio::test]
async fn refresh_tokens_of_live_grants_are_taken_and_no_others() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for grant in museum.list("grants") {
            let client = museum.client(&grant["client_id"]);
            let answer = server.refresh(&client, grant["refresh_token"].as_str().unwrap()).await;
            if is_live(grant) {
                let tokens = Tokens::of(&answer);
                // Where the request named an API, the token is for it alone, and so is what the answer says.
                let named_files = grant["client_id"] == "legacy";
                let scope = if named_files { &json!("files:read") } else { &grant["scope"] };
                assert_eq!(tokens.body["scope"], *scope, "{grant}");
                let id = decode(&tokens.id_token).claims;
                let is_unknown = id["amr"].is_null() && id["acr"].is_null();
                assert_eq!(is_unknown, museum.is_first(), "how it was proved: {id}");
                let _ = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
            } else if grant["state"] == "client disabled" {
                assert_eq!(answer.refusal(), (401, "invalid_client".into()), "{grant}");
            } else {
                assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{grant}");
            }
        }
    }
}

/// Where an earlier release had a token used, any number of its children may be about.
#[tokio::test]
async fn k_12_rt_15_a_token_used_in_an_earlier_release_and_each_of_its_children_goes_on_until_one_is_used() {
    for museum in [Museum::first()] {
        let used = museum.list("grants").iter().filter(|grant| grant["used_refresh_token"].is_string());
        for grant in used {
            let server = museum.builder().start().await;
            let client = museum.client(&grant["client_id"]);
            let (parent, child) =
                (grant["used_refresh_token"].as_str().unwrap(), grant["refresh_token"].as_str().unwrap());
            let others = [
                Tokens::of(&server.refresh(&client, parent).await).refresh_token,
                Tokens::of(&server.refresh(&client, parent).await).refresh_token,
            ];
            assert!(others[0] != others[1] && !others.contains(&child.to_owned()), "{grant}");
            let next = Tokens::of(&server.refresh(&client, child).await).refresh_token;
            let alike = Tokens::of(&server.refresh(&client, child).await).refresh_token;
            assert_eq!(alike, next, "from here on as ever");
            let stray = server.refresh(&client, &others[0]).await;
            assert_eq!(stray.refusal(), (400, "invalid_grant".into()), "{grant}");
            let ended = server.refresh(&client, &next).await;
            assert_eq!(ended.refusal(), (400, "invalid_grant".into()), "{grant}");
        }
    }
}

#[tokio::test]
async fn tokens_from_before_are_verified_and_live_as_long_as_their_grants() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        let keys = key_set(&server).await;
        for grant in museum.list("grants") {
            for token in ["access_token", "id_token"] {
                assert_verifies(&keys, grant[token].as_str().unwrap());
            }
            let client = museum.client(&grant["client_id"]);
            if client.method != AuthMethod::None && grant["state"] != "client disabled" {
                let lives = is_live(grant) && grant["state"] != "access token revoked";
                let token = grant["access_token"].as_str().unwrap();
                assert_eq!(server.is_active(&client, token).await, lives, "{grant}");
            }
        }
        for token in museum.list("access_tokens") {
            let client = museum.client(&token["client_id"]);
            assert!(server.is_active(&client, token["access_token"].as_str().unwrap()).await, "{token}");
        }
    }
}

#[tokio::test]
async fn spent_codes_stay_spent_and_their_replay_still_revokes() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for code in museum.list("codes") {
            let client = museum.client(&code["client_id"]);
            let text = |name: &str| code[name].as_str().unwrap();
            let form = [
                ("grant_type", "authorization_code"),
                ("code", text("code")),
                ("redirect_uri", text("redirect_uri")),
                ("code_verifier", text("verifier")),
            ];
            assert_eq!(server.token(&client, &form).await.refusal(), (400, "invalid_grant".into()), "{code}");
        }
        let grant = museum.list("grants").iter().find(|grant| grant["state"] == "code redeemed").unwrap();
        let client = museum.client(&grant["client_id"]);
        let answer = server.refresh(&client, grant["refresh_token"].as_str().unwrap()).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "its code was replayed");
    }
}

#[tokio::test]
async fn clients_and_apis_authenticate_and_a_rotated_secret_ends_when_it_was_to_end() {
    for museum in Museum::all() {
        let server = museum.builder().start().await;
        for entry in museum.list("clients").iter().filter(|entry| entry["client_secret"].is_string()) {
            let client = museum.client(&entry["client_id"]);
            let disabled = entry["disabled"] == true;
            assert_eq!(authenticates(&server, &client).await, !disabled, "{entry}");
        }
        let rotated =
            museum.list("clients").iter().find(|entry| entry["old_client_secret"].is_string()).unwrap();
        let secret = rotated["old_client_secret"].as_str().map(str::to_owned);
        let old = TestClient { secret, ..museum.client(&rotated["client_id"]) };
        assert!(authenticates(&server, &old).await);
        let api = museum.list("apis").iter().find(|api| api["introspection_secret"].is_string()).unwrap();
        let api = introspecting(api);
        let tokens = museum.list("grants").iter().filter(|grant| is_live(grant));
        let mut tokens = tokens.map(|grant| grant["access_token"].as_str().unwrap());
        let token = tokens.find(|token| decode(token).claims["aud"][0] == api.id.as_str()).unwrap();
        assert!(server.is_active(&api, token).await);
        server.advance(DAY_SECONDS);
        assert!(!authenticates(&server, &old).await);
        assert!(authenticates(&server, &museum.client(&rotated["client_id"])).await);
    }
}

/// An API, which introspects under its resource.
fn introspecting(api: &Value) -> TestClient {
    TestClient {
        id: api["resource"].as_str().unwrap().to_owned(),
        secret: api["introspection_secret"].as_str().map(str::to_owned),
        method: AuthMethod::ClientSecretBasic,
        redirect_uri: String::new(),
        scope: String::new(),
    }
}
