//! Where the app of a registration runs, if it does not say so itself.

use proofkey_oauth::{ApplicationType, ClientMetadata, RedirectUri, RedirectUriRefused};

/// Where the app of a registration runs.
pub(super) fn application(metadata: &ClientMetadata) -> ApplicationType {
    metadata.application_type.unwrap_or_else(|| guess_application(metadata))
}

/// Checks an address of a registration, by what that allows.
pub(super) fn register(
    uri: &str,
    application: ApplicationType,
    metadata: &ClientMetadata,
) -> Result<RedirectUri, RedirectUriRefused> {
    if metadata.allow_dotless_scheme == Some(true) {
        RedirectUri::register_any_scheme(uri, application)
    } else {
        RedirectUri::register(uri, application)
    }
}

/// An app that names only addresses on its own device runs there.
fn guess_application(metadata: &ClientMetadata) -> ApplicationType {
    let on_device = |uri: &String| {
        !uri.starts_with("https://")
            && register(uri, ApplicationType::Web, metadata).is_ok_and(|parsed| has_free_port(&parsed))
    };
    let native = !metadata.redirect_uris.is_empty() && metadata.redirect_uris.iter().all(on_device);
    if native { ApplicationType::Native } else { ApplicationType::Web }
}

/// A loopback address without a port, or a private-use scheme: only an installed app registers these.
fn has_free_port(uri: &RedirectUri) -> bool {
    let text = uri.as_str();
    ["http://127.0.0.1/", "http://[::1]/", "http://localhost/"].iter().any(|front| text.starts_with(front))
        || !text.starts_with("http://")
}
