//! `/revoke` over the wire.

use proofkey_testkit::{TestClient, TestServer, fixtures};

#[tokio::test]
async fn v_32_a_revocation_happens_or_is_refused_and_never_neither() {
    let server = TestServer::start().await;
    let pairs = [(fixtures::web(), fixtures::web_b()), (fixtures::web_post(), fixtures::web_post_b())];
    for (owner, other) in pairs {
        let tokens = server.tokens(&owner, "openid offline_access").await;
        for token in [&tokens.access_token, &tokens.refresh_token] {
            let refused = server.revoke(&other, token).await;
            assert_eq!(refused.refusal(), (400, "invalid_grant".into()));
            assert!(server.is_active(&owner, token).await, "still active");
            let impostor = TestClient { secret: Some("wrong secret".into()), ..owner.clone() };
            assert_eq!(server.revoke(&impostor, token).await.refusal(), (401, "invalid_client".into()));
            assert!(server.is_active(&owner, token).await, "still active");
        }
        assert_eq!(server.revoke(&owner, &tokens.access_token).await.status, 200);
        assert!(!server.is_active(&owner, &tokens.access_token).await);
        assert!(server.is_active(&owner, &tokens.refresh_token).await, "the grant goes on");
        assert_eq!(server.revoke(&owner, &tokens.refresh_token).await.status, 200);
        assert!(!server.is_active(&owner, &tokens.refresh_token).await);
        assert_eq!(
            server.refresh(&owner, &tokens.refresh_token).await.refusal(),
            (400, "invalid_grant".into())
        );
    }
}

#[tokio::test]
async fn v_32_a_public_client_revokes_its_own_and_no_other() {
    let server = TestServer::start().await;
    let tokens = server.tokens(&fixtures::spa(), "openid offline_access").await;
    for other in [fixtures::spa_b(), fixtures::native(), fixtures::web()] {
        assert_eq!(
            server.revoke(&other, &tokens.refresh_token).await.refusal(),
            (400, "invalid_grant".into()),
            "{}",
            other.id
        );
    }
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
    assert_eq!(server.revoke(&fixtures::spa(), &tokens.refresh_token).await.status, 200);
    assert_eq!(
        server.userinfo(&tokens.access_token).await.status,
        401,
        "the grant takes its access tokens along"
    );
}
