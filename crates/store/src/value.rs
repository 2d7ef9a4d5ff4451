//! What goes into a statement: text and values, the same for every engine.
//!
//! It knows no table and no engine. How a type of ours becomes a value, and comes back, stands in [`crate::encode`].

use std::borrow::Cow;

use proofkey_oauth::Timestamp;

/// A query text. It is a `static`: an engine keeps what it prepared under its address.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// By what it decides, for engines on which writes do not come one after another.
    pub(crate) decides: Decides,
    /// What it makes untrue of the subjects that are remembered.
    pub(crate) forgets: Forgets,
}

/// By what a write decides whether and what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decides {
    /// By each row that it writes, and by unique keys: an engine that locks the row and looks again decides it right,
    /// whatever is written beside it.
    ByItsRow,
    /// By other rows too, which may change before it is committed: it wants a serializable transaction. Reads are here as
    /// well.
    ByOthers,
}

impl Decides {
    /// What a text decides by. One that selects looks at other rows.
    pub(crate) const fn of(text: &str) -> Self {
        if holds(text, "SELECT") { Self::ByOthers } else { Self::ByItsRow }
    }
}

/// What a write makes untrue of users with their sessions, consents, clients, grants and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgets {
    /// Nothing: it reads, or writes nothing that is remembered. What is added is not.
    Nothing,
    /// A session, a grant or an access token, whose id is the first value.
    Id,
    /// What is a user's, whose id is the first value.
    User,
    /// Sessions, grants or access tokens, whose ids it returns.
    Returned,
    /// Everything: it may be any user's.
    All,
}

impl Forgets {
    /// What a text forgets, by the tables that it writes.
    pub(crate) const fn of(text: &str) -> Self {
        // What is remembered of a session is told of its use when that is noted, before it is written.
        if holds(text, "UPDATE sessions SET seen_at") {
            return Self::Nothing;
        }
        // Sweeps.
        if holds(text, "RETURNING id") {
            return Self::Returned;
        }
        if holds(text, "UPDATE sessions ") || holds(text, "DELETE FROM sessions ") {
            if holds(text, "sessions WHERE id = $1") || holds(text, "WHERE id = $1 AND") {
                return Self::Id;
            }
            return if holds(text, "sessions WHERE user_id = $1") { Self::User } else { Self::All };
        }
        if holds(text, "UPDATE users ") || holds(text, "DELETE FROM users ") {
            return if holds(text, "WHERE id = $1") { Self::User } else { Self::All };
        }
        if holds(text, "INSERT INTO consents ") {
            return Self::User;
        }
        if holds(text, "UPDATE consents ") || holds(text, "DELETE FROM consents ") {
            return if holds(text, "WHERE user_id = $1") { Self::User } else { Self::All };
        }
        let of_clients = holds(text, "INSERT INTO clients ")
            || holds(text, "UPDATE clients ")
            || holds(text, "DELETE FROM clients ");
        if holds(text, "INSERT INTO revoked_tokens ") {
            return Self::Id;
        }
        // A suspect grant is no grant's affair alone: it is told of the subject as well.
        if holds(text, "UPDATE grants ") && !holds(text, "SET suspect") {
            if holds(text, "WHERE id = $1") {
                return Self::Id;
            }
            return if holds(text, "WHERE user_id = $1") { Self::User } else { Self::All };
        }
        if holds(text, "DELETE FROM grants ") || holds(text, "DELETE FROM revoked_tokens ") {
            return Self::All;
        }
        // Keys and APIs are noticed by the versions beside facts that are read.
        let of_versions = holds(text, "UPDATE directory_versions ") && !holds(text, "SET pings");
        let of_suspects = holds(text, "UPDATE grants SET suspect");
        if of_clients || of_versions || of_suspects { Self::All } else { Self::Nothing }
    }
}

/// Whether a text holds a phrase.
const fn holds(text: &str, phrase: &str) -> bool {
    let (mut rest, phrase) = (text.as_bytes(), phrase.as_bytes());
    while rest.len() >= phrase.len() {
        if begins(rest, phrase) {
            return true;
        }
        let [_, tail @ ..] = rest else { return false };
        rest = tail;
    }
    false
}

const fn begins(mut text: &[u8], mut phrase: &[u8]) -> bool {
    while let [wanted, more @ ..] = phrase {
        match text {
            [found, tail @ ..] if *found == *wanted => text = tail,
            _ => return false,
        }
        phrase = more;
    }
    true
}

/// The value of one `$n`. It has no `Debug`: hashes, sealed keys and personal data are among them.
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Flag(bool),
    Text(Cow<'a, str>),
    Id([u8; 16]),
    Hash([u8; 32]),
    Blob(Vec<u8>),
    /// The instant at which the step runs, as late as can be: inside the transaction, where no other write can come
    /// between the instant and the change. A step that asks comes after one that has written, and so locked, the row that
    /// it changes ([`crate::script::Script`]); engines ask when the steps before it have been answered.
    Now(Box<dyn Fn() -> Timestamp + Send + Sync>),
}

impl Value<'_> {
    /// The same for as long as it is needed; `None` for an instant that is still to come.
    pub(crate) fn kept(&self) -> Option<Value<'static>> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Text(text) => Value::Text(Cow::Owned(text.clone().into_owned())),
            Self::Id(id) => Value::Id(*id),
            Self::Hash(hash) => Value::Hash(*hash),
            Self::Blob(bytes) => Value::Blob(bytes.clone()),
            Self::Now(_) => return None,
        })
    }
}

/// The values of a step, for `$1`, `$2`, …: one allocation of the exact size, none for each value.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        Box::new([$($crate::value::Value::from($value)),*]) as Box<[$crate::value::Value<'static>]>
    };
}
pub(crate) use values;

impl Value<'_> {
    /// Whether the value is asked for when the step runs.
    pub(crate) const fn asks_time(&self) -> bool {
        matches!(self, Self::Now(_))
    }
}
