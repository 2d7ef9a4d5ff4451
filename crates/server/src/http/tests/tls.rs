//! TLS: versions, headers, reload.

use std::sync::Arc;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{HttpLimits, PATIENCE, Served, Tls, start, talk};

fn write_identity(directory: &tempfile::TempDir, name: &str) {
    let identity = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    std::fs::write(directory.path().join("certificate.pem"), identity.cert.pem()).unwrap();
    std::fs::write(directory.path().join("key.pem"), identity.signing_key.serialize_pem()).unwrap();
}

pub(super) fn tls_in(directory: &tempfile::TempDir, name: &str) -> Arc<Tls> {
    write_identity(directory, name);
    Arc::new(Tls::load(&directory.path().join("certificate.pem"), &directory.path().join("key.pem")).unwrap())
}

/// A client that believes exactly the certificate that lies in the directory.
async fn connect_tls(
    served: &Served,
    directory: &tempfile::TempDir,
    name: &'static str,
    version: &'static rustls::SupportedProtocolVersion,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(directory.path().join("certificate.pem")).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(ServerName::try_from(name).unwrap(), served.connect().await).await
}

#[tokio::test]
async fn ht_01_tls_1_2_and_1_3_with_hsts_for_a_year() {
    let directory = tempfile::tempdir().unwrap();
    let tls = tls_in(&directory, "one.test");
    let served = start(HttpLimits::default(), Some(tls), CancellationToken::new()).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut stream = connect_tls(&served, &directory, "one.test", version).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        let answer = talk(&mut stream, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    }
}

#[tokio::test]
async fn ht_01_tls_1_1_and_plain_http_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let served =
        start(HttpLimits::default(), Some(tls_in(&directory, "one.test")), CancellationToken::new()).await;
    // A ClientHello of TLS 1.1, sound but for its version: random of 32 zeros, no session, one suite, no compression,
    // and the one extension (signature_algorithms) that rustls would miss before it looks at the version.
    let body =
        [&[3, 2][..], &[0; 32], &[0, 0, 2, 0xc0, 0x13, 1, 0], &[0, 8, 0, 0x0d, 0, 4, 0, 2, 4, 3]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let hello = [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat();
    let mut stream = served.connect().await;
    stream.write_all(&hello).await.unwrap();
    let mut alert = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut alert)).await.unwrap().unwrap();
    assert_eq!((alert.first(), alert.last()), (Some(&0x15), Some(&70)), "protocol_version alert: {alert:?}");
    let answer = served.get("/", "").await;
    assert!(
        !answer.contains("HTTP/1.1 3") && !answer.contains("hello"),
        "no redirect, no answer: {answer:?}"
    );
}

#[tokio::test]
async fn ht_01_a_new_certificate_is_taken_up_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let tls = tls_in(&directory, "one.test");
    let served = start(HttpLimits::default(), Some(Arc::clone(&tls)), CancellationToken::new()).await;
    let tls13 = &rustls::version::TLS13;
    write_identity(&directory, "two.test");
    tls.reload().unwrap();
    assert!(connect_tls(&served, &directory, "two.test", tls13).await.is_ok());
    std::fs::write(directory.path().join("key.pem"), "not a key").unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("key.pem"));
    assert!(connect_tls(&served, &directory, "two.test", tls13).await.is_ok(), "the old identity stays");
}
