//! The record of refused requests.

use proofkey_protocol::RefusalRecord;

use crate::fault::Fault;
use crate::row::FromRow;
use crate::sql::refusals;
use crate::store::Store;
use crate::value::values;

impl Store {
    /// What was recorded under an error id.
    pub async fn refusal(&self, error_id: &str) -> Result<Option<RefusalRecord>, Fault> {
        self.backend.one(&refusals::REFUSAL, &[error_id.into()], FromRow::from_row).await
    }

    /// How many refusals are recorded.
    pub(crate) async fn refusals_held(&self) -> Result<i64, Fault> {
        let held = self.backend.one(&refusals::REFUSALS_HELD, &[], |cells| cells.of("refusals").cell());
        held.await.map(Option::unwrap_or_default)
    }

    /// The ids of so many refusals that go first where there are too many.
    pub(crate) async fn crowded_refusals(&self, count: i64) -> Result<Vec<String>, Fault> {
        let decode = |cells: &mut crate::row::Cells<'_>| cells.of("refusals").cell();
        self.backend.many(&refusals::CROWDED_REFUSALS, values![count], decode).await
    }
}
