//! Recorded refusals: show one.

use proofkey_protocol::{ClientId, Explanation, Refusal, RefusalRecord};

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::refusal_record::parse_error_id;
use crate::rules;

/// A refusal, as it was recorded and as its rule is explained now.
#[derive(Debug)]
pub struct ExplainedRefusal {
    /// What was recorded.
    pub record: RefusalRecord,
    /// What is said of the rule; `None` if this version has none of that name.
    pub rule: Option<Explanation>,
    /// Of a redirect URI that was not registered those that are now, for the operator alone; `None` for any other rule, and where
    /// the client is no more.
    pub registered: Option<Vec<String>>,
}

impl Admin {
    /// The refusal of this error id, for as long as it is kept.
    pub async fn refusal(&self, error_id: &str) -> Result<ExplainedRefusal, AdminRefused> {
        let missing = || AdminRefused::Missing { noun: Noun::Refusal, name: error_id.to_owned() };
        let id = parse_error_id(error_id).ok_or_else(missing)?;
        let record = self.store.refusal(&id).await?.filter(|found| found.keep_until > self.now());
        let record = record.ok_or_else(missing)?;
        self.record_read(Verb::Show, Noun::Refusal, &id);
        let registered = self.registered(&record).await?;
        Ok(ExplainedRefusal { rule: rules::explanation(&record.rule), registered, record })
    }

    async fn registered(&self, record: &RefusalRecord) -> Result<Option<Vec<String>>, AdminRefused> {
        let is_about_address = record.rule == Refusal::RedirectUriUnregistered.explain().rule;
        let Some(id) = record.client_id.as_deref().filter(|_| is_about_address) else { return Ok(None) };
        let client = self.store.client(&ClientId::new(id.to_owned())).await?;
        Ok(client.map(|client| client.metadata.redirect_uris))
    }
}
