//! What the writer and those who read know together.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::options::Options;
use crate::remembered::Remembered;

/// What is known of one open file.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) remembered: Remembered,
    /// Pages of the file when the writer last counted them.
    pages: AtomicU32,
    large_from_pages: u32,
    /// How long a read waits for the writer.
    pub(super) patience: Duration,
    /// Whether a read has waited for the writer in vain, and the writer has done nothing since.
    writer_is_late: AtomicBool,
}

impl Shared {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            remembered: Remembered::new(options.remembered_max),
            pages: AtomicU32::new(0),
            large_from_pages: options.large_from_pages,
            patience: options.writer_reads_within,
            writer_is_late: AtomicBool::new(false),
        }
    }

    /// Notes how many pages the file has.
    pub(super) fn note_pages(&self, pages: u32) {
        self.pages.store(pages, Ordering::Relaxed);
    }

    /// Whether the file is so large that reading every page on the way to a row anew costs more than to ask the writer.
    pub(super) fn is_large(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.large_from_pages
    }

    /// Whether the writer is to be asked for what is one person's: the file is large, and the writer is on time. One that hangs is asked
    /// by none: its queue is for writes.
    pub(super) fn writer_reads(&self) -> bool {
        self.is_large() && !self.writer_is_late.load(Ordering::Relaxed)
    }

    /// Notes that a read has waited for the writer in vain.
    pub(super) fn note_late(&self) {
        self.writer_is_late.store(true, Ordering::Relaxed);
    }

    /// Notes how long the writer has taken for a batch: if it was well below what reads wait, it is on time again.
    pub(super) fn note_batch(&self, took: Duration) {
        if took < self.patience / 2 {
            self.writer_is_late.store(false, Ordering::Relaxed);
        }
    }
}
