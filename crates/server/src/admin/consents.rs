//! Remembered consents: list, revoke. Only users give consent, on a page of their own.

use std::collections::BTreeMap;

use proofkey_protocol::{ClientId, ConsentRecord, UserRecord};

use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};

/// A remembered consent, with the name of its user.
#[derive(Debug)]
pub struct ListedConsent {
    /// What was allowed, and since when.
    pub record: ConsentRecord,
    /// The name that the user signs in with; empty if the user is gone.
    pub username: String,
}

impl Admin {
    /// Remembered consents of one user, for one client, or all; at most 10,000.
    pub async fn consents(
        &self,
        username: Option<&str>,
        client: Option<&ClientId>,
    ) -> Result<Vec<ListedConsent>, AdminRefused> {
        let user = match username {
            Some(username) => Some(self.find_user(username).await?.id),
            None => None,
        };
        let records = self.store.consents(user.as_ref(), client).await?;
        let names = self.usernames(&records).await?;
        self.record_list(Noun::Consent);
        let listed = |record: ConsentRecord| {
            let username = names.get(record.user_id.as_str()).cloned().unwrap_or_default();
            ListedConsent { record, username }
        };
        Ok(records.into_iter().map(listed).collect())
    }

    /// Withdraws the consent of a user for a client, and ends the tokens that rest on it. Returns the user.
    pub async fn revoke_consent(
        &self,
        username: &str,
        client: &ClientId,
    ) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let revoked = self.store.revoke_consent(&user.id, client).await;
        let name = || format!("of {username} for client {client}");
        revoked.map_err(|fault| AdminRefused::about(fault, Noun::Consent, name()))?;
        self.record_change(Verb::Revoke, Noun::Consent, format_args!("{} {client}", user.id));
        Ok(user)
    }

    async fn usernames(&self, records: &[ConsentRecord]) -> Result<BTreeMap<String, String>, AdminRefused> {
        let mut names = BTreeMap::new();
        for record in records {
            let id = record.user_id.as_str();
            if !names.contains_key(id)
                && let Some(user) = self.store.user(&record.user_id).await?
            {
                names.insert(id.to_owned(), user.username);
            }
        }
        Ok(names)
    }
}
