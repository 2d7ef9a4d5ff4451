//! Read-only connections, one per thread and store.
//!
//! A point read takes a few microseconds, less than handing it to another thread would, so it runs where it is asked for.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::Connection;

use super::connection::open_reader;
use crate::fault::Fault;

/// Connections that a thread keeps, for as many stores.
const OPEN_MAX: usize = 4;

thread_local! {
    static OPEN: RefCell<Vec<Reader>> = const { RefCell::new(Vec::new()) };
}

struct Reader {
    /// The store that it belongs to: when that is gone, so is the reason to keep the file open.
    owner: Weak<Source>,
    connection: Connection,
}

/// Where to read.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    busy_timeout: Duration,
}

/// Readers of one store.
#[derive(Clone, Debug)]
pub(super) struct Readers {
    source: Arc<Source>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, busy_timeout: Duration) -> Self {
        Self { source: Arc::new(Source { path, busy_timeout }) }
    }

    /// Reads on this thread's connection, which is opened when there is none. `read` must not read again inside.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let mine = self.take()?;
        let outcome = read(&mine.connection);
        // After an error of the engine the next read starts on a fresh connection.
        if !matches!(outcome, Err(Fault::Engine { .. } | Fault::NoMemory)) {
            OPEN.with_borrow_mut(|open| open.push(mine));
        }
        outcome
    }

    fn take(&self) -> Result<Reader, Fault> {
        let kept = OPEN.with_borrow_mut(|open| {
            let mine =
                open.iter().position(|reader| std::ptr::eq(reader.owner.as_ptr(), Arc::as_ptr(&self.source)));
            if mine.is_none() {
                open.retain(|reader| reader.owner.strong_count() > 0);
                open.truncate(OPEN_MAX - 1);
            }
            mine.map(|index| open.swap_remove(index))
        });
        if let Some(reader) = kept {
            return Ok(reader);
        }
        let connection = open_reader(&self.source.path, self.source.busy_timeout)?;
        Ok(Reader { owner: Arc::downgrade(&self.source), connection })
    }
}
