//! Installations of earlier releases, opened by this one: nothing that people and clients hold is lost by an upgrade.

mod accounts;
mod held;
mod operation;

use proofkey_jose::{Algorithm, Expected, JwkSet, KeySet, Typ, verify};
use proofkey_testkit::{TestClient, TestServer};
use serde_json::Value;

const DAY_SECONDS: i64 = 86_400;

/// Whether its refresh token may still be used.
pub(super) fn is_live(grant: &Value) -> bool {
    let state = grant["state"].as_str().unwrap();
    ["unused", "used once", "access token revoked", "code redeemed"].contains(&state)
}

/// Whether a client with a secret is known by it.
pub(super) async fn authenticates(server: &TestServer, client: &TestClient) -> bool {
    match server.introspect(client, "not a token").await.refusal() {
        (200, _) => true,
        refusal => {
            assert_eq!(refusal, (401, "invalid_client".into()), "{}", client.id);
            false
        }
    }
}

pub(super) async fn key_set(server: &TestServer) -> KeySet {
    let jwks = server.get("/jwks", &[]).await.body;
    KeySet::from_jwks(&JwkSet::from_json(jwks.as_bytes()).unwrap())
}

pub(super) fn assert_verifies(keys: &KeySet, token: &str) {
    let expected = Expected { typ: &Typ::ALL, algorithms: &Algorithm::ALL };
    let verified = verify(token, keys, &expected);
    assert!(verified.is_ok(), "{verified:?}: {token}");
}
