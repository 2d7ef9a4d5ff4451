//! Access tokens at userinfo and at revocation: `bearer.rs` of the table.

use proofkey_protocol::Refusal;
use proofkey_testkit::{TestServer, Tokens, fixtures};

use super::Reached;

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    reached.in_json(Refusal::TokenMissing, &server.get("/userinfo", &[]).await);
    reached.in_json(Refusal::TokenInvalid, &server.userinfo("changed").await);

    let without_openid = server.tokens(&web, "profile email").await;
    reached.in_json(Refusal::TokenScope, &server.userinfo(&without_openid.access_token).await);

    let code = server.code(&web, "openid notes:read").await;
    let mut form = code.form();
    form.push(("resource", fixtures::NOTES));
    let for_api = Tokens::of(&server.token(&web, &form).await);
    reached.in_json(Refusal::TokenAudience, &server.userinfo(&for_api.access_token).await);

    let bearer = format!("Bearer {}", for_api.access_token);
    let twice = [("authorization", bearer.as_str()); 2];
    reached.in_json(Refusal::TokenTransports, &server.get("/userinfo", &twice).await);

    let by_another = server.revoke(&fixtures::web_post(), &for_api.access_token).await;
    reached.in_json(Refusal::TokenOfAnotherClient, &by_another);
}
