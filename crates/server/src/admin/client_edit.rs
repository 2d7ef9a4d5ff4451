//! Clients: edit. What is named changes, and all else of the registration stays.

use proofkey_oauth::{ClientMetadata, ResourceUri, Scope};
use proofkey_protocol::{Apis, Client, ClientId, ClientRecord};

use super::app_kind::AppKind;
use super::client_apis::{known, owners, unbound, with_resources};
use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};

const REDIRECT_URIS: &str = "redirect_uris";
const POST_LOGOUT: &str = "post_logout_redirect_uris";

/// What changes about a list of a registration.
#[derive(Clone, Debug, Default)]
pub struct ListEdit {
    /// Add these; one that is there stays there once.
    pub add: Vec<String>,
    /// Drop these.
    pub remove: Vec<String>,
}

/// What changes about the registration of a client.
#[derive(Clone, Debug, Default)]
pub struct ClientEdit {
    /// What people call it from now on.
    pub name: Option<String>,
    /// Where browsers bring its codes.
    pub redirect_uris: ListEdit,
    /// Where browsers go after a sign-out.
    pub post_logout_redirect_uris: ListEdit,
    /// What it may ask for.
    pub scope: ListEdit,
    /// Add the APIs that have those of its scopes for which it has no API yet.
    pub bind: bool,
    /// Add these APIs.
    pub add: Vec<ResourceUri>,
    /// Drop these APIs.
    pub remove: Vec<ResourceUri>,
}

impl Admin {
    /// Changes what is named of a client's registration; all else of it stays.
    pub async fn edit_client(&self, id: &ClientId, edit: ClientEdit) -> Result<ClientRecord, AdminRefused> {
        let edited = self
            .replace_registration(id, async |before| edited(before, &edit, &self.registered_apis().await?));
        let record = edited.await?;
        self.record_change(Verb::Edit, Noun::Client, id);
        Ok(record)
    }
}

impl ListEdit {
    fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// The list after the edit. What it drops must be there.
    fn applied(&self, member: &'static str, mut list: Vec<String>) -> Result<Vec<String>, AdminRefused> {
        for value in &self.remove {
            let at = list.iter().position(|held| held == value);
            let at = at.ok_or_else(|| AdminRefused::NotRegistered { member, value: value.clone() })?;
            list.remove(at);
        }
        for value in &self.add {
            if !list.contains(value) {
                list.push(value.clone());
            }
        }
        Ok(list)
    }
}

/// The record after an edit, if a client can be registered so.
fn edited(before: ClientRecord, edit: &ClientEdit, apis: &Apis) -> Result<ClientRecord, AdminRefused> {
    let client = Client::try_from(&before)?;
    check_added(&client, &before.metadata, edit)?;
    let record = ClientRecord { metadata: edited_metadata(&client, &before.metadata, edit)?, ..before };
    let mut resources = record.metadata.resources.clone().unwrap_or_default();
    resources.retain(|resource| !edit.remove.iter().any(|dropped| dropped.names(resource.as_str())));
    resources.extend(edit.add.iter().cloned());
    if edit.bind {
        let unbound = unbound(&record, apis)?;
        resources.extend(owners(unbound.iter().map(String::as_str), apis));
    }
    with_resources(record, known(resources, apis)?)
}

/// Refuses to add what an app of the kind that is registered cannot have, or of the kind that the edit writes out. What stands is not
/// judged anew.
fn check_added(client: &Client, metadata: &ClientMetadata, edit: &ClientEdit) -> Result<(), AdminRefused> {
    let says_application = metadata.application_type.is_some() || !edit.redirect_uris.is_empty();
    let Some(kind) = AppKind::registered(client, says_application) else {
        return Ok(());
    };
    for (member, list) in
        [(REDIRECT_URIS, &edit.redirect_uris), (POST_LOGOUT, &edit.post_logout_redirect_uris)]
    {
        list.add.iter().enumerate().try_for_each(|(at, uri)| kind.check_address(member, at, uri))?;
    }
    edit.scope.add.iter().enumerate().try_for_each(|(at, scope)| kind.check_scope(at, scope))?;
    Ok(())
}

fn edited_metadata(
    client: &Client,
    before: &ClientMetadata,
    edit: &ClientEdit,
) -> Result<ClientMetadata, AdminRefused> {
    let mut metadata = before.clone();
    if let Some(name) = &edit.name {
        metadata.client_name = Some(name.clone());
    }
    if !edit.redirect_uris.is_empty() {
        metadata.redirect_uris = edit.redirect_uris.applied(REDIRECT_URIS, metadata.redirect_uris)?;
        // Where a registration does not say where the app runs, its addresses say it: another one must not say otherwise.
        metadata.application_type.get_or_insert(client.application);
    }
    metadata.post_logout_redirect_uris =
        edit.post_logout_redirect_uris.applied(POST_LOGOUT, metadata.post_logout_redirect_uris)?;
    if !edit.scope.is_empty() {
        let scope = client.scope.iter().map(str::to_owned).collect();
        let scope = edit.scope.applied("scope", scope)?.join(" ");
        metadata.scope = Some(Scope::parse(&scope).map_err(AdminRefused::Scope)?);
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn record(metadata: Value) -> ClientRecord {
        ClientRecord {
            id: ClientId::new("app"),
            metadata: serde_json::from_value(metadata).unwrap(),
            secrets: Vec::new(),
            disabled: false,
            created_at: Timestamp(0),
        }
    }

    fn after(metadata: Value, edit: &ClientEdit) -> Result<Value, String> {
        let apis = Apis::new(Vec::new());
        let record = edited(record(metadata), edit, &apis).map_err(|refused| refused.to_string())?;
        Ok(serde_json::to_value(record.metadata).unwrap())
    }

    fn list(add: &[&str], remove: &[&str]) -> ListEdit {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        ListEdit { add: owned(add), remove: owned(remove) }
    }

    const PUBLIC: &str = "none";

    #[test]
    fn pk_09_an_edit_changes_what_it_names_and_nothing_else() {
        let before = json!({
            "client_name": "Notes", "token_endpoint_auth_method": PUBLIC, "application_type": "web",
            "redirect_uris": ["https://a.example/cb"], "code_seconds": 30, "scope": "openid email",
        });
        let edit = ClientEdit {
            name: Some("Notes 2".to_owned()),
            redirect_uris: list(&["https://b.example/cb", "https://b.example/cb"], &["https://a.example/cb"]),
            post_logout_redirect_uris: list(&["https://b.example/"], &[]),
            scope: list(&["notes:read"], &["email"]),
            ..ClientEdit::default()
        };
        let expected = json!({
            "client_name": "Notes 2", "token_endpoint_auth_method": PUBLIC, "application_type": "web",
            "redirect_uris": ["https://b.example/cb"], "post_logout_redirect_uris": ["https://b.example/"],
            "code_seconds": 30, "scope": "openid notes:read", "resources": [],
        });
        assert_eq!(after(before, &edit), Ok(expected));
    }

    #[test]
    fn pk_09_az_03_another_address_does_not_change_where_an_app_runs() {
        let native = json!({"token_endpoint_auth_method": PUBLIC, "redirect_uris": ["http://127.0.0.1/cb"]});
        let edit =
            ClientEdit { redirect_uris: list(&["https://app.example/cb"], &[]), ..ClientEdit::default() };
        assert_eq!(after(native, &edit).unwrap()["application_type"], "native");
    }

    #[test]
    fn pk_09_an_edit_that_cannot_be_is_refused() {
        let spa = json!({
            "token_endpoint_auth_method": PUBLIC, "application_type": "web", "redirect_uris": ["https://a.example/cb"],
        });
        for (edit, words) in [
            (
                ClientEdit { redirect_uris: list(&[], &["https://a.example/CB"]), ..ClientEdit::default() },
                "redirect_uris: `https://a.example/CB`",
            ),
            (
                ClientEdit { redirect_uris: list(&[], &["https://a.example/cb"]), ..ClientEdit::default() },
                "at least one",
            ),
            (
                ClientEdit { redirect_uris: list(&["com.example.app:/cb"], &[]), ..ClientEdit::default() },
                "installed app",
            ),
            (
                ClientEdit { redirect_uris: list(&["http://a.example/cb"], &[]), ..ClientEdit::default() },
                "use https",
            ),
            (
                ClientEdit { scope: list(&[], &["notes:read"]), ..ClientEdit::default() },
                "scope: `notes:read`",
            ),
            (ClientEdit { scope: list(&["a\"b"], &[]), ..ClientEdit::default() }, "scope"),
            (ClientEdit { name: Some("a\u{0}".to_owned()), ..ClientEdit::default() }, "client_name"),
        ] {
            let refused = after(spa.clone(), &edit).unwrap_err();
            assert!(refused.contains(words), "{words}: {refused}");
        }
    }

    #[test]
    fn pk_09_az_03_what_a_registration_leaves_to_be_guessed_is_judged_by_the_guess_that_is_written_out() {
        let of = |uri: &str| json!({"token_endpoint_auth_method": PUBLIC, "redirect_uris": [uri]});
        let add = |uri: &str| ClientEdit { redirect_uris: list(&[uri], &[]), ..ClientEdit::default() };
        let (web, native) = (of("https://a.example/cb"), of("http://127.0.0.1/cb"));
        let custom = add("com.example.app:/cb");
        let refused = after(web.clone(), &custom).unwrap_err();
        assert!(refused.contains("installed app"), "at the first edit as at the second: {refused}");
        let first = after(web.clone(), &add("https://b.example/cb")).unwrap();
        assert_eq!(first["application_type"], "web");
        assert_eq!(after(first, &custom).unwrap_err(), refused);
        assert_eq!(after(native, &custom).unwrap()["application_type"], "native");
        // Where the edit leaves the guess to be made, no more is asked than before.
        let only_out = ClientEdit {
            post_logout_redirect_uris: list(&["com.example.app:/out"], &[]),
            ..ClientEdit::default()
        };
        assert_eq!(after(web, &only_out).unwrap().get("application_type"), None);
    }
}
