//! Scopes of a client that are good for nothing yet.

use proofkey_protocol::ClientRecord;
use proofkey_server::admin::AdminRefused;

use crate::admin::installation::Installation;
use crate::admin::show::plain;
use crate::output::note;

/// Says which scopes nothing can be had by, for no API of the registration has them: a typing error would be among them. The client
/// stands already, so that this cannot be said is no failure of the command.
pub(super) async fn warn_of_unbound_scopes(installation: &Installation, record: &ClientRecord) {
    let unbound = installation.admin.unbound_scopes(record).await;
    if let Some(warning) = warning(unbound, record.id.as_str()) {
        note(&warning);
    }
}

fn warning(unbound: Result<Vec<String>, AdminRefused>, id: &str) -> Option<String> {
    let id = plain(id);
    match unbound {
        Ok(scopes) if scopes.is_empty() => None,
        Ok(scopes) => Some(format!(
            "No API of the client has these scopes: {}. Once an API has them, `proofkey client edit {id} --bind` opens it to the client.",
            plain(&scopes.join(" "))
        )),
        Err(refused) => Some(format!(
            "Whether APIs of the client have all of its scopes could not be read: {}. `proofkey client show {id}` lists both.",
            plain(&refused.to_string())
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_09_what_cannot_be_warned_of_is_said_beside_the_result() {
        assert_eq!(warning(Ok(Vec::new()), "app"), None);
        let unbound = warning(Ok(vec!["notes:read".to_owned()]), "app").unwrap();
        assert!(unbound.contains("notes:read") && unbound.contains("edit app --bind"), "{unbound}");
        let unread = warning(Err(AdminRefused::RotatedElsewhere), "app").unwrap();
        assert!(
            unread.contains("could not be read: another process") && unread.contains("show app"),
            "{unread}"
        );
    }
}
