//! What a configuration allows but an operator should look at twice.

use super::resolved::Config;
use super::sealing_keys::SealingKeySource;
use super::secret_file::is_open_to_group;

pub(super) fn warnings(config: &Config) -> Vec<String> {
    let Config { issuer, server, tokens, sessions, passwords, limits, keys, environment_warning, .. } =
        config;
    let is_public = !server.listen.ip().is_loopback();
    let (https, tls) = (issuer.is_https(), server.tls.is_some());
    let metrics_public = server.metrics_listen.is_some_and(|address| !address.ip().is_loopback());
    let findings = [
        (!https, "issuer is plain http: good for development on this machine, and nothing else"),
        (!https && tls, "TLS is set up, but the issuer is plain http"),
        (
            https && !tls && is_public,
            "server.listen accepts plain http from other machines; put TLS before it or set server.tls_certificate",
        ),
        (
            https && !tls && server.trusted_proxies.is_empty(),
            "no TLS and no server.trusted_proxies: behind a proxy every client shares the proxy's address, and with it the limits",
        ),
        (
            server.trusted_proxies.iter().any(|network| network.prefix_len() == 0),
            "server.trusted_proxies contains every address: anybody can claim any address",
        ),
        (metrics_public, "server.metrics_listen is reachable from other machines"),
        (limits.factor > 1.0, "limits.factor loosens every rate limit; it is meant for tests"),
        (
            passwords.length_min < 15,
            "passwords.length_min is below 15, which NIST asks for where a password stands alone",
        ),
        (
            passwords.memory_kib < 19_456 || passwords.iterations < 2,
            "passwords cost less than OWASP's least (19456 KiB, 2 iterations)",
        ),
        (
            tokens.access_seconds > 3_600,
            "tokens.access_seconds is more than an hour: a stolen access token lives as long",
        ),
        (sessions.absolute_seconds > 86_400, "sessions.absolute_seconds is more than a day"),
        (
            matches!(&keys.sealing_key_source, SealingKeySource::File(path) if is_open_to_group(path)),
            "keys.sealing_key_file can be read by its group: whoever belongs to it can make codes and refresh tokens",
        ),
        (keys.rotation_days > 365, "keys.rotation_days is more than a year"),
    ];
    let found = findings.into_iter().filter(|(found, _)| *found).map(|(_, text)| text.to_owned());
    let spelling = issuer.normal_spelling().map(|normal| {
        format!("issuer is not spelled as browsers and proxies spell it: `{normal}`; a new installation should be named so")
    });
    environment_warning.iter().cloned().chain(spelling).chain(found).collect()
}
