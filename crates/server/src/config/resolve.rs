//! From what the file says to what it means.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use proofkey_oauth::Issuer;
use proofkey_protocol::{Algorithm, SigningAlgorithms};
use url::Url;

use super::database_url::DatabaseUrl;
use super::environment::Overlay;
use super::error::ConfigError;
use super::file::{self, File, KeysFile, ServerFile, StoreFile};
use super::listen::listen_address;
use super::ranges::ranges;
use super::resolved::{Config, Keys, Server, Store, TlsFiles};
use super::sealing_keys::{SealingKeySource, SealingKeys};
use super::sections::Sessions;

/// Where the file came from, to say where a value stands.
pub(super) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
    pub(super) overlay: &'a Overlay,
}

impl Context<'_> {
    /// An error of the named setting, at the place that set it.
    fn refuse(&self, setting: &str, message: impl Into<String>) -> ConfigError {
        let message = message.into();
        if let Some(name) = self.overlay.variable(setting) {
            return ConfigError::Environment { name, message };
        }
        match file::byte_of(self.text, setting) {
            Some(byte) => file::refuse_at(self.text, self.path, byte, message),
            None => ConfigError::Absent { path: self.path.to_owned(), message },
        }
    }

    /// Whether the file or the environment says what it is.
    fn is_set(&self, setting: &str) -> bool {
        self.overlay.variable(setting).is_some() || file::byte_of(self.text, setting).is_some()
    }

    /// Relative paths start at the configuration file, wherever the server is started from.
    fn path_of(&self, written: &Path) -> PathBuf {
        let base = self.path.parent().unwrap_or(Path::new("."));
        let joined = base.join(written);
        std::path::absolute(&joined).unwrap_or(joined)
    }
}

pub(super) fn resolve(mut file: File, cx: &Context<'_>) -> Result<Config, ConfigError> {
    file.sessions = sessions(file.sessions, cx);
    in_range(&file, cx)?;
    relations(&file, cx)?;
    errors_url(&file, cx)?;
    let issuer = file
        .issuer
        .as_deref()
        .ok_or_else(|| cx.refuse("issuer", "issuer is missing; it is the public https URL of this server"))?;
    let issuer = own_issuer(issuer, cx)?;
    Ok(Config {
        issuer,
        server: server(&file.server, cx)?,
        store: store(file.store, cx)?,
        keys: keys(&file.keys, cx)?,
        tokens: file.tokens,
        sessions: file.sessions,
        passwords: file.passwords,
        limits: file.limits,
        pages: file.pages,
        log: file.log,
        environment_warning: cx.overlay.warning(),
    })
}

/// What the file says of listeners.
pub(super) fn listeners(file: &File, cx: &Context<'_>) -> Result<Server, ConfigError> {
    in_range(file, cx)?;
    server(&file.server, cx)
}

fn in_range(file: &File, cx: &Context<'_>) -> Result<(), ConfigError> {
    for range in ranges(file) {
        if let Some(message) = range.refusal() {
            return Err(cx.refuse(range.name, message));
        }
    }
    Ok(())
}

/// A directory, or a URL that is good as far as can be seen without connecting.
fn store(file: StoreFile, cx: &Context<'_>) -> Result<Store, ConfigError> {
    const MISSING: &str = "store.data is missing; it is the directory of the database. Without one, store.url or \
                           store.url_file says where PostgreSQL is";
    let wait = Duration::from_secs(u64::from(file.wait_seconds));
    let (setting, url) = match (file.data, file.url, file.url_file) {
        (Some(data), None, None) => {
            let remembered_max = usize::try_from(file.remembered_max).unwrap_or(usize::MAX);
            return Ok(Store::Directory { data: cx.path_of(&data), remembered_max });
        }
        (None, Some(url), None) => ("store.url", url),
        (None, None, Some(path)) => {
            let setting = "store.url_file";
            let read = DatabaseUrl::read(&cx.path_of(&path));
            (setting, read.map_err(|message| cx.refuse(setting, format!("{setting}: {message}")))?)
        }
        (None, None, None) => return Err(cx.refuse("store.data", MISSING)),
        _ => {
            let message =
                "store.data, store.url and store.url_file each say where the data is: keep one of them";
            return Err(cx.refuse("store.url", message));
        }
    };
    match proofkey_store::hosts_of_url(url.expose()) {
        Ok(hosts) => Ok(Store::Postgres { url, hosts, wait }),
        Err(fault) => Err(cx.refuse(setting, format!("{setting}: {fault}"))),
    }
}

/// Sessions whose lives are not all set: what is set bounds what is not. So an installation that says how long sessions live
/// has none that lives longer.
fn sessions(mut file: Sessions, cx: &Context<'_>) -> Sessions {
    let is_set = |key: &str| cx.is_set(&format!("sessions.{key}"));
    if !is_set("remembered_idle_seconds") && is_set("idle_seconds") {
        file.remembered_idle_seconds = file.idle_seconds;
    }
    if !is_set("remembered_absolute_seconds") && is_set("absolute_seconds") {
        file.remembered_absolute_seconds = file.absolute_seconds;
    }
    if !is_set("idle_seconds") {
        file.idle_seconds = file.idle_seconds.min(file.absolute_seconds);
    }
    if !is_set("remembered_idle_seconds") {
        file.remembered_idle_seconds = file.remembered_idle_seconds.min(file.remembered_absolute_seconds);
    }
    file
}

/// Our own issuer: addresses are made by writing on behind it. Another spelling than browsers use is told of and taken, for a
/// name that tokens carry already is not changed lightly; `proofkey init` lets none be chosen.
fn own_issuer(text: &str, cx: &Context<'_>) -> Result<Issuer, ConfigError> {
    let refused = |message: String| cx.refuse("issuer", format!("issuer: {message}"));
    let issuer = Issuer::parse(text).map_err(|malformed| refused(malformed.to_string()))?;
    match issuer.normal_spelling() {
        Some(normal) if text.ends_with('/') => {
            Err(refused(format!("write it without the slash at its end: `{normal}`")))
        }
        Some(_) | None => Ok(issuer),
    }
}

/// The page of rules: a URL that an `error_uri` may be made of, which allows `%x21 / %x23-5B / %x5D-7E` (RFC 6749 §4.1.2.1).
fn errors_url(file: &File, cx: &Context<'_>) -> Result<(), ConfigError> {
    let Some(text) = file.pages.errors_url.as_deref() else { return Ok(()) };
    let is_wire = text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && is_wire);
    match url {
        Some(url) if url.fragment().is_none() && url.password().is_none() && url.username().is_empty() => {
            Ok(())
        }
        _ => Err(cx.refuse(
            "pages.errors_url",
            "pages.errors_url is no URL of a web page; write one such as https://docs.example/errors, \
             without user and fragment",
        )),
    }
}

/// Rules between two settings.
fn relations(file: &File, cx: &Context<'_>) -> Result<(), ConfigError> {
    let File { tokens, sessions, limits, keys, .. } = file;
    let ordered = [
        (
            "tokens.refresh_idle_days",
            "tokens.refresh_absolute_days",
            tokens.refresh_idle_days,
            tokens.refresh_absolute_days,
        ),
        (
            "sessions.idle_seconds",
            "sessions.absolute_seconds",
            sessions.idle_seconds,
            sessions.absolute_seconds,
        ),
        (
            "sessions.remembered_idle_seconds",
            "sessions.remembered_absolute_seconds",
            sessions.remembered_idle_seconds,
            sessions.remembered_absolute_seconds,
        ),
        (
            "limits.login_account_interval_seconds",
            "limits.login_account_interval_max_seconds",
            i64::from(limits.login_account_interval_seconds),
            i64::from(limits.login_account_interval_max_seconds),
        ),
    ];
    for (lower, upper, low, high) in ordered {
        if low > high {
            return Err(cx.refuse(lower, format!("{lower} is {low}, more than {upper}, which is {high}")));
        }
    }
    if keys.publish_ahead_hours >= keys.rotation_days * 24 {
        let message = "keys.publish_ahead_hours must be less than keys.rotation_days: a key that waits longer than its \
                       predecessor signs would set the pace";
        return Err(cx.refuse("keys.publish_ahead_hours", message));
    }
    // A verifier may hold the key set for max-age twice over (its own cache and one before it): V-81.
    if u64::from(keys.publish_ahead_hours) * 3_600 < u64::from(keys.jwks_max_age_seconds) * 2 {
        let message = "keys.publish_ahead_hours must be at least twice keys.jwks_max_age_seconds, or others meet a \
                       signature before they know its key";
        return Err(cx.refuse("keys.publish_ahead_hours", message));
    }
    Ok(())
}

fn server(file: &ServerFile, cx: &Context<'_>) -> Result<Server, ConfigError> {
    let tls = match (&file.tls_certificate, &file.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate: cx.path_of(certificate), key: cx.path_of(key) })
        }
        (None, None) => None,
        (Some(_), None) => {
            return Err(cx.refuse("server.tls_certificate", "server.tls_key is missing beside it"));
        }
        (None, Some(_)) => {
            return Err(cx.refuse("server.tls_key", "server.tls_certificate is missing beside it"));
        }
    };
    let listen = |setting: &str, text: &str| {
        listen_address(text).map_err(|refused| cx.refuse(setting, format!("{setting}: {refused}")))
    };
    let metrics_listen = match file.metrics_listen.as_str() {
        "off" => None,
        address => Some(listen("server.metrics_listen", address)?),
    };
    let trusted_proxies =
        file.trusted_proxies.iter().map(|text| network(text, cx)).collect::<Result<_, _>>()?;
    Ok(Server {
        listen: listen("server.listen", &file.listen)?,
        metrics_listen,
        tls,
        trusted_proxies,
        connections_max: usize::try_from(file.connections_max).unwrap_or(usize::MAX),
        connections_address_max: usize::try_from(file.connections_address_max).ok().filter(|max| *max > 0),
        unready_seconds: u64::from(file.unready_seconds),
        drain_seconds: u64::from(file.drain_seconds),
    })
}

/// A network, or one address.
fn network(text: &str, cx: &Context<'_>) -> Result<IpNet, ConfigError> {
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    parsed.ok_or_else(|| {
        let message = format!(
            "server.trusted_proxies: {text:?} is neither a network such as 10.0.0.0/8 nor an address"
        );
        cx.refuse("server.trusted_proxies", message)
    })
}

fn keys(file: &KeysFile, cx: &Context<'_>) -> Result<Keys, ConfigError> {
    let (sealing_keys, sealing_key_source) = match (cx.overlay.sealing_key(), &file.sealing_key_file) {
        (Some(text), _) => (SealingKeys::from_environment(text)?, SealingKeySource::Environment),
        (None, Some(path)) => {
            let path = cx.path_of(path);
            (SealingKeys::read(&path)?, SealingKeySource::File(path))
        }
        (None, None) => {
            let message = "keys.sealing_key_file is missing; `proofkey init` writes the file, or give \
                           PROOFKEY_KEYS__SEALING_KEY";
            return Err(cx.refuse("keys.sealing_key_file", message));
        }
    };
    Ok(Keys {
        sealing_keys: Arc::new(sealing_keys),
        sealing_key_source,
        algorithms: algorithms(&file.algorithms, cx)?,
        rotation_days: i64::from(file.rotation_days),
        publish_ahead_hours: i64::from(file.publish_ahead_hours),
        jwks_max_age_seconds: i64::from(file.jwks_max_age_seconds),
    })
}

/// The list of algorithms by their registered names.
fn algorithms(names: &[String], cx: &Context<'_>) -> Result<SigningAlgorithms, ConfigError> {
    let all = || Algorithm::ALL.map(Algorithm::name).join(", ");
    let known = |name: &String| {
        let found = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| format!("keys.algorithms: {name:?} is none of {}", all()))
    };
    let list: Result<Vec<Algorithm>, String> = names.iter().map(known).collect();
    let list = list.and_then(|list| {
        SigningAlgorithms::new(list)
            .ok_or_else(|| format!("keys.algorithms names one at least, and each once, of {}", all()))
    });
    list.map_err(|message| cx.refuse("keys.algorithms", message))
}
