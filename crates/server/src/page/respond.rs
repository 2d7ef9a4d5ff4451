//! The headers of an HTML answer. No page needs a script, a frame, a foreign resource or a cache, so all of them
//! are switched off.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};

use super::lang::Lang;

/// `form-action 'self'` holds for every page, because a form post is never answered by a redirect to an app.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";
const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
     encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(self), \
     screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// A page without a form: no address of ours leaves with a link.
pub fn respond(status: StatusCode, lang: Lang, html: String) -> Response {
    answer(status, lang, "no-referrer", html)
}

/// A page with a form. `no-referrer` would make its own post carry `Origin: null`, and the origin check would
/// then lock people out; `same-origin` keeps the header, and still tells no other site.
pub fn respond_with_form(status: StatusCode, lang: Lang, html: String) -> Response {
    answer(status, lang, "same-origin", html)
}

fn answer(status: StatusCode, lang: Lang, referrer_policy: &'static str, html: String) -> Response {
    let headers: [(HeaderName, &str); 10] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, lang.tag()),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, referrer_policy),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
    ];
    (status, headers, html).into_response()
}
