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
    /// between the instant and the change. On SQLite this holds because a transaction that writes excludes every other
    /// from its `BEGIN` on; an engine with several writers must lock what the step changes before it asks.
    Now(Box<dyn Fn() -> Timestamp + Send + Sync>),
}

/// The values of a step, for `$1`, `$2`, …: one allocation of the exact size, none for each value.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        Box::new([$($crate::value::Value::from($value)),*]) as Box<[$crate::value::Value<'static>]>
    };
}
pub(crate) use values;
