//! A database as a whole: copied to the other engine, backed up, restored, brought to another schema, and grown to be measured.
//!
//! It knows tables as columns and keys ([`crate::sql::tables`]), and of what is in them only what a restore ends. Who asks, and
//! how what happens is shown, is for commands to say.

mod backup;
mod copy;
mod digest;
mod fill;
mod growth;
mod place;
mod refused;
mod restore;
mod source;
mod upgrade;

pub use backup::{BackedUp, backup};
pub use copy::{Copied, copy, reopen};
pub use digest::{TableDigest, digests};
pub use fill::{Phase, Progress, Watch};
pub use growth::{Grown, Growth, Sessions, grow};
pub use place::{Begun, Place};
pub use refused::MoveRefused;
pub use restore::{Ends, Restoration, RestorePlan, Restored, RowCount};
pub use upgrade::{Rehearsal, Rehearsed, Upgraded, rehearse_upgrade, schema, upgrade};

pub use crate::migration::{PendingMigration, SchemaStands};
pub use crate::sqlite::backup::BackupNote;
pub use crate::sqlite::since::TakenAway;
