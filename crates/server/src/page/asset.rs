//! The stylesheet and the icon, embedded, at addresses that carry their hash: an address never changes its
//! content, so browsers keep it for good.

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, header};

const STYLESHEET: &[u8] = include_bytes!("../../assets/proofkey.css");
const FAVICON: &[u8] = include_bytes!("../../assets/favicon.svg");
/// Half of a SHA-256 in hexadecimal digits is more than enough to tell two releases apart.
const HASH_BYTES: usize = 8;

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    path: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [Asset::new("css", "text/css; charset=utf-8", STYLESHEET), Asset::new("svg", "image/svg+xml", FAVICON)]
});

impl Asset {
    fn new(extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        let hash: String =
            digest.as_ref().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/proofkey-{hash}.{extension}"), content_type, bytes }
    }

    /// The path of its address below the issuer, beginning with `/assets/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands at that path, as it is served: nothing is compressed.
    pub fn bytes(&self) -> &'static [u8] {
        self.bytes
    }
}

impl IntoResponse for &Asset {
    fn into_response(self) -> Response {
        let headers: [(HeaderName, &str); 5] = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // An SVG is a document when it is opened by itself.
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        (headers, self.bytes).into_response()
    }
}

/// The asset at a path, if there is one.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// A route for each asset, below `base`: a proxy may forward nothing but the issuer's own path.
pub fn routes<S: Clone + Send + Sync + 'static>(base: &str) -> Router<S> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(&format!("{base}{}", asset.path()), get(move || async move { asset }))
    })
}

pub(super) fn stylesheet_path() -> &'static str {
    let [stylesheet, _] = &*ASSETS;
    &stylesheet.path
}

pub(super) fn favicon_path() -> &'static str {
    let [_, favicon] = &*ASSETS;
    &favicon.path
}
