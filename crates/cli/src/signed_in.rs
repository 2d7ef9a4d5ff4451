//! A sign-in as `--json` prints it, in `login` and in `whoami`: the person, the server, the app, the API, the scope.

use proofkey_client::{Application, Identity, StoredAt};
use serde::Serialize;

use crate::stored_at::KeptIn;

/// The members of that JSON value.
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
    /// Puts together what the app, the server's answer and the store say.
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
