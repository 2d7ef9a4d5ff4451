//! The servers of a database say that they are there.

use proofkey_protocol::{NodeId, NodeRecord};

use crate::fault::Fault;
use crate::script::ScriptStep;
use crate::sql::nodes;
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Notes that a server is there, and which sealing keys it holds.
    pub async fn note_node(&self, node: NodeRecord) -> Result<(), Fault> {
        let NodeRecord { id, name, version, sealing_keys, started_at, seen_at } = node;
        let values = values![id, name, version, sealing_keys, started_at, seen_at];
        self.backend.run(ScriptStep::may_find(&nodes::NOTE_NODE, values).into()).await.map(drop)
    }

    /// Notes that a server has stopped.
    pub async fn remove_node(&self, id: NodeId) -> Result<(), Fault> {
        self.backend.run(ScriptStep::may_find(&nodes::REMOVE_NODE, values![id]).into()).await.map(drop)
    }
}
