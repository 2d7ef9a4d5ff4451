//! What operators do, each change at one moment and by the clock of the node where the command runs.

use std::sync::Arc;

use proofkey_jose::Algorithm;
use proofkey_oauth::Timestamp;
use proofkey_protocol::sign_in::account_key;
use proofkey_protocol::{ApiId, ClientId, ConsentFacts};

use super::registered::{APIS, CLIENTS, USERS, api, stored};
use super::state::World;

impl World {
    /// An operator changes something, or a person withdraws a consent.
    pub(super) fn operate(&mut self) {
        self.summary.operations += 1;
        let node = self.dice.below(self.nodes.len());
        let now = self.now(node);
        match self.dice.below(100) {
            0..36 => self.operate_on_user(now),
            36..43 => self.remove_user(),
            43..65 => self.operate_on_client(now),
            65..91 => self.withdraw(),
            91..95 => self.operate_on_algorithms(),
            _ => self.operate_on_api(),
        }
    }

    fn operate_on_user(&mut self, now: Timestamp) {
        let Some(user) = self.dice.pick(&USERS).copied() else { return };
        let Some(known) = self.model.credentials(user) else { return self.add_another(user, now) };
        let account = account_key(&self.keys, user);
        let (id, is_disabled) = (self.cast.user_id(user), known.user.disabled);
        let (what, changed) = match self.dice.below(10) {
            _ if is_disabled && self.ledger.seq().is_multiple_of(2) => {
                self.ledger.user_enabled(&id);
                ("is enabled", self.model.set_user_disabled(user, false, now))
            }
            0..3 => {
                self.ledger.user_disabled(&id);
                ("is disabled", self.model.set_user_disabled(user, true, now))
            }
            3..5 => {
                let password = format!("{}", self.ledger.seq());
                self.ledger.user_reset(&id, &password);
                let changed = self.model.set_user_password(user, &stored(&password), now, &account);
                if let Some(person) = self.cast.people.get_mut(user) {
                    person.reset(password);
                }
                ("gets another password", changed)
            }
            5..8 => {
                self.ledger.user_ended(&id);
                ("is signed out everywhere", self.model.end_grants_of_user(user, now))
            }
            8 => {
                self.ledger.sessions_ended(&id);
                ("loses the sessions", self.model.end_sessions_of_user(user))
            }
            _ => ("is unlocked", self.model.unlock_user(user, &account)),
        };
        if what == "is unlocked" || what == "gets another password" {
            self.ledger.unlocked(&account);
        }
        self.tell(|| format!("{user} {what}: {changed:?}"));
    }

    fn operate_on_client(&mut self, now: Timestamp) {
        let Some(client) = self.dice.pick(&CLIENTS).copied() else { return };
        let id = ClientId::new(client);
        let known = self.model.client(&id);
        let (is_there, is_disabled) = (known.is_some(), known.is_some_and(|client| client.disabled));
        let (what, changed) = match self.dice.below(10) {
            _ if !is_there => {
                self.ledger.client_added(&id);
                ("is added again", self.model.add_client(self.registered.record(client)))
            }
            _ if is_disabled && self.ledger.seq().is_multiple_of(2) => {
                self.ledger.client_disabled(&id, false);
                ("is enabled", self.model.set_client_disabled(&id, false))
            }
            0..5 => {
                self.ledger.client_disabled(&id, true);
                ("is disabled", self.model.set_client_disabled(&id, true))
            }
            5..8 => {
                self.ledger.client_ended(&id);
                ("loses its grants", self.model.end_grants_of_client(&id, now))
            }
            _ => {
                self.ledger.client_removed(&id);
                ("is removed", self.model.remove_client(&id, now))
            }
        };
        self.tell(|| format!("client {client} {what}: {changed:?}"));
    }

    fn withdraw(&mut self) {
        let (Some(user), Some(client)) = (self.dice.pick(&USERS).copied(), self.dice.pick(&CLIENTS).copied())
        else {
            return;
        };
        let (user, client) = (self.cast.user_id(user), ClientId::new(client));
        let Some(before) = self.model.consent(&user, &client).cloned() else { return };
        if self.dice.per_mille(400) {
            self.ledger.consent_withdrawn(&user, &client, None);
            let changed = self.model.revoke_consent(&user, &client);
            self.tell(|| format!("{user} withdraws all from {client}: {changed:?}"));
            return;
        }
        let allowed: Vec<ApiId> = before.iter().map(|entry| entry.api).collect();
        let Some(api) = self.dice.pick(&allowed).copied() else { return };
        let after = before.without(api).unwrap_or_else(ConsentFacts::default);
        self.ledger.consent_withdrawn(&user, &client, Some(api));
        let changed = self.model.narrow_consent(&user, &client, &before, after);
        self.tell(|| format!("{user} withdraws API {api} from {client}: {changed:?}"));
    }

    /// An algorithm is taken off the list, or all are on again.
    fn operate_on_algorithms(&mut self) {
        let is_whole = self.signs.len() == Algorithm::ALL.len();
        let off = self.dice.pick(&Algorithm::ALL).copied().filter(|_| is_whole);
        self.signs = Algorithm::ALL.into_iter().filter(|algorithm| Some(*algorithm) != off).collect();
        self.ledger.algorithm_off(off);
        self.tell(|| format!("the algorithm that is off: {off:?}"));
    }

    /// An API is removed, or one is added under the same name and another id.
    fn operate_on_api(&mut self) {
        let Some((resource, scopes)) = self.dice.pick(&APIS).copied() else { return };
        let known = self.apis.find(&api(resource, scopes).resource).map(|api| api.id);
        let changed = match known {
            Some(id) if self.dice.per_mille(200) => {
                self.ledger.api_removed(id);
                self.model.remove_api(resource)
            }
            Some(_) => return,
            None => self.model.add_api(api(resource, scopes)),
        };
        self.apis = Arc::new(self.model.apis());
        self.tell(|| format!("API {resource}, before {known:?}: {changed:?}"));
    }
}
