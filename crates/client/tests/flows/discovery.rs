//! Finding a server that does not answer as RFC 8414 imagines.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use proofkey_client::{Application, Client, Error, Remedy, TokenStore};
use serde_json::json;

/// A server that answers at the place of RFC 8414 with this, and has metadata at that of OpenID Connect, or nothing there.
async fn server(path: &str, first: (u16, &'static str, &'static str), has_openid: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}{path}", listener.local_addr().unwrap());
    let base = issuer.trim_end_matches('/').to_owned();
    let document = json!({"issuer": issuer, "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"), "code_challenge_methods_supported": ["S256"]});
    let (status, content_type, body) = first;
    let inserted = move || async move {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = [(header::CONTENT_TYPE, content_type), (header::LOCATION, "/elsewhere")];
        (status, headers, body).into_response()
    };
    let openid = move || async move { document.to_string() };
    let path = path.trim_end_matches('/');
    let router: Router = Router::new()
        .route(&format!("/.well-known/oauth-authorization-server{path}"), get(inserted))
        .route("/elsewhere", get(|| async { "followed" }));
    let router = if has_openid {
        router.route(&format!("{path}/.well-known/openid-configuration"), get(openid))
    } else {
        router
    };
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    issuer
}

async fn begin(issuer: &str) -> Result<(), Error> {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let app = Application::new(issuer, "app").unwrap();
    Client::with_store(app, &TokenStore::in_directory(directory.path())).sign_in().await.map(|_| ())
}

#[tokio::test]
async fn k_52_what_is_no_metadata_is_not_there() {
    let (html, json) = ("text/html", "application/json");
    for (status, content_type, body) in [
        (404, html, "not found"),
        (400, json, "{}"),
        (401, json, "{\"error\":\"unauthorized\"}"),
        (403, html, "<html>forbidden</html>"),
        (405, html, ""),
        (406, html, ""),
        (410, html, ""),
        (301, html, ""),
        (302, html, ""),
        (429, html, "slow down"),
        (500, html, "oops"),
        (502, html, "bad gateway"),
        (200, html, "<html>our single-page app answers everything</html>"),
        (200, json, "{}"),
        (200, json, "[]"),
        (200, json, "\"issuer\""),
        (200, json, "{\"issuer\": 7}"),
        (204, json, ""),
    ] {
        for path in ["", "/tenant", "/"] {
            let first = (status, content_type, body);
            begin(&server(path, first, true).await)
                .await
                .unwrap_or_else(|error| panic!("{status} {body}: {error}"));
            let none = begin(&server(path, first, false).await).await.unwrap_err();
            let expected = if matches!(status, 429 | 500..) { Remedy::Retry } else { Remedy::Change };
            assert_eq!(none.remedy(), expected, "{status} {body}: {none}");
        }
    }
}

#[tokio::test]
async fn k_52_what_is_metadata_is_judged_and_there_is_no_second_try() {
    let foreign = r#"{"issuer":"https://evil.example","token_endpoint":"https://evil.example/token"}"#;
    let error = begin(&server("", (200, "application/json", foreign), true).await).await.unwrap_err();
    assert!(matches!(error, Error::IssuerMismatch { .. }), "{error:?}");
    let twice = r#"{"issuer":"https://evil.example","issuer":"https://other.example"}"#;
    let error = begin(&server("", (200, "application/json", twice), true).await).await.unwrap_err();
    assert!(matches!(error, Error::MetadataMalformed(_)), "{error:?}");
}

#[tokio::test]
async fn k_39_an_untrusted_certificate_is_called_that() {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(identity.signing_key.serialize_der());
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.cert.der().clone()], key.into())
            .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = acceptor.accept(stream).await;
        }
    });
    let error = begin(&format!("https://localhost:{port}")).await.unwrap_err();
    assert!(matches!(error, Error::CertificateUntrusted { .. }), "{error:?}");
    assert!(error.to_string().contains("trust store") && !error.to_string().contains("online"), "{error}");
}
