//! Binding of values to the parameters that the server described.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, WrongType};

use crate::value::Value;

/// A value as a parameter. Its `Debug` shows nothing: the driver logs parameters at the level `debug`.
pub(super) struct Bound<'v>(pub(super) &'v Value<'v>);

impl fmt::Debug for Bound<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("redacted")
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) => checked(number, of, out),
            Value::Flag(flag) => checked(&i64::from(*flag), of, out),
            Value::Text(text) => checked(&text.as_ref(), of, out),
            Value::Id(id) => checked(&id.as_slice(), of, out),
            Value::Hash(hash) => checked(&hash.as_slice(), of, out),
            Value::Blob(bytes) => checked(&bytes.as_slice(), of, out),
            // Bound when the steps before it have been answered, as the value promises.
            Value::Now(now) => checked(&now().seconds(), of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        matches!(*of, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    fn to_sql_checked(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        if Self::accepts(of) {
            self.to_sql(of, out)
        } else {
            Err(Box::new(WrongType::new::<Self>(of.clone())))
        }
    }
}

/// Writes a value, unless the server takes the parameter for another type.
fn checked<T: ToSql>(
    value: &T,
    of: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    if T::accepts(of) { value.to_sql(of, out) } else { Err(Box::new(WrongType::new::<T>(of.clone()))) }
}
