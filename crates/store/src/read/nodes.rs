//! The servers of a database, and what their sealing keys are good for.

use proofkey_protocol::{NodeRecord, SealingKeyRecord};

use crate::fault::Fault;
use crate::row::FromRow;
use crate::sql::nodes;
use crate::store::{ProtocolStore, Store};
use crate::value::values;

impl ProtocolStore {
    /// What the sealing keys are good for, where several servers use them. Nothing for a database in a file: the file of its
    /// one server says it.
    pub async fn sealing_keys(&self) -> Result<Vec<SealingKeyRecord>, Fault> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        self.backend.many(&nodes::SEALING_KEYS, values![], FromRow::from_row).await
    }

    /// Whether several servers may work on this database at once.
    pub fn is_shared(&self) -> bool {
        self.backend.is_shared()
    }

    /// What the clock of the database shows, in milliseconds since 1970; `None` where that is this machine's, for the
    /// database is a file. To ask is all that is done: no statement decides by it.
    pub async fn server_time(&self) -> Result<Option<i64>, Fault> {
        self.backend.server_time().await
    }
}

impl Store {
    /// The servers that have said that they are there and did not say that they stopped.
    pub async fn nodes(&self) -> Result<Vec<NodeRecord>, Fault> {
        self.backend.many(&nodes::NODES, values![], FromRow::from_row).await
    }
}
