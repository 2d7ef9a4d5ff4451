//! The latest time that was known, for the process that comes after this one.

use crate::fault::Fault;
use crate::known_time::NotedTime;
use crate::script::ScriptStep;
use crate::sql::known_time;
use crate::store::Store;
use crate::value::values;

impl Store {
    /// Notes what is known of the time. An earlier time than is noted already does not replace it.
    pub async fn note_time(&self, known: NotedTime) -> Result<(), Fault> {
        let NotedTime { latest, ahead_by, ahead_millis } = known;
        let step = ScriptStep::may_find(&known_time::NOTE_TIME, values![latest, ahead_by, ahead_millis]);
        self.backend.run(step.into()).await.map(drop)
    }
}
