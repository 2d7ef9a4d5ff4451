//! Signing, verifying and sealing.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use proofkey_jose::claims::{AccessTokenClaims, Audience, NumericDate};
use proofkey_jose::{Algorithm, Expected, KeySet, SigningKey, Typ, verify};
use proofkey_oauth::{CodeVerifier, Params, sha256};

fn main() {
    divan::main();
}

fn claims() -> AccessTokenClaims {
    AccessTokenClaims {
        iss: "https://id.example".into(),
        sub: "u-0123456789abcdef0123".into(),
        aud: Audience::one("https://api.example/notes"),
        client_id: "notes".into(),
        scope: Some("openid notes:read offline_access".into()),
        iat: NumericDate::from(1_790_000_000),
        exp: NumericDate::from(1_790_000_600),
        nbf: None,
        jti: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        auth_time: Some(NumericDate::from(1_790_000_000)),
        acr: None,
        amr: None,
        sid: None,
        grant_id: Some("AAAAAAAAAAAAAAAAAAAAAA".into()),
        valid_from: None,
    }
}

#[divan::bench(args = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256])]
fn sign(bencher: divan::Bencher<'_, '_>, algorithm: Algorithm) {
    let (key, _) = SigningKey::generate(algorithm).unwrap();
    let claims = claims();
    bencher.bench(|| key.sign(Typ::AccessToken, &claims).unwrap());
}

#[divan::bench(args = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256])]
fn verify_token(bencher: divan::Bencher<'_, '_>, algorithm: Algorithm) {
    let (key, _) = SigningKey::generate(algorithm).unwrap();
    let token = key.sign(Typ::AccessToken, &claims()).unwrap();
    let keys = KeySet::new([key.verifying_key().clone()]);
    let algorithms = [algorithm];
    let expected = Expected { typ: &[Typ::AccessToken], algorithms: &algorithms };
    bencher.bench(|| verify(&token, &keys, &expected).unwrap());
}

#[divan::bench]
fn challenge_of_a_verifier(bencher: divan::Bencher<'_, '_>) {
    let verifier = CodeVerifier::from_random(&sha256(b"verifier"));
    bencher.bench(|| divan::black_box(&verifier).challenge());
}

#[divan::bench]
fn parse_a_token_request(bencher: divan::Bencher<'_, '_>) {
    let form = format!(
        "grant_type=authorization_code&client_id=notes&code=pkc_{}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_verifier={}",
        "A".repeat(300),
        "B".repeat(43)
    );
    bencher.bench(|| Params::parse(divan::black_box(form.as_bytes())).unwrap());
}
