//! `proofkey explain`: what was recorded of a refusal, by the error id that a page, an answer or a log line shows.

use std::time::Duration;

use proofkey_protocol::RefusalRecord;
use proofkey_server::admin::{AdminRefused, ExplainedRefusal};
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
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// The error id, such as pk-7Q4M-2XKD
    #[arg(value_name = "ERROR_ID")]
    error_id: String,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    args.installation.on(async |installation| show(installation, &args.error_id).await).await
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
        "client_id": record.client_id, "request": record.request, "status": record.status,
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

fn text(found: &ExplainedRefusal) -> String {
    let record = &found.record;
    let (fix, standard) = match found.rule {
        Some(rule) => (rule.fix, rule.standard),
        None => ("this version has no rule of that name", "-"),
    };
    let lines = [
        ("error id", record.error_id.as_str()),
        ("when", &rfc3339(record.recorded_at)),
        ("request", &record.request),
        ("status", &record.status.to_string()),
        ("forwarded", &forwarded(record)),
        ("client", record.client_id.as_deref().unwrap_or("-")),
        ("rule", &record.rule),
        ("cause", &record.cause),
        ("about", record.about.as_deref().unwrap_or("-")),
        ("fix", fix),
        ("standard", standard),
    ];
    lines.map(|(name, value)| format!("{name:<10}{}", plain(value))).join("\n")
}
