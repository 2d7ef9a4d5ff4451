//! The latest time that was known, for the process that comes after this one.

use proofkey_oauth::Timestamp;

use crate::fault::Fault;
use crate::script::ScriptStep;
use crate::sql::known_time;
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Notes a time. An earlier one than is noted already changes nothing.
    pub async fn note_time(&self, known: Timestamp) -> Result<(), Fault> {
        let step = ScriptStep::may_find(&known_time::NOTE_TIME, values![known]);
        self.backend.run(step.into()).await.map(drop)
    }
}
