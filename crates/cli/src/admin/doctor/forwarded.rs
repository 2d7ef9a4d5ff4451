//! What proxies say of where a request comes from: two requests are sent that the server refuses, and its record of them tells.

use std::time::Duration;

use proofkey_protocol::RefusalRecord;
use proofkey_server::config::Config;
use proofkey_server::parse_error_id;
use serde_json::Value;

use super::answers::Caller;
use super::database::Opened;
use super::report::Report;

/// Addresses of documentation (RFC 5737), which a proxy must not take for those of a sender.
const FORGED: &str = "198.51.100.1, 198.51.100.2, 198.51.100.3";
const FORGED_ENTRIES: i64 = 3;

/// How often a record is looked for: servers write once a second.
const LOOKS_MAX: u32 = 16;
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn examine(config: &Config, caller: &Caller, opened: Option<&Opened>, report: &mut Report) {
    let url = format!("{}/token", config.issuer);
    let mut ids = Vec::new();
    for forwarded_for in [None, Some(FORGED)] {
        match caller.post_nonsense(&url, forwarded_for).await {
            Ok(answer) => {
                let body = answer.json();
                let id = body.as_ref().and_then(|body| body.get("error_id")).and_then(Value::as_str);
                match id.and_then(parse_error_id) {
                    Some(id) => {
                        report.caused(id.clone());
                        ids.push(id);
                    }
                    None => {
                        let what = format!(
                            "a token request to {url} is answered {} by what stands before the server",
                            answer.shown()
                        );
                        return report.find(
                            "proxy.post",
                            what,
                            "let the proxy pass POST requests and their answers unchanged",
                        );
                    }
                }
            }
            Err(cause) => {
                return report.find(
                    "proxy.post",
                    format!("{url}: {cause}"),
                    "let the proxy pass POST requests",
                );
            }
        }
    }
    report.pass("token requests come through");
    if !config.log.record_refusals {
        return report
            .note("how requests come through proxies was not looked at: log.record_refusals is false");
    }
    let Some(opened) = opened else { return };
    let mut records = Vec::new();
    for id in &ids {
        match record(opened, id).await {
            Some(record) => records.push(record),
            None => {
                return report.note(
                    "how requests come through proxies is not known: the server did not \
                record two requests; is it of this version and this database?",
                );
            }
        }
    }
    if let [plain, forged] = &records[..] {
        judge(config, plain, forged, report);
    }
}

async fn record(opened: &Opened, id: &str) -> Option<RefusalRecord> {
    for _ in 0..LOOKS_MAX {
        if let Ok(Some(found)) = opened.store.refusal(id).await {
            return Some(found);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    None
}

/// Of two requests, one as every client sends it and one with addresses that it made up.
fn judge(config: &Config, plain: &RefusalRecord, forged: &RefusalRecord, report: &mut Report) {
    if plain.forwarded == 0 && !is_behind_proxy(config) {
        return report.pass(
            "no X-Forwarded-For arrived, as it should be where clients connect to the server itself (a balancer that passes \
             connections on sends none either, and hides them: then the log shows its address for all)",
        );
    }
    let Some((check, what, cure)) = fault(plain, forged) else {
        if plain.from_here {
            report.note(
                "requests of this machine come from its loopback address: who else is believed to be a proxy was not seen",
            );
        }
        return report.pass("the proxy tells the addresses of clients, and is believed");
    };
    report.find(check, format!("{what} (error id {})", plain.error_id), cure);
}

/// A check, what it found, and the cure.
type Fault = (&'static str, &'static str, &'static str);

/// What is wrong with the way of the two requests.
fn fault(plain: &RefusalRecord, forged: &RefusalRecord) -> Option<Fault> {
    if !plain.believed {
        return Some((
            "proxy.untrusted",
            "a proxy stands before the server, and server.trusted_proxies does not have it: all clients share its address, and \
             with it the limits",
            "name the network of the proxy in server.trusted_proxies: the log has its address, under the error id, as `address`",
        ));
    }
    if plain.forwarded == 0 {
        return Some((
            "proxy.forwarded_missing",
            "the proxy sends no X-Forwarded-For: all clients share its address, and with it the limits",
            "let the proxy send the address of its client in X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For \
             $proxy_add_x_forwarded_for)",
        ));
    }
    if plain.followed < plain.forwarded {
        return Some((
            "proxy.chain",
            "X-Forwarded-For names more proxies than server.trusted_proxies has: all clients of the first that it lacks share that \
             one's address, and with it the limits",
            "name the networks of every proxy on the way in server.trusted_proxies, those of a content network too: the log has the \
             address that is missing, under the error id, as `address`",
        ));
    }
    // What the client wrote is kept before what proxies add, or goes as a whole.
    if forged.forwarded != plain.forwarded && forged.forwarded != plain.forwarded + FORGED_ENTRIES {
        return Some((
            "proxy.forwarded_forged",
            "a proxy passes an X-Forwarded-For on as the client wrote it: any client can claim any address",
            "let each proxy add the address of its client to X-Forwarded-For, or replace the header, and never pass on what the \
             client wrote",
        ));
    }
    (forged.followed > plain.followed && !plain.from_here).then_some((
        "proxy.trusted_wide",
        "server.trusted_proxies has the address of a client, which is believed whatever it writes into X-Forwarded-For",
        "name the addresses of the proxies alone in server.trusted_proxies, and no network that clients are in",
    ))
}

/// Whether something must stand between the public name and the listener.
fn is_behind_proxy(config: &Config) -> bool {
    let default = if config.issuer.is_https() { 443 } else { 80 };
    let port = config.issuer.authority().rsplit(']').next().and_then(|rest| rest.rsplit_once(':'));
    let port = port.and_then(|(_, port)| port.parse().ok()).unwrap_or(default);
    config.server.tls.is_none() && (config.issuer.is_https() || port != config.server.listen.port())
}
