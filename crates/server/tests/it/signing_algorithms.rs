//! The list of signing algorithms: what is made and published, what is refused, and what becomes of keys that are taken off it.

use proofkey_protocol::{Algorithm, ClientId, KeyRecord, SigningAlgorithms};
use proofkey_server::admin::{ClientDocument, NewApi};
use proofkey_server::algorithms::check_registered;
use proofkey_server::keys::{Signers, revoke, rotate, rotate_now, rotation};
use proofkey_testkit::{
    AuthorizeRequest, Browser, Builder, TestClient, TestServer, Tokens, decode, fixtures,
};
use serde_json::{Value, json};

use crate::keys::{POLICY, of_a_node, of_a_node_of};
use crate::nodes::within_a_second;

const TWO: &str = "ES256, RS256";
const REDIRECT_URI: &str = "https://alg.example/cb";
const SETTING: &str = "keys.algorithms";

fn two() -> Builder {
    TestServer::builder().set(SETTING, TWO)
}

fn registration(id: &str, algorithm: Option<&str>) -> Value {
    let mut metadata = json!({
        "client_id": id, "token_endpoint_auth_method": "none", "redirect_uris": [REDIRECT_URI], "scope": "openid",
    });
    if let Some(algorithm) = algorithm {
        metadata["id_token_signed_response_alg"] = json!(algorithm);
    }
    metadata
}

fn client(id: &str) -> TestClient {
    TestClient { id: id.into(), redirect_uri: REDIRECT_URI.into(), scope: "openid".into(), ..fixtures::spa() }
}

/// The algorithms of the published keys, each once.
async fn published(server: &TestServer) -> Vec<String> {
    let keys = server.get("/jwks", &[]).await.json()["keys"].as_array().unwrap().clone();
    let mut names: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

async fn announced(server: &TestServer) -> Value {
    let document = server.get("/.well-known/openid-configuration", &[]).await.json();
    document["id_token_signing_alg_values_supported"].clone()
}

async fn refused(server: &TestServer, metadata: &Value) -> String {
    let new = ClientDocument::parse(&metadata.to_string()).unwrap();
    server.admin().add_client(new).await.unwrap_err().to_string()
}

fn api(algorithm: Option<&str>) -> NewApi {
    let scope = proofkey_protocol::ApiScope { name: "read".into(), description: None };
    NewApi {
        resource: "https://reports.example/api".into(),
        scopes: vec![scope],
        algorithm: algorithm.map(str::to_owned),
        ..NewApi::default()
    }
}

#[tokio::test]
async fn pk_14_what_is_off_is_neither_announced_nor_registered_for() {
    let server = two().start().await;
    assert_eq!(announced(&server).await, json!(["RS256", "ES256"]));
    let cure = "name one of ES256, RS256";
    let message = refused(&server, &registration("ed", Some("EdDSA"))).await;
    assert!(message.contains("id_token_signed_response_alg: EdDSA") && message.contains(cure), "{message}");
    let message = server.admin().add_api(api(Some("EdDSA"))).await.unwrap_err().to_string();
    assert!(message.contains("algorithm: EdDSA") && message.contains("one of ES256, RS256"), "{message}");
    let _ = server.client(&registration("es", Some("ES256"))).await;
    let changed = ClientDocument::parse(&registration("es", Some("EdDSA")).to_string()).unwrap();
    let message = server.admin().update_client(&ClientId::new("es"), changed).await.unwrap_err().to_string();
    assert!(message.contains(cure), "{message}");
    let tokens = server.tokens(&client("es"), "openid").await;
    assert_eq!(decode(&tokens.id_token).header["alg"], "ES256");
}

#[tokio::test]
async fn pk_14_a_list_without_rs256_wants_clients_to_name_another_and_its_first_signs_access_tokens() {
    let mut server = TestServer::start().await;
    let list = "EdDSA, ES256";
    let refusal = server.refusal_to_start(SETTING, list).await;
    assert!(refusal.contains("client web (RS256)") && refusal.contains("client spa (RS256)"), "{refusal}");
    server.restart().await;
    for record in server.admin().clients().await.unwrap() {
        server.admin().remove_client(&record.id).await.unwrap();
    }
    server.set(SETTING, Some(list));
    server.restart().await;
    assert_eq!(announced(&server).await, json!(["ES256", "EdDSA"]));
    let message = refused(&server, &registration("none", None)).await;
    assert!(message.contains("RS256 (RS256 where none is named)"), "{message}");
    let _ = server.client(&registration("ed", Some("EdDSA"))).await;
    let tokens = server.tokens(&client("ed"), "openid").await;
    assert_eq!(decode(&tokens.id_token).header["alg"], "EdDSA");
    assert_eq!(decode(&tokens.access_token).header["alg"], "EdDSA", "the first of the list");
    assert_eq!(server.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn pk_14_who_is_registered_for_what_is_taken_off_is_named_and_nothing_starts() {
    let mut server = TestServer::start().await;
    let _ = server.client(&registration("ed", Some("EdDSA"))).await;
    let _ = server.client(&registration("off", Some("EdDSA"))).await;
    server.disable_client("off", true).await;
    let _ = server.client(&registration("es", Some("ES256"))).await;
    let _ = server.api_with(api(Some("EdDSA"))).await;
    let before = kids(&server).await;
    let refusal = server.refusal_to_start(SETTING, TWO).await;
    let named = "client ed (EdDSA), client off (EdDSA), API https://reports.example/api (EdDSA)";
    for part in ["keys.algorithms", named, "one of ES256, RS256", "proofkey client update"] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    assert!(!refusal.contains("client es") && !refusal.contains("notes.example"), "{refusal}");
    server.restart().await;
    assert_eq!(kids(&server).await, before, "and nothing has changed");
    server.remove_api("https://reports.example/api").await;
    for id in ["ed", "off"] {
        server.update_client(id, &registration(id, Some("ES256"))).await;
    }
    server.set(SETTING, Some(TWO));
    server.restart().await;
    let on = SigningAlgorithms::new([Algorithm::Es256, Algorithm::Rs256]).unwrap();
    assert!(check_registered(server.store(), &on).await.is_ok());
}

#[tokio::test]
async fn pk_14_v_81_an_algorithm_that_is_put_on_the_list_signs_once_verifiers_have_its_key() {
    let mut server = two().start().await;
    let all = server.store().keys().await.unwrap();
    let of_ed = all.into_iter().filter(|key| key.algorithm == Algorithm::EdDsa).map(|key| key.kid);
    server.store().retire_keys(&of_ed.collect::<Vec<_>>(), server.now()).await.unwrap();
    server.set(SETTING, Some("EdDSA, ES256, RS256"));
    server.restart().await;
    assert_eq!(published(&server).await, ["ES256", "EdDSA", "RS256"], "from the first moment");
    let signer = async || {
        let answer = server.client_credentials(&fixtures::service(), &[]).await;
        decode(&Tokens::of(&answer).access_token).header["alg"].as_str().unwrap().to_owned()
    };
    assert_eq!(signer().await, "ES256", "the first of those that sign, where the API names none");
    assert_eq!(server.admin().access_token_algorithm().await.unwrap(), Algorithm::Es256);
    let message = refused(&server, &registration("ed", Some("EdDSA"))).await;
    assert!(message.contains("id_token_signed_response_alg: EdDSA is new on the list"), "{message}");
    let message = server.admin().add_api(api(Some("EdDSA"))).await.unwrap_err().to_string();
    assert!(message.contains("algorithm: EdDSA is new on the list"), "{message}");
    server.advance(86_400 - 60);
    assert_eq!(signer().await, "ES256", "a minute before its day");
    server.advance(60);
    assert!(within_a_second(async || signer().await == "EdDSA").await);
    let _ = server.client(&registration("ed", Some("EdDSA"))).await;
    assert_eq!(decode(&server.tokens(&client("ed"), "openid").await.id_token).header["alg"], "EdDSA");
}

async fn kids(server: &TestServer) -> Vec<String> {
    server.store().keys().await.unwrap().into_iter().map(|key| key.kid).collect()
}

fn signers_of_two(server: &TestServer) -> Signers {
    Signers {
        issuer: proofkey_oauth::Issuer::parse(&server.issuer).unwrap(),
        algorithms: SigningAlgorithms::new([Algorithm::Es256, Algorithm::Rs256]).unwrap(),
    }
}

#[tokio::test]
async fn pk_14_md_05_what_was_signed_before_verifies_until_it_ends_and_then_its_key_is_gone() {
    let mut server = TestServer::start().await;
    let _ = server.api_with(api(Some("EdDSA"))).await;
    let mut metadata = registration("ed", Some("EdDSA"));
    (metadata["scope"], metadata["resources"]) =
        (json!("openid read"), json!(["https://reports.example/api"]));
    let _ = server.client(&metadata).await;
    let ed = TestClient { scope: "openid read".into(), ..client("ed") };
    let tokens = server.tokens(&ed, "openid").await;
    assert_eq!(decode(&tokens.id_token).header["alg"], "EdDSA");
    let all = of_a_node(&server).await;
    assert!(all.id_token(&tokens.id_token).is_ok());
    server.remove_api("https://reports.example/api").await;
    server.update_client("ed", &registration("ed", Some("ES256"))).await;

    server.set(SETTING, Some(TWO));
    server.restart().await;
    assert_eq!(announced(&server).await, json!(["RS256", "ES256"]), "from the first moment");
    assert_eq!(published(&server).await, ["ES256", "EdDSA", "RS256"], "apps still verify what they hold");
    assert_eq!(decode(&server.tokens(&client("ed"), "openid").await.id_token).header["alg"], "ES256");
    let two = of_a_node_of(&server, signers_of_two(&server)).await;
    assert!(two.id_token(&tokens.id_token).is_ok(), "a hint");
    let ring = || async {
        let keys = server.store().keys().await.unwrap();
        keys.into_iter().filter(|key| key.algorithm == Algorithm::EdDsa).collect::<Vec<_>>()
    };
    assert!(ring().await.iter().all(|key| key.closed_at == Some(server.now())), "it is noted at the start");
    // A leak meanwhile makes no key of it either, once no server can have it on; nor does its revocation.
    let closed = server.now() + 301;
    let made = rotate_now(server.store(), &two, closed).await.unwrap().unwrap();
    assert_eq!((made.len(), ring().await.len()), (2, 1));

    let policy = rotation::RotationPolicy { algorithms: two.algorithms().clone(), ..POLICY.clone() };
    let (closed_at, longest) = (server.now(), POLICY.keep_seconds + 300);
    for (after, is_there) in [(longest, true), (longest + 1, false)] {
        let now = closed_at + after;
        let _ = rotate(server.store(), &two, &policy, now, now).await.unwrap();
        assert_eq!(!ring().await.is_empty(), is_there, "{after}");
    }
    assert!(within_a_second(async || published(&server).await == ["ES256", "RS256"]).await);
    let after = of_a_node_of(&server, signers_of_two(&server)).await;
    assert!(after.id_token(&tokens.id_token).is_ok(), "as a hint it still says who that was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pk_14_two_nodes_with_two_lists_publish_the_same_keys_and_verify_each_others_tokens() {
    let one = TestServer::builder().postgres().start().await;
    let other = two().beside(&one).start().await;
    let scope = "openid offline_access";
    let mut metadata = registration("ed", Some("EdDSA"));
    (metadata["scope"], metadata["grant_types"]) =
        (json!(scope), json!(["authorization_code", "refresh_token"]));
    let _ = one.client(&metadata).await;
    let ed = TestClient { scope: scope.into(), ..client("ed") };
    let tokens = one.tokens(&ed, scope).await;
    assert_eq!(decode(&tokens.id_token).header["alg"], "EdDSA");
    for node in [&one, &other] {
        assert_eq!(published(node).await, ["ES256", "EdDSA", "RS256"]);
        assert_eq!(node.userinfo(&tokens.access_token).await.status, 200);
    }
    assert_eq!(announced(&one).await, json!(["RS256", "ES256", "EdDSA"]));
    assert_eq!(announced(&other).await, json!(["RS256", "ES256"]));
    // The list of the other says no, and no app gets a token by another algorithm. Nothing is spent there: the same code and the
    // same refresh token go on where the key is.
    let request = AuthorizeRequest::new(&ed).set("scope", scope);
    let code = other.code_by(&mut Browser::new(&other), &request, &fixtures::ada()).await;
    for (node, status) in [(&other, 503), (&other, 503), (&one, 200)] {
        assert_eq!(node.redeem(&ed, &code).await.status, status);
        assert_eq!(node.refresh(&ed, &tokens.refresh_token).await.status, status);
    }
    // Whichever of them looks last at the schedule: the keys stay while one signs by them.
    for turn in 0..4 {
        let (node, policy) = if turn % 2 == 0 {
            (of_a_node(&one).await, POLICY.clone())
        } else {
            let node = of_a_node_of(&one, signers_of_two(&one)).await;
            let policy = rotation::RotationPolicy { algorithms: node.algorithms().clone(), ..POLICY.clone() };
            (node, policy)
        };
        one.advance(3_600);
        let rotated = rotate(one.store(), &node, &policy, one.now(), one.now()).await.unwrap();
        assert_eq!(rotated.noted, 1, "turn {turn}: by which a server finds out that the lists differ");
        let keys = one.store().keys().await.unwrap();
        let closed = keys.iter().find(|key| key.algorithm == Algorithm::EdDsa).unwrap().closed_at;
        assert_eq!(closed, (turn % 2 == 1).then(|| one.now()), "turn {turn}");
    }
}

/// The keys of an algorithm that are stored.
async fn ring_of(server: &TestServer, algorithm: Algorithm) -> Vec<KeyRecord> {
    let keys = server.store().keys().await.unwrap();
    keys.into_iter().filter(|key| key.algorithm == algorithm).collect()
}

#[tokio::test]
async fn pk_14_md_06_a_leak_replaces_what_servers_sign_by_whatever_the_list_of_the_command_says() {
    let server = TestServer::start().await;
    let command = of_a_node_of(&server, signers_of_two(&server)).await;
    let late = server.now() + 89 * 86_400;
    let keys = of_a_node(&server).await;
    let _ = rotate(server.store(), &keys, &POLICY, late, late).await.unwrap();
    let before = ring_of(&server, Algorithm::EdDsa).await;
    assert_eq!(before.len(), 2, "one waits");
    let made = rotate_now(server.store(), &command, late).await.unwrap().unwrap();
    assert_eq!(made.len(), 3, "the servers have all three on");
    let after = ring_of(&server, Algorithm::EdDsa).await;
    let signer =
        |records: &[KeyRecord], at| rotation::signing(records, Algorithm::EdDsa, at).unwrap().kid.clone();
    assert!(made.contains(&signer(&after, late)) && made.contains(&signer(&after, late + 400 * 86_400)));
    assert!(after.iter().all(|key| key.kid != before[1].kid), "none that lay beside it signs ever");

    let leaked = signer(&after, late);
    let made = revoke(server.store(), &command, std::slice::from_ref(&leaked), late).await.unwrap().unwrap();
    assert_eq!(made.len(), 1);
    let after = ring_of(&server, Algorithm::EdDsa).await;
    assert!(after.iter().all(|key| key.kid != leaked) && made == [signer(&after, late)]);
}

#[tokio::test]
async fn pk_14_md_06_a_key_of_an_algorithm_that_is_off_is_revoked_and_not_replaced() {
    let server = two().start().await;
    assert!(ring_of(&server, Algorithm::EdDsa).await.iter().all(|key| key.closed_at.is_some()));
    let command = of_a_node_of(&server, signers_of_two(&server)).await;
    let leaked = ring_of(&server, Algorithm::EdDsa).await.remove(0).kid;
    let later = server.now() + 301;
    let made = revoke(server.store(), &command, &[leaked], later).await.unwrap().unwrap();
    assert_eq!((made.len(), ring_of(&server, Algorithm::EdDsa).await.len()), (0, 0));
}
