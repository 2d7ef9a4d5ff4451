//! `proofkey explain`: what was recorded of a refusal, by the error id that a page, an answer or a log line shows.

use std::path::Path;
use std::time::Duration;

use proofkey_protocol::RefusalRecord;
use proofkey_server::admin::{AdminRefused, ExplainedRefusal};
use proofkey_server::parse_error_id;
use serde_json::{Value, json};

use super::installation::{Installation, InstallationArgs};
use super::refusal::explain;
use super::show::{plain, rfc3339};

/// How often a refusal is looked for: servers write once a second.
const LOOKS_MAX: u32 = 5;
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Say why a request was refused, by the error id of its answer
///
/// The id stands on the error page, in JSON (error_id) and in the log. Servers record refusals within a second or two, unless
/// log.record_refusals is false: at most 100 a second, of one network 20 at once and then one a second, and 10,000 for 7 days.
/// `proofkey dev` has no configuration that this could read: what it refuses stands in its own log, in its terminal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// The error id, such as pk-7Q4M-2XKD
    #[arg(value_name = "ERROR_ID", value_parser = error_id)]
    error_id: String,
}

/// An error id in any of the ways in which people copy it.
fn error_id(text: &str) -> Result<String, String> {
    parse_error_id(text).ok_or_else(|| "that is no error id: one looks like pk-7Q4M-2XKD".to_owned())
}

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    check_is_there(&args.installation.config)?;
    args.installation.on(async |installation| show(installation, &args.error_id).await).await
}

/// Without a configuration it is not known whose refusal that was, and it may have been one of `proofkey dev`.
fn check_is_there(config: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.try_exists().unwrap_or(true),
        "{}: there is no such file; name the configuration of the server that refused, with --config or PROOFKEY_CONFIG. \
         `proofkey dev` has none: look for the id in its log, in its terminal",
        config.display()
    );
    Ok(())
}

async fn show(installation: &Installation, error_id: &str) -> anyhow::Result<()> {
    let found = look(installation, error_id).await.map_err(explain)?;
    installation.output.result(&view(&found), || text(&found))
}

/// Looks again for a while: the refusal may be a moment old.
async fn look(installation: &Installation, error_id: &str) -> Result<ExplainedRefusal, AdminRefused> {
    let mut found = installation.admin.refusal(error_id).await;
    for _ in 1..LOOKS_MAX {
        if !matches!(found, Err(AdminRefused::Missing { .. })) {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        found = installation.admin.refusal(error_id).await;
    }
    found
}

fn view(found: &ExplainedRefusal) -> Value {
    let record = &found.record;
    json!({
        "error_id": record.error_id, "at": rfc3339(record.recorded_at), "rule": record.rule, "cause": record.cause,
        "about": record.about, "fix": found.rule.map(|rule| rule.fix), "standard": found.rule.map(|rule| rule.standard),
        "registered": found.registered, "client_id": record.client_id, "request": record.request, "status": record.status,
        "forwarded": {"entries": record.forwarded, "followed": record.followed, "believed": record.believed},
    })
}

/// What the request said of proxies, and whether that is believed.
fn forwarded(record: &RefusalRecord) -> String {
    match (record.forwarded, record.believed) {
        (0, false) => "not by a trusted proxy, without X-Forwarded-For".to_owned(),
        (0, true) => "by a trusted proxy, without X-Forwarded-For".to_owned(),
        (entries, true) => {
            format!("by a trusted proxy, X-Forwarded-For of {entries}, {} of them believed", record.followed)
        }
        (entries, false) => format!("not by a trusted proxy: its X-Forwarded-For of {entries} is ignored"),
    }
}

fn or_none(text: Option<&str>) -> String {
    text.unwrap_or("-").to_owned()
}

fn text(found: &ExplainedRefusal) -> String {
    let record = &found.record;
    let (fix, standard) = match found.rule {
        Some(rule) => (rule.fix, rule.standard),
        None => ("this version has no rule of that name", "-"),
    };
    let mut lines = vec![
        ("error id", record.error_id.clone()),
        ("when", rfc3339(record.recorded_at)),
        ("request", record.request.clone()),
        ("status", record.status.to_string()),
        ("forwarded", forwarded(record)),
        ("client", or_none(record.client_id.as_deref())),
        ("rule", record.rule.clone()),
        ("cause", record.cause.clone()),
    ];
    match &found.registered {
        None => lines.push(("about", or_none(record.about.as_deref()))),
        Some(registered) => {
            let sent = or_none(record.about.as_deref());
            lines.push(("sent", format!("{sent} (of what is not registered here the length alone is kept)")));
            lines.push(("registered", registered.join("  ")));
        }
    }
    lines.extend([("fix", fix.to_owned()), ("standard", standard.to_owned())]);
    lines.iter().map(|(name, value)| format!("{name:<11}{}", plain(value))).collect::<Vec<_>>().join("\n")
}
