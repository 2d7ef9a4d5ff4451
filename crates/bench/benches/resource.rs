//! What an API pays for a token: at its first request, and at each further one.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use proofkey_jose::claims::{AccessTokenClaims, Audience, NumericDate};
use proofkey_jose::{Algorithm, JwkSet, KeySet, SigningKey, Typ};
use proofkey_resource::{Clock, Policy, Protect, ProtectLayer, validate};
use tokio::runtime::{Builder, Runtime};

const NOW: i64 = 1_790_000_000;
const API: &str = "https://api.example/notes";
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

fn main() {
    divan::main();
}

/// A token of an issuer that answers on this machine.
struct Issued {
    issuer: String,
    keys: KeySet,
    token: String,
}

impl Issued {
    fn new(algorithm: Algorithm) -> Self {
        let (key, _) = SigningKey::generate(algorithm).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let metadata = format!(
            r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/jwks","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{issuer}/token","response_types_supported":["code"]}}"#
        );
        let jwks = serde_json::to_string(&JwkSet { keys: vec![key.public_jwk().clone()] }).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(&stream, &metadata, &jwks);
            }
        });
        let token = key.sign(Typ::AccessToken, &claims(&issuer)).unwrap();
        Self { issuer, keys: KeySet::new([key.verifying_key().clone()]), token }
    }

    /// The layer of an API that knows the token, and what runs it.
    fn known(&self) -> (Runtime, ProtectLayer) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let protect = Protect::new(&self.issuer, API).clock(Clock::from_fn(|| NOW));
        let layer = protect.build().unwrap();
        runtime.block_on(layer.authorize(&self.token)).unwrap();
        (runtime, layer)
    }
}

fn claims(issuer: &str) -> AccessTokenClaims {
    AccessTokenClaims {
        iss: issuer.into(),
        sub: "u-0123456789abcdef0123".into(),
        aud: Audience::one(API),
        client_id: "notes".into(),
        scope: Some("openid notes:read offline_access".into()),
        iat: NumericDate::from(NOW),
        exp: NumericDate::from(NOW + 600),
        nbf: None,
        jti: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        auth_time: Some(NumericDate::from(NOW)),
        acr: None,
        amr: None,
        sid: None,
        grant_id: Some("AAAAAAAAAAAAAAAAAAAAAA".into()),
        basis: None,
    }
}

fn answer(mut stream: &TcpStream, metadata: &str, jwks: &str) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let is_keys = lines.next().is_some_and(|line| line.contains("/jwks"));
    lines.find(String::is_empty);
    let body = if is_keys { jwks } else { metadata };
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length:";
    write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
}

#[divan::bench(args = ALGORITHMS)]
fn first_request(bencher: divan::Bencher<'_, '_>, algorithm: Algorithm) {
    let issued = Issued::new(algorithm);
    let policy = Policy::new(&issued.issuer, API);
    bencher.bench(|| validate(&issued.token, &issued.keys, &policy, NOW).unwrap());
}

#[divan::bench(args = ALGORITHMS)]
fn further_request(bencher: divan::Bencher<'_, '_>, algorithm: Algorithm) {
    let issued = Issued::new(algorithm);
    let (runtime, layer) = issued.known();
    bencher.bench(|| runtime.block_on(layer.authorize(&issued.token)).unwrap());
}
