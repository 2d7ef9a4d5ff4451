//! The metadata that a file holds.

use proofkey_server::admin::ClientDocument;

use crate::admin::input::document;
use crate::admin::refusal::explain;
use crate::admin::show::plain;
use crate::output::note;

/// Reads a file of metadata, or standard input for `-`, and says which members have no effect.
pub(super) fn read(file: &str) -> anyhow::Result<ClientDocument> {
    let document = ClientDocument::parse(&document(file)?).map_err(|refused| explain(refused.into()))?;
    let ignored: Vec<String> = document.ignored().iter().map(|name| plain(name)).collect();
    if !ignored.is_empty() {
        note(&format!("Ignored, for this server does not know them: {}", ignored.join(", ")));
    }
    Ok(document)
}
