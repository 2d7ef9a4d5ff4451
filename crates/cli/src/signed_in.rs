//! Who is signed in, where and for what, as `--json` prints it: at the sign-in and whenever somebody asks.

use proofkey_client::{Application, Identity, StoredAt};
use serde::Serialize;

use crate::stored_at::KeptIn;

/// A sign-in that stands.
#[derive(Serialize)]
pub(crate) struct SignedInAs<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) resource: Option<&'a str>,
    pub(crate) scope: &'a str,
    pub(crate) identity: Option<&'a Identity>,
    #[serde(flatten)]
    pub(crate) kept_in: Option<KeptIn>,
}

impl<'a> SignedInAs<'a> {
    /// What the app, the server's answer and the store say together.
    pub(crate) fn new(
        app: &'a Application,
        scope: &'a str,
        identity: Option<&'a Identity>,
        stored_at: Option<&StoredAt>,
    ) -> Self {
        Self {
            issuer: app.issuer.as_str(),
            client_id: &app.client_id,
            resource: app.resource.as_ref().map(|resource| resource.as_str()),
            scope,
            identity,
            kept_in: stored_at.map(KeptIn::from),
        }
    }
}
