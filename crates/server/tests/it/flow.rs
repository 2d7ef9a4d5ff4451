//! The ten steps, as a client of each kind sees them.

use proofkey_testkit::{AuthorizeRequest, Browser, RedirectKind, TestServer, Tokens, decode, fixtures};

#[tokio::test]
async fn az_20_tk_11_every_kind_of_client_completes_the_flow() {
    let server = TestServer::start().await;
    for client in fixtures::user_clients() {
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&client).set("scope", "openid profile offline_access notes:read");
        let departure = browser.complete(&request, &fixtures::ada()).await;
        assert_eq!(departure.via, RedirectKind::HandOver, "a form post is answered by a page");
        assert_eq!(departure.param("iss"), server.issuer);
        assert_eq!(departure.param("state"), request.get("state"));
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        assert_eq!(decode(&tokens.access_token).header["typ"], "at+jwt");
        assert_eq!(decode(&tokens.id_token).claims["nonce"], request.get("nonce"));
        let refreshed = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
        let userinfo = server.userinfo(&refreshed.access_token).await;
        assert_eq!((userinfo.status, &userinfo.json()["name"]), (200, &"Ada Lovelace".into()));
        assert_eq!(server.revoke(&client, &refreshed.refresh_token).await.status, 200);
        assert_eq!(server.userinfo(&refreshed.access_token).await.status, 401);
    }
}
