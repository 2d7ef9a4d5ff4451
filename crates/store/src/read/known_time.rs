//! The latest time that was known.

use proofkey_oauth::Timestamp;

use crate::fault::Fault;
use crate::known_time::NotedTime;
use crate::sql::known_time;
use crate::store::Store;

impl Store {
    /// What the processes of this database have noted of the time; `None` if none has.
    pub async fn known_time(&self) -> Result<Option<NotedTime>, Fault> {
        let found = self.backend.one(&known_time::KNOWN_TIME, &[], |cells| cells.skip().row::<NotedTime>());
        Ok(found.await?.filter(|noted| noted.latest > Timestamp(0)))
    }
}
