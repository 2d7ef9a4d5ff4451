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
                    Some(id) => ids.push(id),
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

fn judge(config: &Config, plain: &RefusalRecord, forged: &RefusalRecord, report: &mut Report) {
    if plain.forwarded == 0 && !is_behind_proxy(config) {
        return report.pass("requests come without a proxy");
    }
    if !plain.believed {
        let cure = "name the network of the proxy in server.trusted_proxies: the log has its address, under \
            the error id, as `address`";
        let what = format!(
            "a proxy stands before the server, and server.trusted_proxies does not have it: all clients \
             share its address, and with it the limits (error id {})",
            plain.error_id
        );
        return report.find("proxy.untrusted", what, cure);
    }
    if plain.forwarded == 0 {
        let cure = "let the proxy send the address of its client in X-Forwarded-For (nginx: \
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for)";
        return report.find(
            "proxy.forwarded_missing",
            "the proxy sends no X-Forwarded-For: all clients share its address, and with it the limits",
            cure,
        );
    }
    if forged.forwarded == FORGED_ENTRIES {
        let cure = "let the proxy add the address of its client to X-Forwarded-For, or replace the header, \
            and never pass on what the client wrote";
        return report.find(
            "proxy.forwarded_forged",
            "the proxy passes an X-Forwarded-For on as the client wrote it: any client can claim any address",
            cure,
        );
    }
    report.pass("the proxy tells the addresses of clients, and is believed");
}

/// Whether something must stand between the public name and the listener.
fn is_behind_proxy(config: &Config) -> bool {
    let default = if config.issuer.is_https() { 443 } else { 80 };
    let port = config.issuer.authority().rsplit(']').next().and_then(|rest| rest.rsplit_once(':'));
    let port = port.and_then(|(_, port)| port.parse().ok()).unwrap_or(default);
    config.server.tls.is_none() && (config.issuer.is_https() || port != config.server.listen.port())
}
