//! The server from outside, by its public name: whether that leads here, and what stands between lets through what apps need.

use std::time::Duration;

use jiff::fmt::rfc2822;
use proofkey_server::clock::Clock;
use proofkey_server::config::Config;
use proofkey_server::parse_error_id;
use serde_json::Value;
use tokio::time::timeout;

use super::answers::{Answer, Caller};
use super::database::Opened;
use super::forwarded;
use super::report::Report;

/// How long a name has to be found.
const NAME_WITHIN: Duration = Duration::from_secs(10);
/// Seconds by which the clock of what answers may differ.
const NOTABLE_SECONDS: i64 = 30;
/// A long authorization request of an honest app; up to 8 KiB are taken.
const LONG_REQUEST_BYTES: usize = 6 * 1024;

/// Calls everything that apps call before a person signs in.
pub(super) async fn examine(config: &Config, opened: Option<&Opened>, report: &mut Report) {
    readiness(config, report).await;
    let caller = match Caller::new() {
        Ok(caller) => caller,
        Err(cause) => {
            return report.find(
                "tls.roots",
                cause,
                "install the certificates of public authorities (package ca-certificates)",
            );
        }
    };
    if !resolves(config, report).await {
        return;
    }
    let Some(document) = metadata(config, &caller, report).await else { return };
    authorization_server_metadata(config, &caller, report).await;
    clock(&document, report);
    keys(config, &caller, opened, report).await;
    long_request(config, &caller, report).await;
    forwarded::examine(config, &caller, opened, report).await;
}

/// What the server says of itself, on its metrics listener.
async fn readiness(config: &Config, report: &mut Report) {
    let (Some(address), Ok(caller)) = (config.server.metrics_listen, Caller::new()) else { return };
    match caller.get(&format!("http://{address}/readyz")).await {
        Ok(answer) if answer.status == 200 => report.pass("the server is ready"),
        Ok(answer) => {
            let what = format!("the server is not ready: {}", answer.body.trim());
            report.find("readiness", what, "do what that says; its log has more");
        }
        Err(_) => {
            report.note(format!("no server answers at server.metrics_listen ({address}) on this machine"))
        }
    }
}

async fn resolves(config: &Config, report: &mut Report) -> bool {
    let authority = config.issuer.authority();
    let port = if config.issuer.is_https() { 443 } else { 80 };
    let with_port = if has_port(authority) { authority.to_owned() } else { format!("{authority}:{port}") };
    let found = timeout(NAME_WITHIN, tokio::net::lookup_host(&with_port)).await;
    match found.map(|found| found.ok().and_then(|mut addresses| addresses.next())) {
        Ok(Some(_)) => true,
        Err(_) => {
            let what = format!(
                "issuer: no name server answers for {authority} in {} seconds",
                NAME_WITHIN.as_secs()
            );
            report.find("issuer.name", what, "look at the name servers of this machine (/etc/resolv.conf)");
            false
        }
        Ok(None) => {
            let what = format!("issuer: the name {authority} has no address");
            report.find(
                "issuer.name",
                what,
                "make an A or AAAA record for it that leads to this server or to the proxy before it",
            );
            false
        }
    }
}

/// Whether a port follows the host; colons within brackets are an address.
fn has_port(authority: &str) -> bool {
    authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}

/// The OpenID Connect document: the first answer from outside, so that most faults show here.
async fn metadata(config: &Config, caller: &Caller, report: &mut Report) -> Option<Answer> {
    let url = format!("{}/.well-known/openid-configuration", config.issuer);
    let answer = match caller.get(&url).await {
        Ok(answer) => answer,
        Err(cause) => {
            unreachable(config, &cause, report);
            return None;
        }
    };
    if !is_document(config, &url, &answer, report) {
        return None;
    }
    report.pass(format!("{url} answers, and is ours"));
    if config.issuer.is_https() && answer.header("strict-transport-security").is_empty() {
        let cure = "let the proxy pass the header Strict-Transport-Security, or set it itself";
        report.find("tls.strict", "what answers at the issuer takes Strict-Transport-Security away", cure);
    }
    Some(answer)
}

/// What helps where no known authority vouches for a certificate.
const CHAIN: &str = "a self-signed certificate is believed by nothing that calls: get one from a known authority. From one, send the whole chain (the certificate first, then the intermediate ones); a private authority belongs into \
                     the trust store of every machine that calls";

/// What helps against a certificate that may only sign others.
const OF_AUTHORITY: &str = "what ends TLS, here or in the proxy, shows the certificate of an authority, as `openssl req -x509` \
                            makes self-signed ones: apps refuse it too, even where it is trusted. Get one from a known authority; \
                            to try things out alone, apps have to be told to look past it";

fn unreachable(config: &Config, cause: &str, report: &mut Report) {
    let authority = config.issuer.authority();
    let lower = cause.to_lowercase();
    let certificate = [
        (
            "expired",
            "tls.expired",
            "renew the certificate; a server that ends TLS itself takes changed files up within seconds",
        ),
        (
            "not valid yet",
            "tls.expired",
            "set the clock of this machine, or wait until the certificate is valid",
        ),
        (
            "notvalidyet",
            "tls.expired",
            "set the clock of this machine, or wait until the certificate is valid",
        ),
        ("not valid for", "tls.name", "get a certificate for the host of the issuer"),
        ("notvalidforname", "tls.name", "get a certificate for the host of the issuer"),
        ("causedasendentity", "tls.self_signed", OF_AUTHORITY),
        ("unknownissuer", "tls.chain", CHAIN),
        ("badsignature", "tls.chain", CHAIN),
    ];
    if let Some((_, check, cure)) = certificate.iter().find(|(word, ..)| lower.contains(word)) {
        return report.find(check, format!("the certificate of {authority} is not believed: {cause}"), *cure);
    }
    if lower.contains("certificate") {
        let cure = "replace the certificate where TLS ends: in the proxy, or in server.tls_certificate";
        return report.find(
            "tls.certificate",
            format!("the certificate of {authority} is not believed: {cause}"),
            cure,
        );
    }
    if lower.contains("handshake") || lower.contains("corrupt message") || lower.contains("alert") {
        let cure = "end TLS in the proxy, or here with server.tls_certificate; the issuer says https";
        return report.find("tls", format!("{authority} does not speak TLS as it should: {cause}"), cure);
    }
    let cure = "start the server, look that the proxy passes to server.listen, and that no firewall is \
        between; a name that leads to another machine has another record";
    report.find("issuer.connection", format!("{authority} cannot be reached: {cause}"), cure);
}

/// Whether an answer is the metadata document of this issuer; each other one is a fault of its own.
fn is_document(config: &Config, url: &str, answer: &Answer, report: &mut Report) -> bool {
    let issuer =
        answer.json().and_then(|document| document.get("issuer").and_then(Value::as_str).map(str::to_owned));
    match (answer.status, issuer) {
        (200, Some(issuer)) if issuer == config.issuer.as_str() => return true,
        (200, Some(issuer)) => report.find(
            "issuer.other",
            format!("{url} is the document of another issuer: {issuer}"),
            "let the name lead to this server, or set `issuer` to the name under which this one is called",
        ),
        (301..=399, _) => report.find(
            "issuer.redirect",
            format!("{url} answers {}: clients follow no redirect there", answer.shown()),
            "set `issuer` to the address that is redirected to, or let the proxy pass instead of redirecting",
        ),
        (502..=504, _) => report.find(
            "proxy.upstream",
            format!("{url} answers {}: the proxy does not reach the server", answer.shown()),
            "start the server, and let the proxy pass to server.listen",
        ),
        _ => report.find(
            "proxy.well_known",
            format!("{url} answers {}, which is not the metadata document", answer.shown()),
            "let the proxy pass every path below the issuer, /.well-known/ too, to this server",
        ),
    }
    false
}

/// The same document where RFC 8414 puts it: outside of the issuer's path, if that has one.
async fn authorization_server_metadata(config: &Config, caller: &Caller, report: &mut Report) {
    let (issuer, path) = (config.issuer.as_str(), config.issuer.path());
    let host = issuer.strip_suffix(path).unwrap_or(issuer);
    let url = format!("{host}/.well-known/oauth-authorization-server{path}");
    match caller.get(&url).await {
        Ok(answer) => {
            if is_document(config, &url, &answer, report) {
                report.pass(format!("{url} answers, and is ours"));
            }
        }
        Err(cause) => unreachable(config, &cause, report),
    }
}

/// The clock of what answered.
fn clock(answer: &Answer, report: &mut Report) {
    let Ok(date) = rfc2822::parse(answer.header("date")) else {
        return report.note("what answers at the issuer says no time (Date)");
    };
    let ahead = Clock::System.now() - date.timestamp().as_second();
    if ahead.abs() > NOTABLE_SECONDS {
        let what = format!(
            "the clock of this machine is {ahead} seconds ahead of that of what answers at the issuer"
        );
        report.find("clock.public", what, "set the clocks by a time service (NTP) on every machine");
    }
}

/// The key set has the keys of this database.
async fn keys(config: &Config, caller: &Caller, opened: Option<&Opened>, report: &mut Report) {
    let url = format!("{}/jwks", config.issuer);
    let answer = match caller.get(&url).await {
        Ok(answer) => answer,
        Err(cause) => return unreachable(config, &cause, report),
    };
    let published: Vec<String> =
        match answer.json().as_ref().and_then(|set| set.get("keys")).and_then(Value::as_array) {
            Some(keys) => keys.iter().filter_map(|key| key.get("kid")?.as_str().map(str::to_owned)).collect(),
            None => {
                let what = format!("{url} answers {}, which is no key set", answer.shown());
                return report.find(
                    "proxy.jwks",
                    what,
                    "let the proxy pass every path below the issuer to this server",
                );
            }
        };
    let Some(opened) = opened.filter(|opened| !opened.key_ids.is_empty()) else { return };
    let missing: Vec<&str> =
        opened.key_ids.iter().filter(|kid| !published.contains(kid)).map(String::as_str).collect();
    if missing.is_empty() {
        report.pass("the keys of this database are published");
    } else {
        report.find(
            "keys.published",
            format!("{url} lacks the keys {} of this database", missing.join(", ")),
            "the server that answers has another database, or what stands before it keeps the key set too \
             long: compare store.data or store.url, and empty its cache",
        );
    }
}

/// An authorization request as long as an honest one may be comes through.
async fn long_request(config: &Config, caller: &Caller, report: &mut Report) {
    let url = format!("{}/authorize?state={}", config.issuer, "x".repeat(LONG_REQUEST_BYTES));
    match caller.get(&url).await {
        Ok(answer) => match shown_error_id(&answer.body).filter(|_| answer.status == 400) {
            Some(id) => {
                report.pass("long authorization requests come through");
                report.caused(id);
            }
            None => report.find(
                "proxy.long_request",
                format!(
                    "an authorization request of {LONG_REQUEST_BYTES} bytes is answered {} by what stands \
                     before the server",
                    answer.shown()
                ),
                "let the proxy take request lines of 16 KiB (nginx: large_client_header_buffers 4 16k)",
            ),
        },
        Err(cause) => unreachable(config, &cause, report),
    }
}

/// The error id that a page shows as our pages do.
fn shown_error_id(page: &str) -> Option<String> {
    let mut begins = page.match_indices("pk-");
    begins.find_map(|(at, _)| page.get(at..at + "pk-7Q4M-2XKD".len()).and_then(parse_error_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_07_a_page_of_others_is_not_taken_for_one_of_ours() {
        assert_eq!(shown_error_id("<p>pk-</p><code>pk-7Q4M-2XKD</code>").as_deref(), Some("pk-7Q4M-2XKD"));
        for other in ["", "pk-", "<a href=\"/pk-assets/style.css\">", "pk-é7Q4M-2XK"] {
            assert_eq!(shown_error_id(other), None, "{other}");
        }
    }
}
