//! A small authorization server whose answers can be made wrong, one rule at a time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use proofkey_client::{Application, Client, ResourceUri, Scope, TokenStore};
use proofkey_jose::claims::at_hash;
use proofkey_jose::{Algorithm, SigningKey, Typ};
use proofkey_oauth::Params;
use serde_json::{Value, json};

use crate::endpoints::{authorize, elsewhere, jwks, metadata, notes, revoke, token, userinfo};

/// What the issuer does wrong. `Default` is nothing.
#[derive(Default)]
pub(crate) struct Faults {
    /// Members of the metadata to replace; null removes.
    pub(crate) metadata: Vec<(&'static str, Value)>,
    /// Parameters of the authorization response to replace; `None` removes.
    pub(crate) response: Vec<(&'static str, Option<String>)>,
    /// Claims of the ID token to replace; null removes.
    pub(crate) claims: Vec<(&'static str, Value)>,
    /// Members of the token response to replace; null removes.
    pub(crate) token: Vec<(&'static str, Value)>,
    /// Header to put in place of the ID token's.
    pub(crate) id_token_header: Option<&'static str>,
    /// Status and, for a redirect, where to, instead of a token response.
    pub(crate) token_status: Option<(u16, Option<String>)>,
    /// The `sub` that userinfo gives.
    pub(crate) userinfo_sub: Option<&'static str>,
    /// Refresh replies to swallow: the rotation happens, the answer does not arrive.
    pub(crate) lost_replies: usize,
    /// Milliseconds that a refresh takes.
    pub(crate) slow_ms: u64,
    /// The revocation endpoint is down.
    pub(crate) revocation_down: bool,
    /// Content type and body of userinfo's answer, instead of JSON.
    pub(crate) userinfo_answer: Option<(&'static str, String)>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) token_forms: Vec<Params>,
    /// The `Authorization` headers that came with the forms of the token endpoint and of revocation.
    pub(crate) authorizations: Vec<Option<String>>,
    pub(crate) revoked: Vec<String>,
    pub(crate) refreshes: usize,
    /// Refresh requests that arrived, answered or not.
    pub(crate) refreshes_begun: usize,
    pub(crate) api_tokens: Vec<String>,
    pub(crate) redirect_followed: bool,
    /// code → (challenge, nonce, scope, resource)
    pub(crate) codes: HashMap<String, (String, Option<String>, String, Option<String>)>,
    /// Generation of the newest refresh token that was used, per grant; a token stays good until its successor is used.
    pub(crate) used: HashMap<u64, u64>,
    pub(crate) grants: u64,
    pub(crate) access: u64,
    pub(crate) live_access: Vec<String>,
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) seen: Mutex<Seen>,
    pub(crate) expires_in: Mutex<i64>,
    pub(crate) key: SigningKey,
}

impl Issuer {
    pub(crate) async fn start() -> Arc<Self> {
        Self::start_with(Faults::default()).await
    }

    pub(crate) async fn start_with(faults: Faults) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let issuer = Arc::new(Self {
            url: format!("http://{address}"),
            faults: Mutex::new(faults),
            seen: Mutex::default(),
            expires_in: Mutex::new(600),
            key,
        });
        let router = Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/jwks", get(jwks))
            .route("/userinfo", get(userinfo))
            .route("/revoke", post(revoke))
            .route("/elsewhere", post(elsewhere))
            .route("/notes", get(notes))
            .with_state(Arc::clone(&issuer));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        issuer
    }

    pub(crate) fn application(&self) -> Application {
        Application::new(&self.url, "app").unwrap()
    }

    pub(crate) fn application_for_notes(&self) -> Application {
        let mut app = self.application();
        app.scope = Scope::parse("openid offline_access notes:read").unwrap();
        app.resource = Some(ResourceUri::parse(&format!("{}/notes", self.url)).unwrap());
        app
    }

    pub(crate) fn client(&self, directory: &std::path::Path) -> Client {
        Client::with_store(self.application(), &TokenStore::in_directory(directory))
    }

    /// Makes every access token that was issued useless.
    pub(crate) fn forget_access_tokens(&self) {
        self.seen.lock().unwrap().live_access.clear();
    }

    /// Makes every refresh token that was issued useless.
    pub(crate) fn revoke_grants(&self) {
        for used in self.seen.lock().unwrap().used.values_mut() {
            *used = u64::MAX;
        }
    }

    fn id_token(&self, nonce: Option<&str>, access_token: &str) -> String {
        let now = i64::try_from(
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(),
        )
        .unwrap();
        let mut claims = json!({"iss": self.url, "sub": "ada-1", "aud": "app", "iat": now, "exp": now + 600,
            "auth_time": now, "nonce": nonce, "at_hash": at_hash(Algorithm::Es256, access_token)});
        if nonce.is_none() {
            claims.as_object_mut().unwrap().remove("nonce");
        }
        let faults = self.faults.lock().unwrap();
        replace(&mut claims, &faults.claims);
        let token = self.key.sign(Typ::IdToken, &claims).unwrap();
        match faults.id_token_header {
            Some(header) => format!("{header}.{}", token.split_once('.').unwrap().1),
            None => token,
        }
    }

    pub(crate) fn issue(&self, grant: u64, generation: u64, nonce: Option<&str>, scope: &str) -> Value {
        let access_token = {
            let mut seen = self.seen.lock().unwrap();
            seen.access += 1;
            let token = format!("access-{grant}-{}", seen.access);
            seen.live_access.push(token.clone());
            token
        };
        let mut body = json!({"access_token": access_token, "token_type": "bearer",
            "expires_in": *self.expires_in.lock().unwrap(), "scope": scope});
        if scope.contains("offline_access") {
            body["refresh_token"] = json!(format!("refresh-{grant}-{generation}"));
        }
        if scope.contains("openid") {
            body["id_token"] = json!(self.id_token(nonce, &access_token));
        }
        replace(&mut body, &self.faults.lock().unwrap().token);
        body
    }
}

pub(crate) fn replace(object: &mut Value, changes: &[(&'static str, Value)]) {
    for (name, value) in changes {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(*name);
        } else {
            object[*name] = value.clone();
        }
    }
}
