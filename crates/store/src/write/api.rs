//! APIs.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::ApiRecord;

use crate::encode::json;
use crate::fault::AdminFault;
use crate::script::{Script, ScriptStep};
use crate::sql::{apis, versions};
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Adds an API, under an id that none had before.
    pub async fn add_api(&self, api: ApiRecord) -> Result<(), AdminFault> {
        let values = values![
            api.resource,
            api.name,
            json(&api.scopes)?,
            api.access_token_seconds,
            api.algorithm,
            api.introspection,
        ];
        let script = Script::from(ScriptStep::may_find(&apis::NEXT_API_ID, values![]))
            .then(ScriptStep::must_add(&apis::INSERT_API, values));
        self.change(script).await
    }

    /// Removes an API. Grants and consents that name its id rest on nothing from now on.
    pub async fn remove_api(&self, resource: &ResourceUri) -> Result<(), AdminFault> {
        let remove = ScriptStep::must_find(&apis::DELETE_API, values![resource.clone()]);
        self.change(Script::from(remove).then(moved())).await
    }
}

/// Nodes load the APIs again.
fn moved() -> ScriptStep {
    ScriptStep::may_find(&versions::BUMP_APIS, values![])
}
