//! Redeeming codes: `code.rs` of the table, and what `pkce.rs` and `scope.rs` say of it.

use proofkey_protocol::{Named, Refusal};
use proofkey_testkit::{AuthorizeRequest, Browser, Code, TestServer, Tokens, fixtures};

use super::Reached;
use crate::support::consented;

/// The life of a code.
const CODE_SECONDS: i64 = 60;
/// A clock that is set back by so much finds what was made before to be made ahead.
const AHEAD_SECONDS: i64 = 181;
/// A verifier of the right form, of another attempt.
const OTHER_VERIFIER: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let mut browser = consented(server, &fixtures::web()).await;
    let request = AuthorizeRequest::new(&fixtures::web());
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    bent(server, reached, &code).await;
    spent(server, reached, &code).await;

    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    locked(server, reached, &code).await;

    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    server.advance(CODE_SECONDS);
    reached.in_json(Refusal::CodeExpired, &server.redeem(&fixtures::web(), &code).await);

    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    server.advance(-AHEAD_SECONDS);
    reached.in_json(Refusal::CodeAhead, &server.redeem(&fixtures::web(), &code).await);
    server.advance(AHEAD_SECONDS);

    unproved(server, reached).await;
    resources(server, reached, &mut browser).await;
    crowded(server, reached).await;
}

/// Requests that do not fit the code; none of them spends it.
async fn bent(server: &TestServer, reached: &mut Reached, code: &Code) {
    let (web, code) = (fixtures::web(), || code.clone());
    let elsewhere = "https://web.example/other".to_owned();
    for (refusal, client, code) in [
        (Refusal::CodeInvalid, &web, Code { code: "changed".to_owned(), ..code() }),
        (Refusal::CodeOfAnotherClient, &fixtures::web_post(), code()),
        (Refusal::RedirectUriMismatch, &web, Code { redirect_uri: elsewhere, ..code() }),
        (Refusal::VerifierMissing, &web, Code { verifier: String::new(), ..code() }),
        (Refusal::VerifierMalformed, &web, Code { verifier: "short".to_owned(), ..code() }),
        (Refusal::VerifierWrong, &web, Code { verifier: OTHER_VERIFIER.to_owned(), ..code() }),
    ] {
        reached.in_json(refusal, &server.redeem(client, &code).await);
    }
}

async fn spent(server: &TestServer, reached: &mut Reached, code: &Code) {
    let _ = Tokens::of(&server.redeem(&fixtures::web(), code).await);
    reached.in_json(Refusal::CodeRedeemed, &server.redeem(&fixtures::web(), code).await);
}

/// Guesses at the verifier until the right one comes too late.
async fn locked(server: &TestServer, reached: &mut Reached, code: &Code) {
    let guess = Code { verifier: OTHER_VERIFIER.to_owned(), ..code.clone() };
    for _ in 0..5 {
        assert_eq!(server.redeem(&fixtures::web(), &guess).await.status, 400);
    }
    reached.in_json(Refusal::CodeLocked, &server.redeem(&fixtures::web(), code).await);
}

/// A verifier for a code that was asked for without a challenge.
async fn unproved(server: &TestServer, reached: &mut Reached) {
    let legacy = fixtures::legacy();
    let request = AuthorizeRequest::new(&legacy).without("code_challenge").without("code_challenge_method");
    let code = server.code_by(&mut Browser::new(server), &request, &fixtures::ada()).await;
    reached.in_json(Refusal::VerifierUnexpected, &server.redeem(&legacy, &code).await);
}

async fn resources(server: &TestServer, reached: &mut Reached, browser: &mut Browser) {
    let web = fixtures::web();
    let request = AuthorizeRequest::new(&web).set("scope", "openid notes:read files:read");
    let code = server.code_by(browser, &request, &fixtures::ada()).await;
    let among = Named::list([fixtures::NOTES, fixtures::FILES].into_iter());
    reached.in_json(Refusal::ResourceAmbiguous(among), &server.redeem(&web, &code).await);
    let mut both = code.form();
    both.extend([("resource", fixtures::NOTES), ("resource", fixtures::FILES)]);
    reached.in_json(Refusal::ResourceSeveral, &server.token(&web, &both).await);

    let request = request.set("scope", "openid notes:read").set("resource", fixtures::NOTES);
    let code = server.code_by(browser, &request, &fixtures::ada()).await;
    let mut form = code.form();
    form.push(("resource", fixtures::FILES));
    reached.in_json(Refusal::ResourceBeyondGrant, &server.token(&web, &form).await);
}

/// New grants of one user for one client, until there are too many in a minute.
async fn crowded(server: &TestServer, reached: &mut Reached) {
    let (client, bob, mut browser) = (fixtures::web_b(), fixtures::bob(), Browser::new(server));
    for _ in 0..100 {
        let code = server.code_by(&mut browser, &AuthorizeRequest::new(&client), &bob).await;
        let answer = server.redeem(&client, &code).await;
        if answer.status == 429 {
            return reached.in_json(Refusal::TooManyGrants, &answer);
        }
    }
    panic!("nothing limits the grants of a user");
}
