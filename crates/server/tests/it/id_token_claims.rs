//! Claims of the user in ID tokens, from the registration over the person's consent to what the client reads.

use proofkey_protocol::ClientId;
use proofkey_server::admin::{ClientEdit, ListEdit};
use proofkey_testkit::{
    AuthorizeRequest, Browser, TestClient, TestServer, TestUser, Tokens, decode, fixtures,
};
use serde_json::{Value, json};

use crate::nodes::{Nodes, within_a_second};

const SCOPE: &str = "openid profile email offline_access notes:read";
const REDIRECT_URI: &str = "https://reader.example/callback";

/// An app that is registered for these claims.
pub(crate) async fn reader(server: &TestServer, claims: &[&str]) -> TestClient {
    let metadata = json!({
        "client_id": "reader", "token_endpoint_auth_method": "none", "redirect_uris": [REDIRECT_URI], "scope": SCOPE,
        "grant_types": ["authorization_code", "refresh_token"], "id_token_claims": claims,
    });
    let _ = server.client(&metadata).await;
    TestClient {
        id: "reader".into(),
        redirect_uri: REDIRECT_URI.into(),
        scope: SCOPE.into(),
        ..fixtures::spa()
    }
}

/// The claims of the user among those of an ID token.
fn of_user(id_token: &str) -> Value {
    const OWN: [&str; 10] =
        ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "amr", "sid"];
    let claims = decode(id_token).claims;
    let members = claims.as_object().unwrap().iter();
    let of_user = members.filter(|(name, _)| !OWN.contains(&name.as_str()));
    Value::Object(of_user.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[tokio::test]
async fn pk_13_an_id_token_carries_what_its_client_asked_for_and_the_person_allowed_from_the_start_and_after_a_refresh()
 {
    let server = TestServer::start().await;
    let client = reader(&server, &["email", "name", "preferred_username", "nickname"]).await;
    let cases = [
        ("openid", json!({})),
        ("openid email", json!({"email": "ada@example.com"})),
        ("openid profile", json!({"name": "Ada Lovelace", "preferred_username": "ada"})),
        (SCOPE, json!({"email": "ada@example.com", "name": "Ada Lovelace", "preferred_username": "ada"})),
    ];
    for (scope, expected) in cases {
        let tokens = server.tokens(&client, scope).await;
        assert_eq!(of_user(&tokens.id_token), expected, "{scope}");
        let userinfo = server.userinfo(&tokens.access_token).await.json();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&userinfo[name], value, "{scope}: as userinfo says");
        }
        if scope == SCOPE {
            let refreshed = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
            assert_eq!(of_user(&refreshed.id_token), expected, "refreshed");
            let again = Tokens::of(&server.refresh(&client, &tokens.refresh_token).await);
            assert_eq!(of_user(&again.id_token), expected, "an overlap says the same");
        }
    }
    let plain = server.tokens(&fixtures::web(), SCOPE).await;
    assert_eq!(of_user(&plain.id_token), json!({}), "who asks for nothing gets nothing");
}

#[tokio::test]
async fn pk_13_a_scope_that_the_person_did_not_allow_opens_nothing_whatever_the_client_is_registered_for() {
    let server = TestServer::start().await;
    let client = reader(&server, &["email"]).await;
    let request = AuthorizeRequest::new(&client).set("scope", "openid");
    let mut browser = Browser::new(&server);
    let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
    let tokens = Tokens::of(&server.redeem(&client, &code).await);
    assert_eq!(of_user(&tokens.id_token), json!({}));
}

#[tokio::test]
async fn pk_13_claims_of_id_tokens_are_edited_and_what_cannot_be_is_refused_by_name() {
    let server = TestServer::start().await;
    let client = reader(&server, &["email"]).await;
    let id = ClientId::new(client.id.clone());
    let edit = |add: &[&str], remove: &[&str]| ClientEdit {
        id_token_claims: ListEdit {
            add: add.iter().map(|claim| (*claim).to_owned()).collect(),
            remove: remove.iter().map(|claim| (*claim).to_owned()).collect(),
        },
        ..ClientEdit::default()
    };
    let record = server.admin().edit_client(&id, edit(&["name", "email"], &[])).await.unwrap();
    assert_eq!(record.metadata.id_token_claims, ["email", "name"], "each once");
    server.refresh_directory().await;
    let tokens = server.tokens(&client, SCOPE).await;
    assert_eq!(of_user(&tokens.id_token), json!({"email": "ada@example.com", "name": "Ada Lovelace"}));
    for wrong in ["roles", "sub", "phone_number"] {
        let refused = server.admin().edit_client(&id, edit(&[wrong], &[])).await.unwrap_err();
        assert!(refused.to_string().contains(&format!("id_token_claims[2]: `{wrong}`")), "{refused}");
    }
    let record = server.admin().edit_client(&id, edit(&[], &["email", "name"])).await.unwrap();
    assert!(record.metadata.id_token_claims.is_empty());
    server.refresh_directory().await;
    assert_eq!(of_user(&server.tokens(&client, SCOPE).await.id_token), json!({}));
}

/// The most that a browser keeps in a cookie, its name with it.
const COOKIE_BYTES_MAX: usize = 4_096;

#[tokio::test]
async fn pk_13_an_id_token_with_all_that_it_may_say_of_a_user_fits_a_cookie() {
    let server = TestServer::start().await;
    let client = reader(&server, &["website"]).await;
    let around = "\"website\":\"\",".len();
    let nonce = "n".repeat(360 - server.issuer.len() - client.id.len());
    for (bytes, is_said) in [(2_048, true), (2_049, false)] {
        let user = TestUser { username: format!("user-of-{bytes}"), ..fixtures::ada() };
        let website = "w".repeat(bytes - around);
        let _sub = server.user(&user, json!({"website": website})).await;
        let request = AuthorizeRequest::new(&client).set("scope", SCOPE).set("nonce", &nonce);
        let code = server.code_by(&mut Browser::new(&server), &request, &user).await;
        let tokens = Tokens::of(&server.redeem(&client, &code).await);
        assert_eq!(decode(&tokens.id_token).header["alg"], "RS256", "the longest signature");
        assert_eq!(of_user(&tokens.id_token).get("website").is_some(), is_said, "{bytes}");
        assert_eq!(server.userinfo(&tokens.access_token).await.json()["website"], json!(website));
        let cookie = tokens.id_token.len() + "__Host-session.id_token".len();
        assert!(cookie <= COOKIE_BYTES_MAX, "{bytes}: {cookie}");
        assert!(!is_said || cookie > 3_500, "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pk_13_st_08_claims_that_are_registered_on_one_node_are_in_the_id_tokens_of_the_other() {
    let nodes = Nodes::start().await;
    let client = reader(&nodes.one, &["email"]).await;
    let tokens = nodes.other.tokens(&client, SCOPE).await;
    assert_eq!(of_user(&tokens.id_token), json!({"email": "ada@example.com"}));
    let id = ClientId::new(client.id.clone());
    let claims = ListEdit { add: vec![], remove: vec!["email".into()] };
    let edit = ClientEdit { id_token_claims: claims, ..ClientEdit::default() };
    let _record = nodes.one.admin().edit_client(&id, edit).await.unwrap();
    let gone = async || {
        let tokens = nodes.other.refresh(&client, &tokens.refresh_token).await;
        of_user(&Tokens::of(&tokens).id_token) == json!({})
    };
    assert!(within_a_second(gone).await);
}
