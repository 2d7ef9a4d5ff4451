//! How each type of ours is written into a column and read back, the same on every engine.

use std::borrow::Cow;

use proofkey_oauth::{ClientMetadata, ResourceUri, Scope, SecretHash, Sha256, Timestamp, sha256};
use proofkey_protocol::{
    Algorithm, ApiId, ApiScope, Authentication, AuthenticationMethods, ClientId, ClientStatus, ConsentFacts,
    GrantId, GrantedApis, NodeId, RECENT_MAX, RefreshChain, RetiredToken, SealingKeyId, SessionId, TokenId,
    UserId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;

use crate::cell::Cell;
use crate::fault::Fault;
use crate::row::{Cells, FromCell, FromCells};
use crate::value::Value;

/// The hash of a retired token, and when it was retired.
const RETIRED_TOKEN_BYTES: usize = 32 + 8;

/// Declares for each type the value that it becomes and how a cell becomes it again.
macro_rules! columns {
    ($($type:ty: $write:expr, $read:expr;)+) => {$(
        impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                ($write)(value)
            }
        }

        impl FromCell for $type {
            fn from_cell(cell: Cell<'_>) -> Option<Self> {
                ($read)(cell)
            }
        }
    )+};
}

columns! {
    i64: Value::Integer, integer;
    bool: Value::Flag, flag;
    String: |text| Value::Text(Cow::Owned(text)), |cell| text(cell).map(str::to_owned);
    Vec<u8>: Value::Blob, |cell| blob(cell).map(<[u8]>::to_vec);
    Sha256: Value::Hash, bytes;
    SecretHash: |SecretHash(hash)| Value::Hash(hash), |cell| bytes(cell).map(SecretHash);
    Timestamp: |Timestamp(seconds)| Value::Integer(seconds), |cell| integer(cell).map(Timestamp);
    GrantId: |GrantId(id)| Value::Id(id), |cell| bytes(cell).map(GrantId);
    SessionId: |SessionId(id)| Value::Id(id), |cell| bytes(cell).map(SessionId);
    SealingKeyId: |SealingKeyId(id)| Value::Id(id), |cell| bytes(cell).map(SealingKeyId);
    NodeId: |NodeId(id)| Value::Id(id), |cell| bytes(cell).map(NodeId);
    Vec<SealingKeyId>: written_ids, ids;
    Vec<RetiredToken>: written_recent, recent;
    TokenId: |TokenId(id)| Value::Id(id), |cell| bytes(cell).map(TokenId);
    ClientId: |id: ClientId| id.into_string().into(), |cell| text(cell).map(ClientId::new);
    UserId: |id: UserId| id.into_string().into(), |cell| text(cell).map(UserId::new);
    ResourceUri: |uri: ResourceUri| uri.to_string().into(), |cell| ResourceUri::parse(text(cell)?).ok();
    Scope: |scope: Scope| spaced(scope.iter()).into(), |cell| Scope::parse(text(cell)?).ok();
    AuthenticationMethods: |methods: AuthenticationMethods| methods.to_string().into(), |cell| AuthenticationMethods::parse(text(cell)?);
    Algorithm: |algorithm: Algorithm| algorithm.name().into(), |cell| Algorithm::from_name(text(cell)?);
    ApiId: |ApiId(id)| Value::Integer(id), |cell| integer(cell).map(ApiId);
    GrantedApis: |apis: GrantedApis| apis.to_string().into(), |cell| GrantedApis::parse(text(cell)?);
    ConsentFacts: |consent: ConsentFacts| consent.as_str().to_owned().into(), |cell| ConsentFacts::parse(text(cell)?);
}

impl FromCells for ConsentFacts {
    fn from_cells(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        cells.cell()
    }
}

impl FromCells for Authentication {
    fn from_cells(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self { at: cells.cell()?, methods: cells.cell()?, context: cells.cell()? })
    }
}

impl FromCells for RefreshChain {
    fn from_cells(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            generation: cells.cell()?,
            used: cells.cell()?,
            used_at: cells.cell()?,
            child_key: cells.cell()?,
            forked: cells.cell()?,
            suspect: cells.cell()?,
            recent: cells.cell()?,
            revision: cells.cell()?,
        })
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if matches!(cell, Cell::Null) { Some(None) } else { T::from_cell(cell).map(Some) }
    }
}

/// As it stands, whatever it means.
impl FromCell for Value<'static> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(Self::Null),
            Cell::Integer(number) => Some(Self::Integer(number)),
            Cell::Text(text) => Some(Self::Text(Cow::Owned(text.to_owned()))),
            Cell::Blob(bytes) => Some(Self::Blob(bytes.to_vec())),
            Cell::Other => None,
        }
    }
}

/// The `disabled` of a client that an outer join looked for.
impl FromCell for ClientStatus {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if matches!(cell, Cell::Null) {
            return Some(Self::Unregistered);
        }
        flag(cell).map(|disabled| if disabled { Self::Disabled } else { Self::Active })
    }
}

/// Types that are one column of JSON. Writing one can fail, so it is [`json`] and no `From`.
macro_rules! json_columns {
    ($($type:ty),+) => {$(
        impl FromCell for $type {
            fn from_cell(cell: Cell<'_>) -> Option<Self> {
                parse_json(text(cell)?)
            }
        }
    )+};
}

json_columns! { ClientMetadata, Vec<ApiScope>, Map<String, serde_json::Value> }

/// A wire type as JSON text.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|_| Fault::Io { doing: "write a value as JSON", kind: std::io::ErrorKind::InvalidInput })
}

fn parse_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// Tokens of which none holds a space, with a space between each two.
fn spaced<'a>(tokens: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut text = String::with_capacity(tokens.clone().map(|token| token.len() + 1).sum());
    for token in tokens {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}

/// Tokens that were retired a moment ago: for each its hash and the instant, one after the other.
fn written_ids<'a>(keys: Vec<SealingKeyId>) -> Value<'a> {
    Value::Blob(keys.iter().flat_map(|SealingKeyId(id)| *id).collect())
}

fn ids(cell: Cell<'_>) -> Option<Vec<SealingKeyId>> {
    let (ids, rest) = blob(cell)?.as_chunks::<16>();
    rest.is_empty().then(|| ids.iter().copied().map(SealingKeyId).collect())
}

fn written_recent<'a>(tokens: Vec<RetiredToken>) -> Value<'a> {
    if tokens.is_empty() {
        return Value::Null;
    }
    let mut bytes = Vec::with_capacity(tokens.len() * RETIRED_TOKEN_BYTES);
    for RetiredToken { hash, at } in tokens {
        bytes.extend_from_slice(&hash);
        bytes.extend_from_slice(&at.seconds().to_be_bytes());
    }
    Value::Blob(bytes)
}

fn recent(cell: Cell<'_>) -> Option<Vec<RetiredToken>> {
    if matches!(cell, Cell::Null) {
        return Some(Vec::new());
    }
    let (tokens, rest) = blob(cell)?.as_chunks::<RETIRED_TOKEN_BYTES>();
    let token = |bytes: &[u8; RETIRED_TOKEN_BYTES]| {
        let (hash, at) = bytes.split_first_chunk()?;
        Some(RetiredToken { hash: *hash, at: Timestamp(i64::from_be_bytes(at.try_into().ok()?)) })
    };
    let whole = rest.is_empty() && (1..=RECENT_MAX).contains(&tokens.len());
    if whole { tokens.iter().map(token).collect() } else { None }
}

const fn integer(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Integer(number) => Some(number),
        _ => None,
    }
}

const fn flag(cell: Cell<'_>) -> Option<bool> {
    match integer(cell) {
        Some(0) => Some(false),
        Some(1) => Some(true),
        _ => None,
    }
}

const fn text(cell: Cell<'_>) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

const fn blob(cell: Cell<'_>) -> Option<&[u8]> {
    match cell {
        Cell::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

fn bytes<const N: usize>(cell: Cell<'_>) -> Option<[u8; N]> {
    blob(cell)?.try_into().ok()
}

/// What is kept of the name of a removed user: enough to know it again, and not to list it.
pub(crate) fn hash_of_removed_name(username_key: &str) -> Sha256 {
    sha256(format!("name of a removed user\0{username_key}").as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back<T: FromCell>(value: impl Into<Value<'static>>) -> Option<T> {
        match value.into() {
            Value::Text(text) => T::from_cell(Cell::Text(&text)),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn apis_and_scopes_read_back(ids in proptest::collection::vec(0_i64..9, 1..4), paths in proptest::collection::vec("[a-z0-9/?=&.-]{1,20}", 0..4)) {
            for apis in [GrantedApis::named, GrantedApis::implied].map(|make| make(ids.iter().copied().map(ApiId))) {
                prop_assert_eq!(read_back(apis.clone()), Some(apis));
            }
            let scope = Scope::parse(&paths.join(" ")).unwrap();
            prop_assert_eq!(Some(scope.to_string()), read_back(scope.clone()), "as the wire writes it");
            prop_assert_eq!(read_back(scope.clone()), Some(scope));
        }

        #[test]
        fn retired_tokens_read_back(tokens in proptest::collection::vec((any::<u8>(), any::<i64>()), 0..=RECENT_MAX)) {
            let retired = |(hash, at): (u8, i64)| RetiredToken { hash: [hash; 32], at: Timestamp(at) };
            let tokens: Vec<_> = tokens.into_iter().map(retired).collect();
            let read = match written_recent(tokens.clone()) {
                Value::Blob(bytes) => recent(Cell::Blob(&bytes)),
                _ => recent(Cell::Null),
            };
            prop_assert_eq!(read, Some(tokens));
        }

        #[test]
        fn retired_tokens_are_whole_and_few(bytes in proptest::collection::vec(any::<u8>(), 0..800)) {
            let whole = bytes.len() % RETIRED_TOKEN_BYTES == 0;
            let few = (1..=RECENT_MAX).contains(&(bytes.len() / RETIRED_TOKEN_BYTES));
            prop_assert_eq!(recent(Cell::Blob(&bytes)).is_some(), whole && few);
        }

        #[test]
        fn reading_any_text_never_panics(text in ".{0,200}") {
            let cell = Cell::Text(&text);
            let _ = GrantedApis::from_cell(cell);
            let _ = ConsentFacts::from_cell(cell);
            let _ = ResourceUri::from_cell(cell);
            let _ = Scope::from_cell(cell);
            let _ = ClientMetadata::from_cell(cell);
            let _ = Vec::<ApiScope>::from_cell(cell);
        }
    }
}
