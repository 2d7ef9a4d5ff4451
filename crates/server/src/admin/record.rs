//! The record of administration: one log line for each verb, in one form.

use std::fmt;

use super::Admin;
use super::noun::{Noun, Verb};

/// The id in the record of a verb that is about all of a noun.
const ALL: &str = "*";

impl Admin {
    /// Records that something was changed, after it was. The id is one that names no person.
    pub(super) fn record_change(&self, verb: Verb, noun: Noun, id: impl fmt::Display) {
        tracing::info!(actor = %self.actor, %verb, %noun, %id, "administration");
    }

    /// Records that something was read: at the level of detail, for it changes nothing.
    pub(super) fn record_read(&self, verb: Verb, noun: Noun, id: impl fmt::Display) {
        tracing::debug!(actor = %self.actor, %verb, %noun, %id, "administration");
    }

    /// Records that a noun was listed.
    pub(super) fn record_list(&self, noun: Noun) {
        self.record_read(Verb::List, noun, ALL);
    }
}
