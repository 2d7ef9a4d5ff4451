//! What a person is told of a new client: its values, and what comes next.

use proofkey_oauth::Secret;
use proofkey_protocol::{Client, ClientRecord};
use proofkey_server::admin::AppKind;

use super::snippet::Framework;
use super::view::ClientView;
use crate::admin::show::plain;

/// The client with its secret, which is shown this once.
pub(super) fn told(record: &ClientRecord, secret: Option<&Secret>, issuer: &str) -> String {
    let view = ClientView::new(record);
    let kind = Client::try_from(record)
        .ok()
        .and_then(|client| AppKind::registered(&client, record.metadata.application_type.is_some()));
    let name = record.metadata.client_name.as_deref().unwrap_or("the client");
    let what = kind.map(|kind| format!(", {kind}")).unwrap_or_default();
    let mut lines = vec![format!("Registered {}{what}.", plain(name))];
    lines.push(format!("client_id      {}", plain(record.id.as_str())));
    lines.push(match secret {
        Some(secret) => format!("client_secret  {}  (shown this once)", secret.expose()),
        None => "A public client: it has no secret, PKCE protects its codes.".to_owned(),
    });
    lines.push(format!("issuer         {issuer}"));
    lines.extend(view.metadata.redirect_uris.iter().map(|uri| format!("redirect_uri   {}", plain(uri))));
    if let Some(scope) = &view.metadata.scope {
        lines.push(format!("scope          {}", plain(&scope.to_string())));
    }
    lines.push(next(kind, record, issuer));
    lines.join("\n")
}

/// What to do with them.
fn next(kind: Option<AppKind>, record: &ClientRecord, issuer: &str) -> String {
    let id = plain(record.id.as_str());
    let metadata = format!("{issuer}/.well-known/openid-configuration");
    let first = match kind {
        Some(AppKind::Spa) => format!(
            "Give the issuer, the client_id and the redirect URI to the app's OpenID Connect library: {metadata} tells it the rest. Scripts \
             from the origins of the redirect URIs may read the answers."
        ),
        Some(AppKind::Native) => format!(
            "Give the issuer, the client_id and the redirect URI to the app's OpenID Connect library: {metadata} tells it the rest. It opens \
             the browser; on a loopback address it may listen on any port."
        ),
        Some(AppKind::Web) => format!(
            "Give all of them to the app's OpenID Connect library: {metadata} tells it the rest. Keep the secret on the server, out of its \
             sources; `proofkey client rotate-secret {id}` replaces it."
        ),
        Some(AppKind::Service) => format!(
            "It asks the token_endpoint that {metadata} names for grant_type=client_credentials, with its id and secret by HTTP Basic. \
             `proofkey client rotate-secret {id}` replaces the secret."
        ),
        None => format!("{metadata} tells an OpenID Connect library the rest."),
    };
    let more = match kind {
        Some(AppKind::Service) => {
            format!("`proofkey client edit {id} --add-scope SCOPE --bind` lets it ask for more.")
        }
        _ => format!(
            "`proofkey client edit {id} --add-redirect URI` adds the address of another place where it runs, --add-scope what it may ask for."
        ),
    };
    let names = kind.map(Framework::names_for).unwrap_or_default();
    let file = if names.is_empty() {
        String::new()
    } else {
        format!("\n`proofkey client snippet {id} FRAMEWORK` prints a ready file for it; FRAMEWORK: {names}.")
    };
    format!("\nNext: {first}\n{more}{file}")
}
