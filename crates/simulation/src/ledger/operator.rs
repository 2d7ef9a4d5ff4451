//! What operators did, and people who withdrew a consent.

use proofkey_jose::Algorithm;
use proofkey_oauth::Sha256;
use proofkey_protocol::{ApiId, ClientId, UserId, UserRecord};

use super::Ledger;
use super::life::Standing;

impl Ledger {
    /// All that the user had has ended.
    pub(crate) fn user_ended(&mut self, user: &UserId) {
        let seq = self.seq;
        self.user(user).ends.push(seq);
        self.sessions_ended(user);
    }

    /// The user has another password.
    pub(crate) fn user_reset(&mut self, user: &UserId, password: &str) {
        let seq = self.seq;
        let life = self.user(user);
        life.resets.push(seq);
        password.clone_into(&mut life.password);
        self.user_ended(user);
    }

    /// There is a user of this name from now on. The operator has said that the name may have been another's, or not.
    pub(crate) fn user_added(&mut self, user: &UserRecord, password: &str, is_freed: bool) {
        let (id, name) = (&user.id, &user.username);
        if self.users.get(id).is_some_and(|life| life.removed.is_some()) {
            self.violated("C5", format!("{id} was removed, and is the id of a user again"));
        }
        let before = self.names.insert(name.clone(), id.clone());
        if before.is_some_and(|before| self.user(&before).removed.is_none()) {
            self.violated("C6", format!("{name} is the name of two users"));
        } else if self.users.values().any(|life| life.removed.is_some() && life.name == *name) && !is_freed {
            self.violated("C5", format!("{name} was a removed user's, and was given without a word"));
        }
        let life = self.user(id);
        (life.name, life.password) = (name.clone(), password.to_owned());
    }

    /// The user is gone for good.
    pub(crate) fn user_removed(&mut self, user: &UserId) {
        let seq = self.seq;
        self.user(user).removed.get_or_insert(seq);
        self.user_ended(user);
        let own = self.consents.iter_mut().filter(|((of, _, _), _)| of == user);
        own.for_each(|(_, consent)| consent.push((seq, None)));
    }

    /// One algorithm is off from now on, or none.
    pub(crate) fn algorithm_off(&mut self, off: Option<Algorithm>) {
        self.off.push((self.seq, off));
    }

    /// The account is closed.
    pub(crate) fn user_disabled(&mut self, user: &UserId) {
        let seq = self.seq;
        self.user(user).disabled.push((seq, true));
        self.user_ended(user);
    }

    /// The account is open again.
    pub(crate) fn user_enabled(&mut self, user: &UserId) {
        let seq = self.seq;
        self.user(user).disabled.push((seq, false));
        self.sessions_ended(user);
    }

    /// The user's sessions have ended.
    pub(crate) fn sessions_ended(&mut self, user: &UserId) {
        let seq = self.seq;
        let own = self.sessions.values_mut().filter(|session| session.user == *user);
        own.for_each(|session| {
            session.ended.get_or_insert(seq);
        });
    }

    /// The failed sign-ins of an account are forgotten.
    pub(crate) fn unlocked(&mut self, account: &Sha256) {
        self.failures.retain(|key, (_, owner)| key != account && owner.as_ref() != Some(account));
    }

    /// A client is disabled, or enabled again.
    pub(crate) fn client_disabled(&mut self, client: &ClientId, disabled: bool) {
        let seq = self.seq;
        let standing = if disabled { Standing::Disabled } else { Standing::Active };
        self.client(client).standing.push((seq, standing));
    }

    /// All that the client had been given has ended.
    pub(crate) fn client_ended(&mut self, client: &ClientId) {
        let seq = self.seq;
        self.client(client).ends.push(seq);
    }

    /// The client is removed, and what was allowed to it withdrawn.
    pub(crate) fn client_removed(&mut self, client: &ClientId) {
        let seq = self.seq;
        self.client(client).standing.push((seq, Standing::Removed));
        self.client_ended(client);
        let own = self.consents.iter_mut().filter(|((_, of, _), _)| of == client);
        own.for_each(|(_, consent)| consent.push((seq, None)));
    }

    /// A client of this id is registered again.
    pub(crate) fn client_added(&mut self, client: &ClientId) {
        let seq = self.seq;
        self.client(client).standing.push((seq, Standing::Active));
    }

    /// A user withdraws what a client was allowed, at one API or at all.
    pub(crate) fn consent_withdrawn(&mut self, user: &UserId, client: &ClientId, api: Option<ApiId>) {
        let seq = self.seq;
        let own = self
            .consents
            .iter_mut()
            .filter(|((of, to, at), _)| of == user && to == client && api.is_none_or(|api| api == *at));
        own.for_each(|(_, consent)| consent.push((seq, None)));
    }

    /// An API is gone; one of the same name is another.
    pub(crate) fn api_removed(&mut self, api: ApiId) {
        self.apis_removed.insert(api, self.seq);
    }
}
