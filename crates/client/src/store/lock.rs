//! One refresh at a time across processes: a lock that the operating system frees when the process that holds it dies.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use super::file;
use crate::error::Error;

/// How often a waiting process asks again.
const POLL_EVERY: Duration = Duration::from_millis(15);
/// How often it asks at most: together longer than a refresh with its one retry can take.
const POLLS_MAX: u32 = 6_000;

/// The right to change a slot. Dropping it, or dying, gives it back.
#[derive(Debug)]
pub(crate) struct SlotLock {
    _file: File,
}

impl SlotLock {
    /// Waits for the lock, a bounded time. The file stays: removing it would let two holders lock two files.
    pub(super) async fn acquire(directory: PathBuf, path: PathBuf) -> Result<Self, Error> {
        let opened = tokio::task::spawn_blocking({
            let path = path.clone();
            move || file::open_lock(&directory, &path)
        });
        let file = opened.await.map_err(|_| Error::Interrupted)??;
        for _ in 0..POLLS_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(POLL_EVERY).await,
                Err(TryLockError::Error(cause)) => return Err(file::failed(&path, cause)),
            }
        }
        Err(Error::LockTimedOut)
    }
}
