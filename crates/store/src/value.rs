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
        let mut rest = text.as_bytes();
        while let [_, tail @ ..] = rest {
            if matches!(rest, [b'S', b'E', b'L', b'E', b'C', b'T', ..]) {
                return Self::ByOthers;
            }
            rest = tail;
        }
        Self::ByItsRow
    }
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
