//! A preview of tokens is what `/token` issues: both are asked, and compared.

mod reasons;

use proofkey_server::admin::{AdminRefused, PreviewRequest, PreviewedConsent, PreviewedTokens, TokenPreview};
use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Logs, Navigated, TestClient, TestServer, TestUser, decode, fixtures,
};
use serde_json::{Value, json};

use self::reasons::check_reasons;
use crate::id_token_claims::reader;
use crate::support::registered_elsewhere;

/// Claims that are drawn for each token.
const DRAWN: [&str; 5] = ["jti", "grant_id", "sid", "at_hash", "nonce"];

fn asked(
    client: &TestClient,
    scope: Option<&str>,
    resources: &[&str],
    token_resources: &[&str],
) -> PreviewRequest {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    PreviewRequest {
        client: client.id.clone(),
        username: Some("ada".to_owned()),
        scope: scope.map(str::to_owned),
        resources: owned(resources),
        token_resources: owned(token_resources),
    }
}

/// What the endpoints answer to the same request.
async fn real(server: &TestServer, client: &TestClient, request: &PreviewRequest) -> Result<Answer, String> {
    real_as(server, client, request, &fixtures::ada()).await
}

/// The same for another user.
async fn real_as(
    server: &TestServer,
    client: &TestClient,
    request: &PreviewRequest,
    user: &TestUser,
) -> Result<Answer, String> {
    let mut sent = AuthorizeRequest::new(client).without("scope");
    if let Some(scope) = &request.scope {
        sent = sent.push("scope", scope);
    }
    for resource in &request.resources {
        sent = sent.push("resource", resource);
    }
    let mut browser = Browser::new(server);
    let page = match browser.authorize(&sent).await {
        Navigated::Page(page) if page.is_sign_in() => page,
        Navigated::Page(page) => return Err(page.error_code()),
        Navigated::Redirect(departure) => return Err(departure.param("error")),
    };
    let mut next = browser.sign_in(&page, user).await;
    if let Navigated::Page(page) = &next {
        assert!(page.is_consent(), "{}", page.html);
        let page = page.clone();
        next = browser.allow(&page).await;
    }
    let departure = next.redirect();
    let code = departure.param("code");
    if code.is_empty() {
        return Err(departure.param("error"));
    }
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", sent.get("redirect_uri")),
        ("code_verifier", &sent.verifier),
    ];
    form.extend(request.token_resources.iter().map(|resource| ("resource", resource.as_str())));
    let answer = server.token(client, &form).await;
    if answer.status == 200 { Ok(answer) } else { Err(answer.error()) }
}

/// A token as it can be compared.
fn comparable(claims: &Value) -> Value {
    let mut claims = claims.clone();
    for name in DRAWN {
        if let Some(claim) = claims.get_mut(name) {
            *claim = json!("drawn");
        }
    }
    claims.as_object_mut().unwrap().remove("nonce");
    claims
}

async fn check_same(server: &TestServer, preview: &PreviewedTokens, answer: &Answer) {
    let body = answer.json();
    let same = |previewed: &proofkey_server::admin::PreviewedToken, token: &str| {
        let real = decode(token);
        assert_eq!(previewed.header, real.header);
        assert_eq!(comparable(&previewed.claims), comparable(&real.claims));
    };
    same(&preview.access_token, body["access_token"].as_str().unwrap());
    match &preview.id_token {
        Some(previewed) => same(previewed, body["id_token"].as_str().unwrap()),
        None => assert_eq!(body["id_token"], Value::Null),
    }
    assert_eq!(preview.has_refresh_token, body["refresh_token"].is_string());
    assert_eq!(preview.has_refresh_token, preview.refresh_withheld.is_none());
    assert_eq!(json!(preview.expires_in), body["expires_in"]);
    let told = server.userinfo(body["access_token"].as_str().unwrap()).await;
    match &preview.userinfo {
        Some(claims) => assert_eq!((told.status, told.json()), (200, json!(claims))),
        None => assert!([401, 403].contains(&told.status), "{}", told.status),
    }
}

#[tokio::test]
async fn a_preview_is_what_the_endpoints_decide_for_every_client_scope_and_resource() {
    let server = TestServer::builder().set("limits.factor", 1_000).start().await;
    let scopes = [
        None,
        Some("openid"),
        Some("openid profile email offline_access notes:read"),
        Some("notes:read files:read"),
        Some("openid unknown:scope"),
        Some("unknown:scope"),
        Some("a\"b"),
    ];
    let resources: [(&[&str], &[&str]); 6] = [
        (&[], &[]),
        (&[fixtures::NOTES], &[]),
        (&[fixtures::NOTES, fixtures::FILES], &[]),
        (&[fixtures::NOTES, fixtures::FILES], &[fixtures::FILES]),
        (&["https://unknown.example"], &[]),
        (&[], &[fixtures::FILES]),
    ];
    let (mut issued, mut refused) = (0, 0);
    let claims = ["name", "email", "nickname"];
    let reader = reader(&server, &claims).await;
    let apps =
        [(fixtures::web(), &[][..]), (fixtures::spa(), &[]), (fixtures::native(), &[]), (reader, &claims)];
    for (client, id_token_claims) in apps {
        for scope in scopes {
            for (at_authorize, at_token) in resources {
                let request = asked(&client, scope, at_authorize, at_token);
                // Before the real one, and again below: what is remembered by then changes no token.
                let preview = server.admin().preview_token(&request).await.unwrap();
                match (&preview, real(&server, &client, &request).await) {
                    (TokenPreview::Issued(tokens), Ok(answer)) => {
                        check_same(&server, tokens, &answer).await;
                        check_reasons(tokens, &request, id_token_claims);
                        let again = server.admin().preview_token(&request).await.unwrap();
                        let TokenPreview::Issued(again) = again else { panic!("{request:?}: {again:?}") };
                        check_same(&server, &again, &answer).await;
                        issued += 1;
                    }
                    (TokenPreview::Refused { refusal, .. }, Err(error)) => {
                        assert_eq!(refusal.code().as_str(), error, "{request:?}");
                        refused += 1;
                    }
                    (preview, real) => panic!("{request:?}: {preview:?} and {real:?}"),
                }
            }
        }
    }
    assert!(issued > 20 && refused > 20, "{issued} and {refused}");
}

#[tokio::test]
async fn a_client_whose_secrets_have_all_expired_gets_no_token_and_the_preview_says_why() {
    let server = TestServer::start().await;
    let ended = server.now().seconds();
    server.sibling().await.execute(&format!("UPDATE client_secrets SET expires_at = {ended}")).await;
    let (web, service) = (fixtures::web(), fixtures::service());
    let own = PreviewRequest { client: service.id.clone(), ..PreviewRequest::default() };
    for request in [asked(&web, Some("openid"), &[], &[]), own] {
        let preview = server.admin().preview_token(&request).await.unwrap();
        let TokenPreview::Refused { endpoint, refusal } = &preview else { panic!("{preview:?}") };
        assert_eq!((*endpoint, refusal.code().as_str()), ("/token", "invalid_client"));
        assert!(preview.obstacle().is_some_and(|why| why.contains("expired")));
    }
    let request = asked(&web, Some("openid"), &[], &[]);
    assert_eq!(real(&server, &web, &request).await.unwrap_err(), "invalid_client");
    assert_eq!(server.client_credentials(&service, &[]).await.error(), "invalid_client");
}

#[tokio::test]
async fn a_clients_own_token_is_previewed_without_a_user() {
    let server = TestServer::start().await;
    let service = fixtures::service();
    let request = PreviewRequest { client: service.id.clone(), ..PreviewRequest::default() };
    let TokenPreview::Issued(preview) = server.admin().preview_token(&request).await.unwrap() else {
        panic!("refused")
    };
    check_same(&server, &preview, &server.client_credentials(&service, &[]).await).await;
    assert_eq!((preview.consent, preview.userinfo.as_ref()), (None, None));
    let (mut issued, mut refused) = (0, 0);
    for scope in [None, Some("notes:read"), Some("openid"), Some("unknown:scope")] {
        for resources in [&[][..], &[fixtures::NOTES], &["https://unknown.example"]] {
            let request = PreviewRequest { username: None, ..asked(&service, scope, resources, &[]) };
            let mut extra: Vec<_> = scope.map(|scope| ("scope", scope)).into_iter().collect();
            extra.extend(resources.iter().map(|resource| ("resource", *resource)));
            let answer = server.client_credentials(&service, &extra).await;
            match server.admin().preview_token(&request).await.unwrap() {
                TokenPreview::Issued(preview) => {
                    check_same(&server, &preview, &answer).await;
                    issued += 1;
                }
                TokenPreview::Refused { endpoint, refusal } => {
                    assert_eq!((endpoint, refusal.code().as_str()), ("/token", answer.error().as_str()));
                    refused += 1;
                }
            }
        }
    }
    assert!(issued > 0 && refused > 0, "{issued} and {refused}");
    let public = PreviewRequest { client: "spa".to_owned(), ..PreviewRequest::default() };
    let refused = server.admin().preview_token(&public).await.unwrap();
    assert!(matches!(refused, TokenPreview::Refused { endpoint: "/token", .. }), "{refused:?}");
}

#[tokio::test]
async fn a_preview_shows_nothing_that_can_be_used_writes_nothing_but_a_log_line_and_says_whether_a_page_is_shown()
 {
    let server = TestServer::start().await;
    let (web, logs) = (fixtures::web(), Logs::capture());
    let request = asked(&web, Some("openid profile notes:read"), &[fixtures::NOTES], &[]);
    let sibling = server.sibling().await;
    // Refusals of others are written when their second has passed.
    let before = sibling.rows_outside(&["refusals"]).await;
    assert!(before.len() > 10 && !before["users"].is_empty(), "{:?}", before.keys());
    let TokenPreview::Issued(preview) = server.admin().preview_token(&request).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!(sibling.rows_outside(&["refusals"]).await, before);
    let userinfo = preview.userinfo.as_ref();
    assert_eq!(userinfo, None, "the token is for an API that was named");
    assert_eq!(preview.consent, Some(PreviewedConsent::Asked));
    let line = logs.text().lines().find(|line| line.contains("preview-token")).unwrap().to_owned();
    assert!(line.contains("INFO") && line.contains("id=web") && line.contains("user=\"u"), "{line}");
    let shown = format!("{preview:?}");
    let answer = real(&server, &web, &request).await.unwrap().json();
    let signature = answer["access_token"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    assert!(!shown.contains("eyJ") && !shown.contains(&signature));
    let TokenPreview::Issued(preview) = server.admin().preview_token(&request).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!(preview.consent, Some(PreviewedConsent::Remembered));
}

#[tokio::test]
async fn whom_there_is_not_and_who_is_disabled_gets_no_preview() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let preview = async |request: PreviewRequest| server.admin().preview_token(&request).await;
    let good = asked(&web, Some("openid"), &[], &[]);
    for missing in [
        PreviewRequest { client: "none".into(), ..good.clone() },
        PreviewRequest { username: Some("nobody".into()), ..good.clone() },
    ] {
        assert!(matches!(preview(missing).await, Err(AdminRefused::Missing { .. })));
    }
    server.disable_user(&fixtures::ada(), true).await;
    let of_user = preview(good.clone()).await.unwrap();
    assert!(
        matches!(&of_user, TokenPreview::Refused { refusal, .. } if refusal.explain().rule == "user.disabled")
    );
    server.disable_user(&fixtures::ada(), false).await;
    server.disable_client("web", true).await;
    let of_client = preview(good).await.unwrap();
    assert!(
        matches!(&of_client, TokenPreview::Refused { refusal, .. } if refusal.explain().rule == "client.disabled")
    );
}

#[tokio::test]
async fn pk_14_what_no_key_here_signs_is_refused_by_the_preview_as_by_the_endpoint_with_what_the_operator_has_to_mend()
 {
    let server = TestServer::builder().set("keys.algorithms", "ES256, RS256").start().await;
    let client = registered_elsewhere(&server, "ed", "EdDSA").await;
    let request = asked(&client, Some("openid"), &[], &[]);
    let preview = server.admin().preview_token(&request).await.unwrap();
    let TokenPreview::Refused { endpoint, refusal } = &preview else { panic!("{preview:?}") };
    assert_eq!(
        (*endpoint, refusal.explain().rule, refusal.about()),
        ("/token", "grant.algorithm_off", Some("EdDSA"))
    );
    assert!(preview.obstacle().is_some_and(|why| why.contains("keys.algorithms")));
    assert_eq!(real(&server, &client, &request).await.unwrap_err(), refusal.code().as_str());
}
