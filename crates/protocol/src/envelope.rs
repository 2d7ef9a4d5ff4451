//! The compact binary form of what an envelope seals: length-prefixed fields, read back in the order they were written.
//! It is private to this server: a client sees the sealed text alone.

/// Writes fields one after another.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Bytes behind a two-byte length. What is longer than 65,535 bytes is cut, and so fails to read back as itself:
    /// callers bound their fields far below.
    pub fn field(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend(bytes.iter().take(usize::from(length)));
        self
    }

    /// An optional field: one marker byte, then the field.
    pub fn optional(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        self.bytes.push(u8::from(bytes.is_some()));
        if let Some(bytes) = bytes {
            self.field(bytes);
        }
        self
    }

    /// Eight bytes.
    pub fn integer(&mut self, value: i64) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// One byte.
    pub fn byte(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    /// Bytes whose number both sides know.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// What was written.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// The bytes end before the field does, or go on behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated;

/// Reads fields in order.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first field.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes behind a two-byte length.
    pub fn field(&mut self) -> Result<&'a [u8], Truncated> {
        let length = u16::from_be_bytes(self.fixed()?);
        self.take(usize::from(length))
    }

    /// A field of UTF-8 text.
    pub fn text(&mut self) -> Result<String, Truncated> {
        std::str::from_utf8(self.field()?).map(str::to_owned).map_err(|_| Truncated)
    }

    /// An optional field.
    pub fn optional(&mut self) -> Result<Option<&'a [u8]>, Truncated> {
        if self.byte()? == 0 { Ok(None) } else { self.field().map(Some) }
    }

    /// An optional field of UTF-8 text.
    pub fn optional_text(&mut self) -> Result<Option<String>, Truncated> {
        let bytes = self.optional()?;
        bytes.map(|bytes| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Truncated)).transpose()
    }

    /// Eight bytes.
    pub fn integer(&mut self) -> Result<i64, Truncated> {
        self.fixed().map(i64::from_be_bytes)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Truncated> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    /// A known number of bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        self.take(N)?.try_into().map_err(|_| Truncated)
    }

    /// Succeeds when nothing is left.
    pub const fn finish(self) -> Result<(), Truncated> {
        if self.rest.is_empty() { Ok(()) } else { Err(Truncated) }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Truncated> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(a in "\\PC{0,40}", b in proptest::option::of("\\PC{0,40}"), n in any::<i64>(), x in any::<[u8; 16]>()) {
            let bytes = Writer::default().field(a.as_bytes()).optional(b.as_ref().map(String::as_bytes)).integer(n).fixed(&x).byte(3).finish();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.text().unwrap(), a);
            prop_assert_eq!(reader.optional_text().unwrap(), b);
            prop_assert_eq!((reader.integer().unwrap(), reader.fixed::<16>().unwrap(), reader.byte().unwrap()), (n, x, 3));
            reader.finish().unwrap();
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut reader = Reader::new(&bytes);
            while reader.optional_text().is_ok() && reader.integer().is_ok() {}
        }
    }
}
