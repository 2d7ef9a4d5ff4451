//! TLS by certificate files, taken up again when they change. The only module that knows rustls.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(10);

/// A TLS identity: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: ArcSwap<ServerConfig>,
}

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum TlsRefused {
    /// A file is missing or not PEM.
    #[error("{}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: rustls_pki_types::pem::Error },
    /// Both can be read, but they do not fit each other or the protocol.
    #[error("{} and its key: {reason}", certificate.display())]
    Unfit { certificate: PathBuf, reason: rustls::Error },
}

impl Tls {
    /// Reads both files.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsRefused> {
        let current = ArcSwap::from_pointee(read(certificate, key)?);
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), current })
    }

    /// Reads both files again; new handshakes use what they say. On an error the old identity stays.
    pub fn reload(&self) -> Result<(), TlsRefused> {
        self.current.store(Arc::new(read(&self.certificate, &self.key)?));
        Ok(())
    }

    /// Reloads whenever one of the files has changed, until `shutdown` is cancelled.
    pub async fn watch(self: Arc<Self>, shutdown: CancellationToken) {
        let mut known = self.stamps();
        let watch = async {
            loop {
                tokio::time::sleep(WATCH_INTERVAL).await;
                let stamps = self.stamps();
                if stamps == known {
                    continue;
                }
                match self.reload() {
                    Ok(()) => tracing::info!("the TLS certificate was reloaded"),
                    Err(error) => tracing::error!(%error, "the TLS certificate was not reloaded"),
                }
                known = stamps;
            }
        };
        let _never: Option<()> = shutdown.run_until_cancelled(watch).await;
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Tls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsRefused> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |reason| TlsRefused::Unreadable { path, reason }
    };
    let unfit = |reason| TlsRefused::Unfit { certificate: certificate.to_owned(), reason };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(unreadable(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
