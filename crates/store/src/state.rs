//! What a database is to those who open it.

use proofkey_oauth::Timestamp;

use crate::cell::Cell;
use crate::not_serving::NotServing;
use crate::row::FromCell;
use crate::value::Value;

/// Tells one copy from every other: random bytes that both its sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyId(pub [u8; 16]);

/// What a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateKind {
    /// Every server may serve from it.
    Serving,
    /// The target of a copy that is not whole.
    Filling,
    /// The source of one.
    Moving,
    /// The source of one that is whole: what serves is the target.
    Moved,
}

/// The row of that.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseState {
    pub(crate) state: StateKind,
    /// The copy that it is a side of, or was filled by.
    pub(crate) copy_id: Option<CopyId>,
    /// The other side, as messages name it.
    pub(crate) peer: Option<String>,
    pub(crate) since: Option<Timestamp>,
    /// Rows that a target has so far.
    pub(crate) copied: i64,
}

impl DatabaseState {
    /// Why no server may serve from it; `None` if every one may.
    pub(crate) fn refusal(&self) -> Option<NotServing> {
        let peer = self.peer.clone().unwrap_or_else(|| "another database".to_owned());
        match self.state {
            StateKind::Serving => None,
            StateKind::Filling => Some(NotServing::Filling { peer, rows: self.copied }),
            StateKind::Moving => Some(NotServing::Moving { peer }),
            StateKind::Moved => Some(NotServing::Moved { peer }),
        }
    }
}

impl StateKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Filling => "filling",
            Self::Moving => "moving",
            Self::Moved => "moved",
        }
    }
}

impl From<StateKind> for Value<'_> {
    fn from(state: StateKind) -> Self {
        state.name().into()
    }
}

impl FromCell for StateKind {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        let Cell::Text(text) = cell else { return None };
        [Self::Serving, Self::Filling, Self::Moving, Self::Moved]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

impl From<CopyId> for Value<'_> {
    fn from(id: CopyId) -> Self {
        Self::Id(id.0)
    }
}

impl FromCell for CopyId {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        let Cell::Blob(bytes) = cell else { return None };
        bytes.try_into().ok().map(Self)
    }
}
