//! The latest time that was known.

use proofkey_oauth::Timestamp;

use crate::fault::Fault;
use crate::sql::known_time;
use crate::store::Store;

impl Store {
    /// The latest time that a process of this database has noted; `None` if none has.
    pub async fn known_time(&self) -> Result<Option<Timestamp>, Fault> {
        let found =
            self.backend.one(&known_time::KNOWN_TIME, &[], |cells| cells.of("known_time").skip().cell());
        Ok(found.await?.filter(|latest| *latest > Timestamp(0)))
    }
}
