//! How pages name apps and places: always with the host, never by text that an app chose alone.

use proofkey_protocol::Client;
use proofkey_protocol::authorize::host;

use crate::page::Destination;

/// The name of an app, or its id.
pub(super) fn app_name(client: &Client) -> String {
    client.name.clone().unwrap_or_else(|| client.id.to_string())
}

/// Longest scheme of an app that a `form-action` names.
const SCHEME_BYTES_MAX: usize = 64;

/// The scheme of a registered address, where it is an app's own (RFC 8252 §7.1).
pub(super) fn own_scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    (!matches!(scheme, "http" | "https") && scheme.len() <= SCHEME_BYTES_MAX).then_some(scheme)
}

/// How a page names where the browser goes.
pub(super) fn destination(uri: &str) -> Destination {
    let host = host(uri).to_owned();
    if uri.starts_with("https://") {
        Destination::Host(host)
    } else if uri.starts_with("http://") {
        Destination::ThisDevice(host)
    } else {
        Destination::AppScheme(host)
    }
}
