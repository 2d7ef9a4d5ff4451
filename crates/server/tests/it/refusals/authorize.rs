//! Authorization requests: `authorize.rs` of the table, and what `client.rs`, `pkce.rs` and `scope.rs` say of them.

use proofkey_protocol::{Named, Refusal};
use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, fixtures};
use serde_json::json;

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
    (Refusal::ScopeMissing, |request| request.set("scope", " ")),
    (Refusal::ResourceMalformed, |request| request.set("resource", "/notes")),
    (Refusal::ResourceUnknown, |request| request.set("resource", "https://unknown.example")),
];

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let web = fixtures::web();
    for (refusal, bend) in SHOWN {
        let page = Browser::new(server).authorize(&bend(AuthorizeRequest::new(&web))).await.page();
        reached.on_page(refusal, &page);
    }
    about_names(server, reached).await;
    silent(server, reached).await;
}

/// Scopes and APIs that are refused by name.
async fn about_names(server: &TestServer, reached: &mut Reached) {
    const PAYROLL: &str = "https://payroll.example";
    let web = fixtures::web();
    server.api(PAYROLL, &["pay"], false).await;
    let cases: [(Refusal, &[(&str, &str)]); 4] = [
        (Refusal::ScopeUnregistered(Named::of("phone")), &[("scope", "openid phone")]),
        (Refusal::ScopeUnowned(Named::of("admin")), &[("scope", "notes:read admin")]),
        (
            Refusal::ScopeOfOtherApi(Named::of("files:read")),
            &[("scope", "files:read"), ("resource", fixtures::NOTES)],
        ),
        (Refusal::ResourceUnregistered(Named::of(PAYROLL)), &[("resource", PAYROLL)]),
    ];
    for (refusal, changes) in cases {
        let set = |request: AuthorizeRequest, (name, value): &(&str, &str)| request.set(name, value);
        let request = changes.iter().fold(AuthorizeRequest::new(&web), set);
        reached.on_page(refusal, &Browser::new(server).authorize(&request).await.page());
    }
    let metadata = json!({"client_id": "idle", "grant_types": ["client_credentials"], "scope": "gone"});
    let secret = server.client(&metadata).await;
    let idle = TestClient { id: "idle".into(), secret, ..fixtures::service() };
    let answer = server.token(&idle, &[("grant_type", "client_credentials")]).await;
    reached.in_json(Refusal::ResourceNone, &answer);
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
