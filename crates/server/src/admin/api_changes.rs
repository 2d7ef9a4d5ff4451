//! APIs: edit. What is named changes; resource and id stay, and with them what people allowed there.

use std::io;

use proofkey_oauth::{ResourceUri, Secret};
use proofkey_protocol::{ApiRecord, ApiScope, Apis};
use proofkey_store::AdminFault;

use super::apis::{algorithm, check_scopes, check_seconds};
use super::limits::ATTEMPTS_MAX;
use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused, new_secret};
use crate::remembered::seen_by_servers;

/// What becomes of the credential by which an API introspects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialEdit {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is a new one, and one from before ends.
    New,
    /// There is none any more.
    Drop,
}

/// What becomes of the life of an API's access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LifeEdit {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is the server's.
    OfServer,
    /// It is so many seconds.
    Seconds(i64),
}

/// What changes about an API.
#[derive(Clone, Debug, Default)]
pub struct ApiEdit {
    /// What people call it from now on.
    pub name: Option<String>,
    /// Scopes that are added; one that is there gets these words.
    pub add_scopes: Vec<ApiScope>,
    /// Scopes that are dropped, by name.
    pub remove_scopes: Vec<String>,
    /// Life of its access tokens.
    pub life: LifeEdit,
    /// Algorithm of its access tokens.
    pub algorithm: Option<String>,
    /// Its credential.
    pub introspection: CredentialEdit,
}

impl Admin {
    /// Changes what is named of an API. A new credential, which is shown this once, is handed to `deliver` with what stands then; where
    /// that fails, the API is as it was before, unless it was changed by others meanwhile: their changes stay, and the refusal says so.
    pub async fn edit_api(
        &self,
        resource: &ResourceUri,
        edit: ApiEdit,
        deliver: impl FnOnce(&ApiRecord, &Secret) -> io::Result<()>,
    ) -> Result<ApiRecord, AdminRefused> {
        if let Some(name) = &edit.algorithm {
            self.check_signs(algorithm(name)?).await?;
        }
        let secret = (edit.introspection == CredentialEdit::New).then(new_secret);
        let (before, record) = self.replaced(resource, &edit, secret.as_ref()).await?;
        self.record_change(Verb::Edit, Noun::Api, &record.resource);
        // At once: a process that ends before it leaves a credential that was shown to no one.
        let delivered = secret.as_ref().map_or(Ok(()), |secret| deliver(&record, secret));
        let settled = match delivered {
            Ok(()) => Ok(record),
            Err(cause) => Err(self.undelivered(before, &record, cause).await),
        };
        seen_by_servers().await;
        settled
    }

    /// Puts the API back to what it was before the edit; what that came to.
    async fn undelivered(&self, before: ApiRecord, ours: &ApiRecord, cause: io::Error) -> AdminRefused {
        let reason = match self.put_back(before, ours).await {
            Ok(true) => {
                self.record_change(Verb::Edit, Noun::Api, &ours.resource);
                return AdminRefused::Undelivered(cause);
            }
            Ok(false) => "the API was changed by somebody else meanwhile".to_owned(),
            Err(fault) => fault.to_string(),
        };
        AdminRefused::CredentialNotShown { resource: ours.resource.clone(), cause, reason }
    }

    /// Puts the API back where it still says what the edit made it say; whether it did.
    async fn put_back(&self, before: ApiRecord, ours: &ApiRecord) -> Result<bool, AdminRefused> {
        let ours_still = |found: Option<&ApiRecord>| {
            Ok(found.is_some_and(|found| found.is_same(ours)).then(|| (before.clone(), ())))
        };
        Ok(self.rewritten(&ours.resource, ours_still).await?.is_some())
    }

    /// The API before and after the edit.
    async fn replaced(
        &self,
        resource: &ResourceUri,
        edit: &ApiEdit,
        secret: Option<&Secret>,
    ) -> Result<(ApiRecord, ApiRecord), AdminRefused> {
        let missing = || AdminRefused::Missing { noun: Noun::Api, name: resource.to_string() };
        let after = |found: Option<&ApiRecord>| {
            let before = found.ok_or_else(missing)?.clone();
            let record = edited(before.clone(), edit, secret)?;
            Ok(Some((record.clone(), (before, record))))
        };
        self.rewritten(resource, after).await?.ok_or_else(missing)
    }

    /// Writes what is made of the API as it stands, beside what that comes with; made anew where the APIs have changed before it was
    /// written, a few times. `None` where nothing is to be written.
    async fn rewritten<T>(
        &self,
        resource: &ResourceUri,
        make: impl Fn(Option<&ApiRecord>) -> Result<Option<(ApiRecord, T)>, AdminRefused>,
    ) -> Result<Option<T>, AdminRefused> {
        for _ in 0..ATTEMPTS_MAX {
            let version = self.store.directory_versions().await?.apis;
            let apis = Apis::new(self.store.apis().await?);
            let Some((record, told)) = make(apis.find(resource).map(|found| &found.record))? else {
                return Ok(None);
            };
            match self.store.update_api(record, version).await {
                Err(AdminFault::Conflict) => {}
                settled => {
                    settled.map_err(|fault| AdminRefused::about(fault, Noun::Api, resource))?;
                    return Ok(Some(told));
                }
            }
        }
        Err(AdminRefused::about(AdminFault::Conflict, Noun::Api, resource))
    }
}

/// The API after an edit, if there can be such a one.
fn edited(before: ApiRecord, edit: &ApiEdit, secret: Option<&Secret>) -> Result<ApiRecord, AdminRefused> {
    let mut record = before;
    for name in &edit.remove_scopes {
        let at = record.scopes.iter().position(|scope| scope.name == *name);
        let missing = || AdminRefused::NotRegistered { member: "scopes", value: name.clone() };
        record.scopes.remove(at.ok_or_else(missing)?);
    }
    for added in &edit.add_scopes {
        match record.scopes.iter_mut().find(|scope| scope.name == added.name) {
            Some(held) => held.description.clone_from(&added.description),
            None => record.scopes.push(added.clone()),
        }
    }
    check_scopes(&record.scopes)?;
    if let Some(name) = &edit.name {
        record.name = Some(name.clone());
    }
    record.access_token_seconds = match edit.life {
        LifeEdit::Keep => record.access_token_seconds,
        LifeEdit::OfServer => None,
        LifeEdit::Seconds(seconds) => Some(seconds),
    };
    check_seconds(record.access_token_seconds)?;
    if let Some(name) = &edit.algorithm {
        record.algorithm = Some(algorithm(name)?);
    }
    record.introspection = match edit.introspection {
        CredentialEdit::Keep => record.introspection,
        CredentialEdit::New => secret.map(Secret::hash),
        CredentialEdit::Drop => None,
    };
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::member::Member;

    fn scope(name: &str, words: Option<&str>) -> ApiScope {
        ApiScope { name: name.to_owned(), description: words.map(str::to_owned) }
    }

    fn api() -> ApiRecord {
        ApiRecord {
            resource: ResourceUri::parse("https://api.example").unwrap(),
            name: Some("Notes".to_owned()),
            scopes: vec![scope("read", None), scope("write", Some("Write"))],
            access_token_seconds: Some(60),
            algorithm: None,
            introspection: Some(Secret::new("before".to_owned()).hash()),
        }
    }

    #[test]
    fn pk_09_an_edit_of_an_api_changes_what_it_names_and_nothing_else() {
        let same = edited(api(), &ApiEdit::default(), None).unwrap();
        assert_eq!((same.name.as_deref(), &same.scopes), (Some("Notes"), &api().scopes));
        assert!(same.introspection.is_some() && same.access_token_seconds == Some(60));
        let edit = ApiEdit {
            add_scopes: vec![scope("read", Some("Read")), scope("share", None)],
            remove_scopes: vec!["write".to_owned()],
            life: LifeEdit::OfServer,
            algorithm: Some("EdDSA".to_owned()),
            introspection: CredentialEdit::Drop,
            ..ApiEdit::default()
        };
        let after = edited(api(), &edit, None).unwrap();
        assert_eq!(after.scopes, [scope("read", Some("Read")), scope("share", None)]);
        assert_eq!((after.name.as_deref(), after.access_token_seconds), (Some("Notes"), None));
        assert!(after.algorithm.is_some() && after.introspection.is_none());
        let secret = Secret::new("after".to_owned());
        let renewed = ApiEdit { introspection: CredentialEdit::New, ..ApiEdit::default() };
        let held = edited(api(), &renewed, Some(&secret)).unwrap().introspection.unwrap();
        assert!(held.matches(&secret));
    }

    #[test]
    fn pk_09_an_edit_of_an_api_that_cannot_be_names_the_member() {
        let remove = |names: &[&str]| ApiEdit {
            remove_scopes: names.iter().map(|name| (*name).to_owned()).collect(),
            ..ApiEdit::default()
        };
        let add = |name: &str| ApiEdit { add_scopes: vec![scope(name, None)], ..ApiEdit::default() };
        for (edit, member) in [
            (remove(&["share"]), Member::whole("scopes")),
            (remove(&["read", "write"]), Member::whole("scopes")),
            (add("openid"), Member::item("scopes", 2)),
            (
                ApiEdit { life: LifeEdit::Seconds(0), ..ApiEdit::default() },
                Member::whole("access_token_seconds"),
            ),
            (
                ApiEdit { algorithm: Some("HS256".to_owned()), ..ApiEdit::default() },
                Member::whole("algorithm"),
            ),
        ] {
            assert_eq!(edited(api(), &edit, None).unwrap_err().member(), Some(member));
        }
    }
}
