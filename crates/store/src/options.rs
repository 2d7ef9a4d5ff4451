//! How a store is opened.

use std::time::Duration;

/// How to open a store. Each field is a maximum.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a write waits while another process writes.
    pub busy_timeout: Duration,
    /// How long a read waits; it runs on a request's thread, and in WAL mode it practically never has to.
    pub reader_busy_timeout: Duration,
    /// Most writes that may wait; one more is refused with [`crate::Fault::Busy`].
    pub queue_max: usize,
    /// Most writes in one transaction.
    pub batch_max: usize,
    /// Most pages of 4 KiB that the database may have; SQLite's own maximum when absent.
    pub pages_max: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            reader_busy_timeout: Duration::from_secs(1),
            queue_max: 4096,
            batch_max: 256,
            pages_max: None,
        }
    }
}
