//! Users are removed for good, and another person gets the name.

use proofkey_oauth::Timestamp;
use proofkey_protocol::sign_in::account_key;

use super::registered::{USERS, stored, user, user_id};
use super::state::World;

/// Removals of one whom an earlier one has removed, in a thousand: a command that heard nothing runs again.
const AGAIN: usize = 300;

impl World {
    /// The user of a name is removed. A command has read whom it removes, and may run when another person has the name.
    pub(super) fn remove_user(&mut self) {
        let Some(name) = self.dice.pick(&USERS).copied() else { return };
        let newest = self.cast.people.get(name).map_or(1, |person| person.number);
        let before = self.dice.per_mille(AGAIN).then(|| self.dice.below(newest));
        let id = user_id(name, before.filter(|number| *number > 0).unwrap_or(newest));
        let account = account_key(&self.keys, name);
        let changed = self.model.remove_user(&id, &account);
        if changed.is_ok() {
            self.summary.users_removed += 1;
            self.ledger.user_removed(&id);
            self.ledger.unlocked(&account);
        }
        self.tell(|| format!("{id} is removed: {changed:?}"));
    }

    /// Another person gets the name of a removed one, sometimes with the same password. An operator who does not say that the name is
    /// free is refused, and so is an id that was ever given.
    pub(super) fn add_another(&mut self, name: &'static str, now: Timestamp) {
        let Some(person) = self.cast.people.get(name).cloned() else { return };
        let (by_word, number) = match self.dice.below(10) {
            0 => (false, person.number + 1),
            1 => (true, 1 + self.dice.below(person.number)),
            _ => (true, person.number + 1),
        };
        let password = if self.dice.per_mille(300) { person.password } else { self.ledger.seq().to_string() };
        let mut record = user(name, number);
        record.password = Some(stored(&password));
        (record.valid_from, record.created_at, record.updated_at) = (now, now, now);
        let changed = if by_word {
            self.model.add_user_under_freed_name(record.clone())
        } else {
            self.model.add_user(record.clone())
        };
        self.tell(|| {
            format!("{} gets the name {name}, by an operator's word: {by_word}: {changed:?}", record.id)
        });
        if changed.is_ok() {
            self.summary.names_given_again += 1;
            self.ledger.user_added(&record, &password, by_word);
            if let Some(person) = self.cast.people.get_mut(name) {
                person.number = number;
                person.reset(password);
            }
        }
    }
}
