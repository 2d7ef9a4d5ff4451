//! What issued tokens are like: random, short-lived, and about one user or one client.

use proofkey_server::username_key;
use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, Tokens, decode, fixtures};
use serde_json::json;

#[tokio::test]
async fn tk_13_tokens_are_random_enough() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let mut jtis = std::collections::HashSet::new();
    let mut refresh =
        Tokens::of(&server.redeem(&web, &server.code(&web, "openid offline_access").await).await)
            .refresh_token;
    for _ in 0..20 {
        let tokens = Tokens::of(&server.refresh(&web, &refresh).await);
        let jti = decode(&tokens.access_token).claims["jti"].as_str().unwrap().to_owned();
        // 128 bits in base64url; the signature over it is what cannot be guessed.
        assert!(jti.len() >= 22, "{jti}");
        assert!(jtis.insert(jti));
        let (old, new) = (refresh.as_bytes(), tokens.refresh_token.as_bytes());
        assert!(tokens.refresh_token.len() >= 27 + "pkr_".len(), "160 bits: {}", tokens.refresh_token);
        let shared_tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        assert!(shared_tail < 8, "{refresh} and {}", tokens.refresh_token);
        refresh = tokens.refresh_token;
    }
}

#[tokio::test]
async fn tk_16_a_clients_sub_is_never_a_users() {
    let server = TestServer::start().await;
    let key = username_key("ada").unwrap();
    let ada = server.store().user_by_name(&key).await.unwrap().unwrap();
    assert!(ada.id.as_str().starts_with("u-"));
    let of_user = server.tokens(&fixtures::web(), "openid").await;
    assert_eq!(decode(&of_user.access_token).claims["sub"], ada.id.as_str());
    let of_client = Tokens::of(&server.client_credentials(&fixtures::service(), &[]).await);
    assert_eq!(decode(&of_client.access_token).claims["sub"], "service");
    // A client cannot register the id of a user, nor any that looks like one.
    for id in [ada.id.as_str(), "u-0123456789"] {
        let metadata = json!({"client_id": id, "redirect_uris": ["https://x.example/cb"]});
        let new = proofkey_server::admin::ClientDocument::parse(&metadata.to_string()).unwrap();
        assert!(server.admin().add_client(new).await.is_err(), "{id}");
    }
}

#[tokio::test]
async fn tk_17_access_tokens_live_ten_minutes_or_less_where_client_or_api_say_so() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, "openid").await;
    assert_eq!(tokens.body["expires_in"], 600);
    let claims = decode(&tokens.access_token).claims;
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    server.advance(599);
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
    server.advance(1);
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 401);
    assert!(!server.is_active(&web, &tokens.access_token).await);
    for (id, ceiling, expires_in) in [("brief", 120, 120), ("greedy", 86_400, 600)] {
        let metadata = json!({
            "client_id": id, "token_endpoint_auth_method": "none", "redirect_uris": ["https://brief.example/cb"],
            "access_token_seconds": ceiling,
        });
        let _ = server.client(&metadata).await;
        let client =
            TestClient { id: id.into(), redirect_uri: "https://brief.example/cb".into(), ..fixtures::spa() };
        assert_eq!(server.tokens(&client, "openid").await.body["expires_in"], expires_in, "{id}");
    }
}

#[tokio::test]
async fn tk_18_the_id_token_says_who_for_whom_when_and_with_which_access_token() {
    let server = TestServer::start().await;
    for (client, alg) in [("rs", "RS256"), ("es", "ES256"), ("ed", "EdDSA")] {
        let metadata = json!({
            "client_id": client, "token_endpoint_auth_method": "none", "redirect_uris": ["https://alg.example/cb"],
            "id_token_signed_response_alg": alg, "grant_types": ["authorization_code", "refresh_token"],
        });
        let _ = server.client(&metadata).await;
        let client = TestClient {
            id: client.into(),
            redirect_uri: "https://alg.example/cb".into(),
            ..fixtures::spa()
        };
        for (with_nonce, max_age) in [(true, None), (false, Some("300"))] {
            let mut request = AuthorizeRequest::new(&client);
            request = if with_nonce { request } else { request.without("nonce") };
            request = max_age.map_or(request.clone(), |max_age| request.set("max_age", max_age));
            let code = server.code_by(&mut Browser::new(&server), &request, &fixtures::ada()).await;
            let tokens = Tokens::of(&server.redeem(&client, &code).await);
            let jwt = decode(&tokens.id_token);
            assert_eq!(
                (&jwt.header["alg"], &jwt.header["typ"]),
                (&json!(alg), &json!("JWT")),
                "{}",
                jwt.header
            );
            let claims = &jwt.claims;
            assert_eq!((&claims["iss"], &claims["aud"]), (&json!(server.issuer), &json!(client.id)));
            let sub = claims["sub"].as_str().unwrap();
            assert!(sub.is_ascii() && (1..=255).contains(&sub.len()));
            assert_eq!(claims["iat"], server.now().seconds());
            assert!(claims["exp"].as_i64().unwrap() > server.now().seconds());
            assert_eq!(claims["auth_time"], server.now().seconds());
            let nonce = if with_nonce { json!(request.get("nonce")) } else { json!(null) };
            assert_eq!(claims["nonce"], nonce);
            assert_eq!(claims["at_hash"], at_hash(alg, &tokens.access_token), "{alg}");
        }
    }
}

/// The left half of the access token's hash, by the hash of the ID token's algorithm (OpenID Connect Core §3.1.3.6).
fn at_hash(alg: &str, access_token: &str) -> String {
    use base64::Engine as _;
    let bytes = access_token.as_bytes();
    let digest = match alg {
        "EdDSA" => aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes),
        _ => aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes),
    };
    let half = &digest.as_ref()[..digest.as_ref().len() / 2];
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(half)
}
