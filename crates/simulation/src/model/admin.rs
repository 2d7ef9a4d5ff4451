//! What operators change, and what tasks remove.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::{
    ApiId, ApiRecord, ClientId, ClientRecord, ConsentFacts, RegisteredApi, UserFacts, UserId, UserRecord,
};

use super::commit::revoke;
use super::{ClientRow, Model, RemovedClient, UserRow};
use crate::model::BrokenGate;

/// How long it is remembered that a client was removed.
const REMOVED_SECONDS: i64 = 7 * 24 * 3600;
/// How long ended rows stay.
const GRACE_SECONDS: i64 = 3_700;
/// How long failed sign-ins are remembered.
const SIGN_IN_FAILURE_SECONDS: i64 = 30 * 24 * 3600;

/// Why a change of an operator did not happen; as the store says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotChanged {
    /// The id or the name is taken.
    Exists,
    /// There is nothing of that id or name.
    Missing,
    /// It is not as it was read any more.
    Conflict,
}

type Changed = Result<(), NotChanged>;

impl Model {
    /// Adds a user, under an id and a name that no removed user had.
    pub fn add_user(&mut self, user: UserRecord) -> Changed {
        let was_removed = self.removed_users.values().any(|key| *key == user.username_key);
        if was_removed && !self.is_broken(BrokenGate::RemovedNameForgotten) {
            return Err(NotChanged::Exists);
        }
        self.add_user_under_freed_name(user)
    }

    /// Adds a user whose name may have been a removed user's.
    pub fn add_user_under_freed_name(&mut self, user: UserRecord) -> Changed {
        let was_removed = self.removed_users.contains_key(&user.id);
        if was_removed && !self.is_broken(BrokenGate::RemovedIdForgotten) {
            return Err(NotChanged::Exists);
        }
        let taken = |row: &UserRow| row.key == user.username_key || row.facts.id == user.id;
        if self.users.values().any(taken) {
            return Err(NotChanged::Exists);
        }
        let facts = UserFacts {
            id: user.id.clone(),
            display_name: user.username.clone(),
            username: user.username,
            disabled: user.disabled,
            valid_from: user.valid_from,
        };
        let row = UserRow { facts, key: user.username_key, password: user.password, claims: user.claims };
        self.users.insert(user.id, row);
        Ok(())
    }

    /// Removes a user with the sessions, consents and failed sign-ins. The grants have no user any more.
    pub fn remove_user(&mut self, id: &UserId, account: &Sha256) -> Changed {
        let next = self.removed_users.get(id).filter(|_| self.is_broken(BrokenGate::RemovalByName));
        let next = next.and_then(|name| self.users.values().find(|row| row.key == *name));
        let id = &next.map_or_else(|| id.clone(), |row| row.facts.id.clone());
        let row = self.users.remove(id).ok_or(NotChanged::Missing)?;
        self.removed_users.insert(id.clone(), row.key.clone());
        if self.is_broken(BrokenGate::RemovalLeavesGrants) {
            self.left_users.insert(id.clone(), row);
        }
        if !self.is_broken(BrokenGate::RemovalLeavesSessions) {
            self.sessions.retain(|_, session| session.user_id != *id);
        }
        let leaves = [BrokenGate::RemovalLeavesGrants, BrokenGate::RemovalLeavesConsents];
        if !leaves.iter().any(|gate| self.is_broken(*gate)) {
            self.consents.retain(|(user, _), _| user != id);
        }
        self.forget_failures(account);
        Ok(())
    }

    /// Disables an account or enables it again.
    pub fn set_user_disabled(&mut self, key: &str, disabled: bool, now: Timestamp) -> Changed {
        let mark = self.user_mark(key, now)?;
        let row = self.user_mut(key)?;
        row.facts.disabled = disabled;
        if disabled {
            row.facts.valid_from = mark;
        }
        self.end_sessions_of_user(key)
    }

    /// Sets a password, and ends all from before.
    pub fn set_user_password(&mut self, key: &str, phc: &str, now: Timestamp, account: &Sha256) -> Changed {
        let mark = self.user_mark(key, now)?;
        let row = self.user_mut(key)?;
        row.password = Some(phc.to_owned());
        row.facts.valid_from = mark;
        self.forget_failures(account);
        self.end_sessions_of_user(key)
    }

    /// Forgets the failed sign-ins of an account.
    pub fn unlock_user(&mut self, key: &str, account: &Sha256) -> Changed {
        self.user_mut(key)?;
        self.forget_failures(account);
        Ok(())
    }

    /// Ends every session of a user.
    pub fn end_sessions_of_user(&mut self, key: &str) -> Changed {
        let user = self.user_mut(key)?.facts.id.clone();
        if !self.is_broken(BrokenGate::LogoutForgotten) {
            self.sessions.retain(|_, row| row.user_id != user);
        }
        Ok(())
    }

    /// Ends every session and every grant of a user.
    pub fn end_grants_of_user(&mut self, key: &str, now: Timestamp) -> Changed {
        let mark = self.user_mark(key, now)?;
        self.user_mut(key)?.facts.valid_from = mark;
        self.end_sessions_of_user(key)
    }

    /// Registers a client. It begins where the one before it under this id ended.
    pub fn add_client(&mut self, record: ClientRecord) -> Changed {
        if self.clients.contains_key(&record.id) {
            return Err(NotChanged::Exists);
        }
        let noted =
            self.removed.get(&record.id).filter(|_| !self.is_broken(BrokenGate::RemovedClientForgotten));
        let valid_from = noted.map_or(Timestamp(0), |removed| removed.ended_at);
        self.clients.insert(record.id.clone(), ClientRow { record, valid_from });
        Ok(())
    }

    /// Disables a client or enables it again.
    pub fn set_client_disabled(&mut self, id: &ClientId, disabled: bool) -> Changed {
        self.clients.get_mut(id).ok_or(NotChanged::Missing)?.record.disabled = disabled;
        Ok(())
    }

    /// Ends every grant of a client, and its own tokens.
    pub fn end_grants_of_client(&mut self, id: &ClientId, now: Timestamp) -> Changed {
        let mark = self.mark_after(self.client_mark(id)?, now);
        self.clients.get_mut(id).ok_or(NotChanged::Missing)?.valid_from = mark;
        Ok(())
    }

    /// Removes a client with its consents, and revokes its grants.
    pub fn remove_client(&mut self, id: &ClientId, now: Timestamp) -> Changed {
        let ended_at = self.mark_after(self.client_mark(id)?, now);
        self.removed.insert(id.clone(), RemovedClient { ended_at, keep_until: now + REMOVED_SECONDS });
        self.clients.remove(id);
        self.consents.retain(|(_, client), _| client != id);
        if !self.is_broken(BrokenGate::RevocationForgotten) {
            self.grants.values_mut().filter(|row| row.client_id == *id).for_each(|row| revoke(row, now));
        }
        Ok(())
    }

    /// Withdraws all that a user allows a client.
    pub fn revoke_consent(&mut self, user: &UserId, client: &ClientId) -> Changed {
        let gone = self.consents.remove(&(user.clone(), client.clone()));
        gone.map(drop).ok_or(NotChanged::Missing)
    }

    /// Puts less in the place of what a user allows a client.
    pub fn narrow_consent(
        &mut self,
        user: &UserId,
        client: &ClientId,
        before: &ConsentFacts,
        after: ConsentFacts,
    ) -> Changed {
        let key = (user.clone(), client.clone());
        if self.consents.get(&key) != Some(before) {
            return Err(NotChanged::Conflict);
        }
        if after == ConsentFacts::default() {
            self.consents.remove(&key);
        } else {
            self.consents.insert(key, after);
        }
        Ok(())
    }

    /// Adds an API, under an id that none had before.
    pub fn add_api(&mut self, record: ApiRecord) -> Changed {
        if self.apis.iter().any(|api| api.record.resource == record.resource) {
            return Err(NotChanged::Exists);
        }
        self.api_ids += 1;
        self.apis.push(RegisteredApi { id: ApiId(self.api_ids), record });
        Ok(())
    }

    /// Removes an API.
    pub fn remove_api(&mut self, resource: &str) -> Changed {
        let before = self.apis.len();
        self.apis.retain(|api| api.resource() != resource);
        if self.apis.len() == before { Err(NotChanged::Missing) } else { Ok(()) }
    }

    /// Removes what ended long enough before `now`; how many rows.
    pub fn sweep(&mut self, now: Timestamp) -> usize {
        let rows = |model: &Self| {
            [
                model.grants.len(),
                model.code_failures.len(),
                model.revoked_tokens.len(),
                model.sessions.len(),
                model.removed.len(),
                model.failures.len(),
            ]
            .iter()
            .sum::<usize>()
        };
        let before = rows(self);
        let (ended, old) = (now + -GRACE_SECONDS, now + -SIGN_IN_FAILURE_SECONDS);
        self.grants.retain(|_, row| row.expires_at >= ended);
        self.code_failures.retain(|_, (_, keep_until)| *keep_until >= ended);
        self.revoked_tokens.retain(|_, keep_until| *keep_until >= ended);
        self.sessions.retain(|_, row| row.expires_at >= ended);
        self.removed.retain(|_, removed| removed.keep_until >= ended);
        self.failures.retain(|_, row| row.last_at >= old.seconds());
        before - rows(self)
    }

    fn user_mut(&mut self, key: &str) -> Result<&mut UserRow, NotChanged> {
        self.users.values_mut().find(|row| row.key == key).ok_or(NotChanged::Missing)
    }

    fn user_mark(&self, key: &str, now: Timestamp) -> Result<Timestamp, NotChanged> {
        let row = self.users.values().find(|row| row.key == key).ok_or(NotChanged::Missing)?;
        Ok(self.mark_after(row.facts.valid_from, now))
    }

    fn client_mark(&self, id: &ClientId) -> Result<Timestamp, NotChanged> {
        self.clients.get(id).map(|row| row.valid_from).ok_or(NotChanged::Missing)
    }

    fn forget_failures(&mut self, account: &Sha256) {
        self.failures.retain(|key, row| key != account && row.owner != Some(*account));
    }
}
