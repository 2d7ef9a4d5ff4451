//! What has ended by when.

use proofkey_protocol::{ApiId, ClientId, UserId};

use super::Ledger;
use super::life::{Life, Standing, any_between, last_before};
use crate::model::Id;

impl Ledger {
    /// Why a grant, or its code, has ended before an event; `None` if it lives, as far as clocks let it.
    pub(super) fn ended(&self, life: &Life, at: u64) -> Option<&'static str> {
        let user = self.users.get(&life.user);
        let client = self.clients.get(&life.client);
        if life.revoked.is_some_and(|seq| seq < at) {
            return Some("it was revoked");
        }
        if user.is_some_and(|user| user.is_removed(at)) {
            return Some("its user was removed");
        }
        if user.is_some_and(|user| any_between(&user.ends, life.born, at)) {
            return Some("all of its user was ended");
        }
        if user.is_some_and(|user| user.is_disabled(at)) {
            return Some("its user is disabled");
        }
        if client.is_some_and(|client| any_between(&client.ends, life.born, at)) {
            return Some("all of its client was ended");
        }
        if client.is_some_and(|client| client.standing(at) != Standing::Active) {
            return Some("its client is disabled or removed");
        }
        if life.needs.iter().any(|api| self.apis_removed.get(api).is_some_and(|seq| *seq < at)) {
            return Some("its API was removed");
        }
        if life.needs.iter().any(|api| self.is_withdrawn(life, *api, at)) {
            return Some("its consent was withdrawn");
        }
        let session = self.sessions.get(&life.session.0);
        if life.is_bound && session.is_some_and(|session| session.ended.is_some_and(|seq| seq < at)) {
            return Some("its session has ended");
        }
        None
    }

    /// Whether the consent at one API was withdrawn since the code was issued.
    ///
    /// Left out is a consent that was withdrawn and given anew by a clock that shows the time of the grant or an earlier one: two
    /// nodes whose clocks differ, or the same second. A grant keeps the instant of its birth alone and not which consent it rests
    /// on, so it stands again.
    fn is_withdrawn(&self, life: &Life, api: ApiId, at: u64) -> bool {
        let key = (life.user.clone(), life.client.clone(), api);
        let Some(consent) = self.consents.get(&key) else { return false };
        let known = || consent.iter().filter(|(seq, _)| *seq < at);
        let withdrawn = known().rfind(|(seq, since)| since.is_none() && *seq > life.born);
        let Some((withdrawn, _)) = withdrawn else { return false };
        let anew = known().rfind(|(seq, since)| seq > withdrawn && since.is_some());
        !anew.is_some_and(|(_, since)| since.is_some_and(|since| since <= life.created_at))
    }

    /// Whether a consent stood before an event.
    pub(super) fn consent_stood(&self, user: &UserId, client: &ClientId, api: ApiId, at: u64) -> bool {
        let consent = self.consents.get(&(user.clone(), client.clone(), api));
        consent.and_then(|consent| last_before(consent, at)).flatten().is_some()
    }

    /// Why a session has ended before an event.
    pub(super) fn session_ended(&self, id: &Id, at: u64) -> Option<&'static str> {
        let Some(session) = self.sessions.get(id) else { return Some("it never began") };
        if session.ended.is_some_and(|seq| seq < at) {
            return Some("it was ended");
        }
        let user = self.users.get(&session.user)?;
        if user.is_removed(at) {
            return Some("its user was removed");
        }
        if any_between(&user.ends, session.born, at) {
            return Some("all of its user was ended");
        }
        user.is_disabled(at).then_some("its user is disabled")
    }
}
