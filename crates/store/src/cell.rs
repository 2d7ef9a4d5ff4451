//! What a column holds, whatever engine it was read from.

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
    /// Nothing that we write: another type, text that is no UTF-8, or no column at all.
    Other,
}
