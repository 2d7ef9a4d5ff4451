//! Redirect URIs: what may be registered, and when a sent one is the registered one.
//!
//! Comparison is of bytes (OAuth 2.1 §2.3.1). The one exception, the port of a loopback address, works by splitting the
//! *registered* text; the sent one is never parsed or normalised, so no two parsers can disagree about it.

use std::fmt;

use thiserror::Error;

use crate::app_origin::AppOrigin;
use crate::client_metadata::ApplicationType;
use crate::params::Params;
use crate::uri::{host_and_port, is_loopback_host, web_origin};

/// Longest accepted redirect URI, in bytes.
const REDIRECT_URI_BYTES_MAX: usize = 2048;
/// Query parameters that we add, or that a client could take for parameters that we added.
const RESERVED_PARAMETERS: [&str; 7] =
    ["code", "state", "iss", "error", "response", "id_token", "access_token"];
/// The shortest scheme without a dot, in characters: Windows reads a letter as a drive.
const SCHEME_CHARS_MIN: usize = 3;
/// Schemes that run or read something instead of opening an app.
const DANGEROUS_SCHEMES: [&str; 12] = [
    "javascript",
    "livescript",
    "vbscript",
    "data",
    "file",
    "blob",
    "about",
    "filesystem",
    "view-source",
    "mhtml",
    "res",
    "shell",
];
/// Schemes that browsers, mail programs, telephones and systems answer themselves, and those that a web site may claim in a browser
/// (HTML, `registerProtocolHandler`). (Those of web and files in capitals are among them.)
const TAKEN_SCHEMES: [&str; 53] = [
    "http",
    "https",
    "ws",
    "wss",
    "ftp",
    "ftps",
    "sftp",
    "ssh",
    "smb",
    "nfs",
    "telnet",
    "ldap",
    "ldaps",
    "mailto",
    "sms",
    "smsto",
    "mms",
    "tel",
    "callto",
    "sip",
    "sips",
    "facetime",
    "facetime-audio",
    "im",
    "irc",
    "ircs",
    "xmpp",
    "matrix",
    "news",
    "nntp",
    "webcal",
    "geo",
    "maps",
    "market",
    "itms",
    "itms-apps",
    "itms-services",
    "magnet",
    "bitcoin",
    "openpgp4fpr",
    "wtai",
    "intent",
    "android-app",
    "content",
    "jar",
    "resource",
    "search",
    "search-ms",
    "edge",
    "devtools",
    "opera",
    "vivaldi",
    "urn",
];
/// How families of such schemes begin: those of Windows and of browsers with their extensions, and those that any web site may claim.
const TAKEN_FAMILIES: [&str; 7] = ["ms-", "microsoft-", "chrome", "moz-", "safari-", "web+", "ext+"];

/// A redirect URI that passed the rules of registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    /// Text up to and including the loopback host, and what follows the port.
    loopback: Option<(String, String)>,
}

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectUriRefused {
    /// Characters that browsers and parsers read differently, or more than 2,048 bytes.
    #[error(
        "a redirect URI is at most 2048 printable ASCII characters without spaces, quotes, backslashes or braces"
    )]
    Characters,
    /// A fragment, which OAuth 2.1 §2.3 forbids.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// A wildcard: it would admit addresses that were never registered.
    #[error("a redirect URI has no wildcard: register each address")]
    Wildcard,
    /// `.` or `..` segments, plain or encoded, or `;` parameters on them.
    #[error("a redirect URI has no dot segments")]
    DotSegment,
    /// User information before the host.
    #[error("a redirect URI has no user information")]
    UserInformation,
    /// http to another machine: the code would travel unencrypted.
    #[error("http is for loopback addresses only (127.0.0.1, [::1], localhost): use https")]
    InsecureHttp,
    /// A scheme that can run script or read files.
    #[error("this scheme is never a redirect URI")]
    DangerousScheme,
    /// A private-use scheme without a dot.
    #[error(
        "a private-use scheme is a reversed domain name, such as com.example.app; if the app cannot change it, \
         `allow_dotless_scheme: true` in the registration takes this one, which any other app on the device can claim too"
    )]
    SchemeWithoutDot,
    /// A scheme that is not spelled as browsers spell it (RFC 3986 §3.1, §6.2.2.1).
    #[error("a scheme is lower-case letters, digits, `+`, `-` and `.`, and begins with a letter")]
    SchemeMalformed,
    /// A scheme of one or two letters.
    #[error("a private-use scheme without a dot has at least {SCHEME_CHARS_MIN} characters")]
    SchemeShort,
    /// A host and a port without a scheme before them.
    #[error(
        "this begins with a host: write http:// before it for an address on the device, and https:// for any other"
    )]
    HostWithoutScheme,
    /// A scheme that other programs answer.
    #[error("this scheme belongs to other programs: an app cannot receive a code there")]
    SchemeTaken,
    /// No scheme or no host.
    #[error("a redirect URI is absolute")]
    Relative,
    /// A query that names one of our response parameters.
    #[error(
        "the query of a redirect URI does not name code, state, iss, error, response, id_token or access_token"
    )]
    ReservedParameter,
}

impl RedirectUri {
    /// Checks a redirect URI for registration (OAuth 2.1 §2.3, RFC 8252 §7, RFC 9700 §2.1). A private-use scheme is a reversed
    /// domain name.
    pub fn register(text: &str, application: ApplicationType) -> Result<Self, RedirectUriRefused> {
        let uri = Self::register_any_scheme(text, application)?;
        match uri.text.split_once(':') {
            Some((scheme, _)) if !matches!(scheme, "http" | "https") && !scheme.contains('.') => {
                Err(RedirectUriRefused::SchemeWithoutDot)
            }
            _ => Ok(uri),
        }
    }

    /// The same for a client whose operator lets it have a private-use scheme without a dot, such as `myapp`: no domain says
    /// whose that is (RFC 8252 §7.1).
    pub fn register_any_scheme(text: &str, application: ApplicationType) -> Result<Self, RedirectUriRefused> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
        if text.len() > REDIRECT_URI_BYTES_MAX || !text.bytes().all(plain) {
            return Err(RedirectUriRefused::Characters);
        }
        if text.contains('#') {
            return Err(RedirectUriRefused::Fragment);
        }
        if text.contains('*') {
            return Err(RedirectUriRefused::Wildcard);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectUriRefused::Relative)?;
        let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
        refuse_dot_segments(before_query)?;
        refuse_reserved(query)?;
        let loopback = match scheme {
            "https" => authority(rest).map(|_| None)?,
            "http" => loopback_parts(authority(rest)?, text, application)?,
            other => private_use(other, rest).map(|()| None)?,
        };
        Ok(Self { text: text.to_owned(), loopback })
    }

    /// The registered text, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The web origin from which an app at this address calls; `None` where no browser app can be.
    pub fn web_origin(&self) -> Option<AppOrigin> {
        match &self.loopback {
            Some((front, _)) => Some(AppOrigin::AnyPort(front.clone())),
            None => web_origin(&self.text).map(AppOrigin::Exact),
        }
    }

    /// Whether a sent redirect URI is this one: the same bytes, or another port on a loopback address.
    pub fn matches(&self, sent: &str) -> bool {
        sent == self.text || self.matches_on_another_port(sent)
    }

    fn matches_on_another_port(&self, sent: &str) -> bool {
        let Some((front, rest)) = &self.loopback else { return false };
        let Some(tail) = sent.strip_prefix(front.as_str()).and_then(|tail| tail.strip_suffix(rest.as_str()))
        else {
            return false;
        };
        let port = |digits: &str| digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit());
        tail.is_empty()
            || tail.strip_prefix(':').is_some_and(|digits| port(digits) && digits.parse::<u16>().is_ok())
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn authority(rest: &str) -> Result<&str, RedirectUriRefused> {
    let authority =
        rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    if authority.contains('@') {
        return Err(RedirectUriRefused::UserInformation);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(RedirectUriRefused::Relative);
    }
    Ok(authority)
}

/// Splits a loopback URI around its port where any port may be used (RFC 8252 §7.3).
///
/// A native app cannot know its port beforehand. A browser app that registered a port has said which one it is.
fn loopback_parts(
    authority: &str,
    text: &str,
    application: ApplicationType,
) -> Result<Option<(String, String)>, RedirectUriRefused> {
    let (host, _) = host_and_port(authority);
    if !is_loopback_host(host) {
        return Err(RedirectUriRefused::InsecureHttp);
    }
    let native = application == ApplicationType::Native;
    let any_port = native || (authority == host && host != "localhost");
    let rest = text.get("http://".len() + authority.len()..).unwrap_or_default();
    Ok(any_port.then(|| (format!("http://{host}"), rest.to_owned())))
}

fn private_use(scheme: &str, rest: &str) -> Result<(), RedirectUriRefused> {
    let letters = scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    let lower = scheme.to_ascii_lowercase();
    if DANGEROUS_SCHEMES.contains(&lower.as_str()) {
        return Err(RedirectUriRefused::DangerousScheme);
    }
    if TAKEN_SCHEMES.contains(&lower.as_str())
        || TAKEN_FAMILIES.iter().any(|family| lower.starts_with(*family))
    {
        return Err(RedirectUriRefused::SchemeTaken);
    }
    if rest.is_empty() || scheme.is_empty() {
        return Err(RedirectUriRefused::Relative);
    }
    if !letters || !scheme.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err(RedirectUriRefused::SchemeMalformed);
    }
    if scheme.contains('.') { Ok(()) } else { dotless(scheme, rest) }
}

/// What a scheme without a dot may look like. A host with its port is none: `localhost:5173/cb`.
fn dotless(scheme: &str, rest: &str) -> Result<(), RedirectUriRefused> {
    let port = rest.split(['/', '?']).next().unwrap_or_default();
    if scheme == "localhost" || (!port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())) {
        return Err(RedirectUriRefused::HostWithoutScheme);
    }
    if scheme.len() < SCHEME_CHARS_MIN { Err(RedirectUriRefused::SchemeShort) } else { Ok(()) }
}

fn refuse_dot_segments(path: &str) -> Result<(), RedirectUriRefused> {
    let lower = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/");
    let is_dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
    if lower.split('/').any(is_dots) { Err(RedirectUriRefused::DotSegment) } else { Ok(()) }
}

fn refuse_reserved(query: &str) -> Result<(), RedirectUriRefused> {
    let params = Params::parse(query.as_bytes()).map_err(|_| RedirectUriRefused::Characters)?;
    let reserved = RESERVED_PARAMETERS.iter().any(|name| params.contains(name));
    if reserved { Err(RedirectUriRefused::ReservedParameter) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
