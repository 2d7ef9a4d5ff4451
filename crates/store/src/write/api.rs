//! APIs.

use proofkey_oauth::ResourceUri;
use proofkey_protocol::ApiRecord;

use crate::encode::json;
use crate::fault::{AdminFault, Fault};
use crate::script::{Script, ScriptStep};
use crate::sql::{apis, versions};
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Adds an API, under an id that none had before.
    pub async fn add_api(&self, api: ApiRecord) -> Result<(), AdminFault> {
        let ours = api.clone();
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
        let is_done = async {
            let found = self.api(&ours.resource).await?;
            let secret = |api: &ApiRecord| api.introspection.map(|hash| hash.0);
            Ok(found.is_some_and(|found| (&found.name, secret(&found)) == (&ours.name, secret(&ours))))
        };
        self.change_once(script, is_done).await
    }

    /// Replaces what is registered of an API by what was made of the APIs at this version; a conflict when any API has changed since.
    /// Its id stays.
    pub async fn update_api(&self, api: ApiRecord, apis_version: i64) -> Result<(), AdminFault> {
        let ours = api.clone();
        let values = values![
            api.resource,
            api.name,
            json(&api.scopes)?,
            api.access_token_seconds,
            api.algorithm,
            api.introspection,
        ];
        let script = Script::from(ScriptStep::must_find(&apis::UPDATE_API, values))
            .then(ScriptStep::must_stand(&versions::BUMP_APIS_FROM, values![apis_version]));
        let is_done = async { Ok(self.api(&ours.resource).await?.is_some_and(|found| found.is_same(&ours))) };
        self.change_once(script, is_done).await
    }

    /// Removes an API. Grants and consents that name its id rest on nothing from now on.
    pub async fn remove_api(&self, resource: &ResourceUri) -> Result<(), AdminFault> {
        let remove = ScriptStep::must_find(&apis::DELETE_API, values![resource.clone()]);
        let is_done = async { Ok(self.api(resource).await?.is_none()) };
        self.change_once(Script::from(remove).then(moved()), is_done).await
    }

    async fn api(&self, resource: &ResourceUri) -> Result<Option<ApiRecord>, Fault> {
        let all = self.apis().await?;
        Ok(all.into_iter().map(|api| api.record).find(|api| api.resource == *resource))
    }
}

/// Nodes load the APIs again.
fn moved() -> ScriptStep {
    ScriptStep::may_find(&versions::BUMP_APIS, values![])
}
