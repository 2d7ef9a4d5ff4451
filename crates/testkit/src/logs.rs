//! Everything that this process logs, at TRACE, for tests that look for what must not be there.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How many captures are under way. Without one, nothing is even formatted: TRACE of every test would cost more than
/// the tests.
static CAPTURES: AtomicUsize = AtomicUsize::new(0);
static CAPTURED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static INIT: Once = Once::new();

/// A capture under way. Other tests of the process log too: look for values that only one test knows.
#[derive(Debug)]
pub struct Logs {
    from: usize,
}

impl Logs {
    /// Captures what is logged from now on, until it is dropped.
    pub fn capture() -> Self {
        INIT.call_once(|| {
            let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Writer);
            let filter = dynamic_filter_fn(|_, _| CAPTURES.load(Ordering::SeqCst) > 0);
            // Where a test has its own subscriber already, nothing is captured, and a test that looks sees that.
            let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
        });
        let captured = captured();
        let _ = CAPTURES.fetch_add(1, Ordering::SeqCst);
        Self { from: captured.len() }
    }

    /// What has been logged since.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&captured()[self.from..]).into_owned()
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let mut captured = captured();
        if CAPTURES.fetch_sub(1, Ordering::SeqCst) == 1 {
            *captured = Vec::new();
        }
    }
}

fn captured() -> MutexGuard<'static, Vec<u8>> {
    CAPTURED.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut captured = captured();
        if CAPTURES.load(Ordering::SeqCst) > 0 {
            captured.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
