//! TLS to the database: rustls over aws-lc-rs, and always with the server's certificate and name checked.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::fault::Fault;

/// What encrypts connections to servers that a certificate in this PEM file vouches for; without a file, the certificates that
/// the system trusts.
pub(super) fn connector(roots: Option<&Path>) -> Result<MakeRustlsConnect, Fault> {
    let unusable =
        |error: rustls::Error| Fault::Url { reason: format!("asks for TLS, which cannot be had: {error}") };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let verified = match roots {
        Some(file) => builder.with_root_certificates(read(file)?),
        None => builder.with_platform_verifier().map_err(unusable)?,
    };
    Ok(MakeRustlsConnect::new(verified.with_no_client_auth()))
}

fn read(file: &Path) -> Result<RootCertStore, Fault> {
    let unreadable = |reason: String| Fault::Url {
        reason: format!("names {} as `sslrootcert`, of which {reason}", file.display()),
    };
    let found = CertificateDer::pem_file_iter(file)
        .map_err(|error| unreadable(format!("nothing can be read: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in found {
        let certificate =
            certificate.map_err(|error| unreadable(format!("a part cannot be read: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(format!("a certificate cannot be used: {error}")))?;
    }
    if roots.is_empty() {
        return Err(unreadable("nothing is a certificate in PEM".to_owned()));
    }
    Ok(roots)
}
