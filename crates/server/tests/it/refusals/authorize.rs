//! Authorization requests: `authorize.rs` of the table, and what `client.rs`, `pkce.rs` and `scope.rs` say of them.

use proofkey_protocol::Refusal;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::Reached;
use crate::support::consented;

type Bend = fn(AuthorizeRequest) -> AuthorizeRequest;

/// What a request is bent to, and the refusal on the page of a browser without a session.
const SHOWN: [(Refusal, Bend); 19] = [
    (Refusal::ClientUnknown, |request| request.set("client_id", "unknown")),
    (Refusal::RedirectUriMissing, |request| request.without("redirect_uri")),
    (Refusal::RedirectUriUnregistered, |request| request.set("redirect_uri", "https://web.example/other")),
    (Refusal::ResponseTypeMissing, |request| request.without("response_type")),
    (Refusal::ResponseTypeUnsupported, |request| request.set("response_type", "token")),
    (Refusal::ResponseModeUnsupported, |request| request.set("response_mode", "fragment")),
    (Refusal::RequestTooLong, |request| request.set("state", &"x".repeat(8 * 1024))),
    (Refusal::RequestObjectUnsupported, |request| request.set("request", "e30.e30.")),
    (Refusal::RequestUriUnsupported, |request| request.set("request_uri", "https://web.example/request")),
    (Refusal::PromptMalformed, |request| request.set("prompt", "unknown")),
    (Refusal::MaxAgeMalformed, |request| request.set("max_age", "-1")),
    (Refusal::IdTokenHintInvalid, |request| request.set("id_token_hint", "e30.e30.")),
    (Refusal::ChallengeMissing, |request| request.without("code_challenge")),
    (Refusal::ChallengeMethodUnsupported, |request| request.set("code_challenge_method", "plain")),
    (Refusal::ChallengeMalformed, |request| request.set("code_challenge", "short")),
    (Refusal::ScopeMalformed, |request| request.set("scope", "\"")),
    (Refusal::ScopeUnregistered, |request| request.set("scope", "openid admin")),
    (Refusal::ResourceMalformed, |request| request.set("resource", "/notes")),
    (Refusal::ResourceUnknown, |request| request.set("resource", "https://unknown.example")),
];

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    for (refusal, bend) in SHOWN {
        let page = Browser::new(server).authorize(&bend(AuthorizeRequest::new(&web))).await.page();
        reached.on_page(refusal, &page);
    }
    silent(server, reached).await;
}

/// What `prompt=none` is answered with: by redirect, for no page may be shown.
async fn silent(server: &TestServer, reached: &mut Reached) {
    let (web, native) = (fixtures::web(), fixtures::native());
    for (refusal, mut browser, client) in [
        (Refusal::LoginRequired, Browser::new(server), &web),
        (Refusal::ConsentRequired, Browser::signed_in(server, &fixtures::bob()).await, &web),
        (Refusal::InteractionRequired, consented(server, &native).await, &native),
    ] {
        let request = AuthorizeRequest::new(client).set("prompt", "none");
        reached.in_redirect(refusal, &browser.authorize(&request).await.redirect());
    }
}
