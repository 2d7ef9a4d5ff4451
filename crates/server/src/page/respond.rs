//! The headers of an HTML answer. No page needs a script, a frame, a foreign resource or a cache, so all of them
//! are switched off.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};

use super::lang::Lang;

/// In front of where forms may go, and behind it.
const POLICY: (&str, &str) = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'",
    "; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'",
);
const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
     encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(self), \
     screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// A page without a form: no address of ours leaves with a link.
pub fn respond(status: StatusCode, lang: Lang, html: String) -> Response {
    answer(status, lang, "no-referrer", None, html)
}

/// A page with a form. `no-referrer` would make its own post carry `Origin: null`, and the origin check would
/// then lock people out; `same-origin` keeps the header, and still tells no other site.
///
/// Browsers apply `form-action` to the redirects that follow a form. To a web app none ever does; `app_scheme` is the scheme of
/// an app of its own that the post may be answered by a redirect to, so that the person's tap opens it.
pub fn respond_with_form(status: StatusCode, lang: Lang, html: String, app_scheme: Option<&str>) -> Response {
    answer(status, lang, "same-origin", app_scheme, html)
}

fn answer(
    status: StatusCode,
    lang: Lang,
    referrer_policy: &'static str,
    app_scheme: Option<&str>,
    html: String,
) -> Response {
    let (front, end) = POLICY;
    let policy =
        app_scheme.map_or_else(|| format!("{front}{end}"), |scheme| format!("{front} {scheme}:{end}"));
    let headers: [(HeaderName, &str); 10] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, lang.tag()),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, &policy),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, referrer_policy),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
    ];
    (status, headers, html).into_response()
}
