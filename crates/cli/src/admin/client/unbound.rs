//! Scopes of a client that are good for nothing yet.

use proofkey_protocol::ClientRecord;

use crate::admin::installation::Installation;
use crate::admin::refusal::explain;
use crate::admin::show::plain;
use crate::output::note;

/// Says which scopes nothing can be had by, for no API of the registration has them: a typing error would be among them.
pub(super) async fn warn_of_unbound_scopes(
    installation: &Installation,
    record: &ClientRecord,
) -> anyhow::Result<()> {
    let unbound = installation.admin.unbound_scopes(record).await.map_err(explain)?;
    if !unbound.is_empty() {
        let scopes = plain(&unbound.join(" "));
        note(&format!(
            "No API of the client has these scopes: {scopes}. Once an API has them, `proofkey client edit {} --bind` opens it to the client.",
            plain(record.id.as_str())
        ));
    }
    Ok(())
}
