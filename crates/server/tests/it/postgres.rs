//! The ten steps and what follows them, with the data in PostgreSQL.

use proofkey_testkit::{AuthorizeRequest, Browser, RedirectKind, TestServer, Tokens, decode, fixtures};

#[tokio::test]
async fn the_flow_goes_on_over_a_restart_with_the_data_in_postgresql() {
    let mut server = TestServer::builder().postgres().start().await;
    for client in fixtures::user_clients() {
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&client).set("scope", "openid profile offline_access notes:read");
        let departure = browser.complete(&request, &fixtures::ada()).await;
        assert_eq!(departure.via, RedirectKind::HandOver);
        assert_eq!(departure.param("iss"), server.issuer);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        assert_eq!(decode(&tokens.id_token).claims["nonce"], request.get("nonce"));
        server.restart().await;
        let refreshed = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
        let userinfo = server.userinfo(&refreshed.access_token).await;
        assert_eq!((userinfo.status, &userinfo.json()["name"]), (200, &"Ada Lovelace".into()));
        assert_eq!(server.redeem(&client, &code).await.status, 400, "a code works once");
        assert_eq!(
            server.userinfo(&refreshed.access_token).await.status,
            401,
            "and its replay ends the grant"
        );
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_without_its_password() {
    let mut server = TestServer::builder().postgres().set("store.wait_seconds", 0).start().await;
    let refused = server.refusal_to_start("store.url", "postgres://u:s3cret@127.0.0.1:1/x").await;
    assert!(refused.starts_with("store.url: the database at 127.0.0.1:1 cannot be used: "), "{refused}");
    assert!(!refused.contains("s3cret"));
}
