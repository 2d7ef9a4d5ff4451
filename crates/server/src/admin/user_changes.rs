//! Users: edit the claims, remove.

use proofkey_oauth::Timestamp;
use proofkey_protocol::UserRecord;
use proofkey_protocol::userinfo::check_claims;
use proofkey_store::AdminFault;
use serde_json::{Map, Value};

use super::limits::ATTEMPTS_MAX;
use super::noun::{Noun, Verb};
use super::{Admin, AdminRefused};
use crate::remembered::seen_by_servers;

/// Claims, each with the one that says that an operator has made sure of it.
const VERIFIED: [(&str, &str); 2] = [("email", "email_verified"), ("phone_number", "phone_number_verified")];

/// When the claims last changed (OpenID Connect Core §5.1).
const UPDATED_AT: &str = "updated_at";

/// What changes about the claims of a user.
#[derive(Clone, Debug, Default)]
pub struct UserEdit {
    /// Claims that are set; the others stay.
    pub set: Map<String, Value>,
    /// Claims that are dropped, by name. They must be there.
    pub remove: Vec<String>,
}

impl Admin {
    /// Sets and drops claims of a user. That an address was verified is dropped with it, and with another one in its place, unless
    /// the edit says it anew.
    pub async fn edit_user(&self, username: &str, edit: UserEdit) -> Result<UserRecord, AdminRefused> {
        let now = self.now();
        for _ in 0..ATTEMPTS_MAX {
            let user = self.find_user(username).await?;
            let claims = edited(&user.claims, &edit, now)?;
            match self.store.update_user_claims(&user, &claims, now).await {
                Err(AdminFault::Conflict) => {}
                settled => {
                    settled.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
                    self.record_change(Verb::Edit, Noun::User, &user.id);
                    seen_by_servers().await;
                    return Ok(UserRecord { claims, updated_at: now, ..user });
                }
            }
        }
        Err(AdminRefused::about(AdminFault::Conflict, Noun::User, username))
    }

    /// Removes a user for good: sessions, consents and grants end, and the id is never given again. The name is refused to the next
    /// user until an operator frees it ([`Admin::add_user_under_freed_name`]).
    pub async fn remove_user(&self, username: &str) -> Result<UserRecord, AdminRefused> {
        let user = self.find_user(username).await?;
        let clock = self.clock.clone();
        let account = self.hashing.account_key(&user.username_key);
        let removed = self.store.remove_user(&user, move || Timestamp(clock.now()), &account).await;
        removed.map_err(|fault| AdminRefused::about(fault, Noun::User, username))?;
        self.record_change(Verb::Remove, Noun::User, &user.id);
        seen_by_servers().await;
        Ok(user)
    }
}

/// The claims after an edit, if a user can have them.
fn edited(
    before: &Map<String, Value>,
    edit: &UserEdit,
    now: Timestamp,
) -> Result<Map<String, Value>, AdminRefused> {
    let mut claims = before.clone();
    for name in &edit.remove {
        let stays = |reason| Err(AdminRefused::ClaimStays { name: name.clone(), reason });
        if name == UPDATED_AT {
            return stays("every edit sets it");
        }
        if edit.set.contains_key(name) {
            return stays("the same edit sets it");
        }
        if claims.remove(name).is_none() {
            return Err(AdminRefused::NotRegistered { member: "claims", value: name.clone() });
        }
    }
    claims.insert(UPDATED_AT.to_owned(), Value::from(now.seconds()));
    claims.extend(edit.set.clone());
    for (claim, verified) in VERIFIED {
        if claims.get(claim) != before.get(claim) && !edit.set.contains_key(verified) {
            claims.remove(verified);
        }
    }
    check_claims(&claims)?;
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000);

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn after(set: Value, remove: &[&str]) -> Result<Value, AdminRefused> {
        let before = object(json!({
            "name": "Ada", "email": "ada@example.com", "email_verified": true, "phone_number": "+49 30 1",
            "phone_number_verified": true, "updated_at": 7,
        }));
        let remove = remove.iter().map(|name| (*name).to_owned()).collect();
        let mut claims = edited(&before, &UserEdit { set: object(set), remove }, NOW)?;
        claims.remove("updated_at");
        Ok(Value::Object(claims))
    }

    #[test]
    fn pk_09_an_address_that_changes_is_no_verified_one_any_more() {
        let phone = json!({"phone_number": "+49 30 1", "phone_number_verified": true});
        let with_phone = |more: Value| {
            let mut claims = object(phone.clone());
            claims.extend(object(more));
            Value::Object(claims)
        };
        for (set, remove, expected) in [
            (
                json!({"name": "Ada King"}),
                &[][..],
                json!({"name": "Ada King", "email": "ada@example.com", "email_verified": true}),
            ),
            (
                json!({"email": "ada@example.com"}),
                &[],
                json!({"name": "Ada", "email": "ada@example.com", "email_verified": true}),
            ),
            (json!({"email": "a@b.example"}), &[], json!({"name": "Ada", "email": "a@b.example"})),
            (
                json!({"email": "a@b.example", "email_verified": true}),
                &["name"],
                json!({"email": "a@b.example", "email_verified": true}),
            ),
            (json!({}), &["email"], json!({"name": "Ada"})),
            (json!({}), &["email_verified"], json!({"name": "Ada", "email": "ada@example.com"})),
        ] {
            assert_eq!(after(set, remove).unwrap(), with_phone(expected));
        }
    }

    #[test]
    fn pk_09_what_is_no_claim_is_neither_set_nor_dropped_and_what_is_not_there_is_no_silent_success() {
        for (set, remove, member) in [
            (json!({"role": "admin"}), &[][..], "claims.role"),
            (json!({}), &["nmae"], "claims"),
            (json!({}), &["nickname"], "claims"),
            (json!({}), &["name", "name"], "claims"),
            (json!({}), &["updated_at"], "claims.updated_at"),
            (json!({"name": "Ada King"}), &["name"], "claims.name"),
            (json!({"email": 1}), &[], "claims.email"),
        ] {
            assert_eq!(after(set, remove).unwrap_err().member().unwrap().to_string(), member);
        }
        let mut claims = edited(&Map::new(), &UserEdit::default(), NOW).unwrap();
        assert_eq!(claims.remove("updated_at"), Some(json!(NOW.seconds())), "when the claims last changed");
    }
}
