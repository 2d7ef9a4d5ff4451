//! How pages name apps and places: always with the host, never by text that an app chose alone.

use proofkey_protocol::Client;

use crate::page::Destination;

/// The name of an app, or its id.
pub(super) fn app_name(client: &Client) -> String {
    client.name.clone().unwrap_or_else(|| client.id.to_string())
}

/// The host an app lives at: its home page's, else that of its first redirect URI.
pub(super) fn app_host(client: &Client) -> String {
    let uri = client
        .uri
        .as_deref()
        .or_else(|| client.redirect_uris.first().map(proofkey_oauth::RedirectUri::as_str));
    uri.map(|uri| host(uri).to_owned()).unwrap_or_default()
}

/// The host of an address; the scheme where there is none.
pub(super) fn host(uri: &str) -> &str {
    match uri.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?']).next().unwrap_or(rest),
        None => uri.split(':').next().unwrap_or(uri),
    }
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
