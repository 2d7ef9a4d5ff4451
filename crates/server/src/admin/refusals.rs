//! Recorded refusals: show one.

use proofkey_protocol::{Explanation, RefusalRecord};

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
}

impl Admin {
    /// The refusal of this error id, for as long as it is kept.
    pub async fn refusal(&self, error_id: &str) -> Result<ExplainedRefusal, AdminRefused> {
        let missing = || AdminRefused::Missing { noun: Noun::Refusal, name: error_id.to_owned() };
        let id = parse_error_id(error_id).ok_or_else(missing)?;
        let record = self.store.refusal(&id).await?.filter(|found| found.keep_until > self.now());
        let record = record.ok_or_else(missing)?;
        self.record_read(Verb::Show, Noun::Refusal, &id);
        Ok(ExplainedRefusal { rule: rules::explanation(&record.rule), record })
    }
}
