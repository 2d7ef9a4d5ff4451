//! The record of administration: one log line for each verb, in one form.

use std::fmt;

use super::Admin;

/// What is administered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named after what it is")]
pub enum Noun {
    Client,
    Api,
    User,
    Consent,
    Key,
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Show,
    List,
    Update,
    Remove,
    Disable,
    Enable,
    RotateSecret,
    SetPassword,
    Revoke,
    Rotate,
}

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

impl fmt::Display for Noun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Client => "client",
            Self::Api => "API",
            Self::User => "user",
            Self::Consent => "consent",
            Self::Key => "key",
        })
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Add => "add",
            Self::Show => "show",
            Self::List => "list",
            Self::Update => "update",
            Self::Remove => "remove",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::RotateSecret => "rotate-secret",
            Self::SetPassword => "set-password",
            Self::Revoke => "revoke",
            Self::Rotate => "rotate",
        })
    }
}
