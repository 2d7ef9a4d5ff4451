//! Where log lines go: a bounded queue, and one thread that alone writes. A caller that logs neither waits, nor fails, nor
//! panics, whatever has become of the log's reader or disk (F-11): what cannot be written is lost, and counted.
//!
//! It knows lines, not what they say.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::fmt::MakeWriter;

use super::own_line::OwnLines;

/// Most lines that wait for the writing thread; further ones are lost.
pub(crate) const LINES_MAX: usize = 1_024;
/// Longest line; a longer one is cut. Beside [`super::Foreign`] this bounds what no caller thought of.
pub(crate) const LINE_BYTES_MAX: usize = 4 * 1_024;
/// How long a process that ends waits for its last lines to be written.
const FLUSH_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks for a place in the queue.
const FLUSH_LOOK: Duration = Duration::from_millis(5);

/// The queue's end that takes lines.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    entries: SyncSender<Entry>,
    own: OwnLines,
    lost: Counter,
}

#[derive(Debug)]
enum Entry {
    Line(String),
    /// Answered when everything before it has been written or given up.
    Flush(SyncSender<()>),
}

/// Lines that were lost since the process started: the queue was full, or the write failed. It is one for the process, as its
/// standard error is.
pub(crate) fn lost() -> &'static Counter {
    static LOST: OnceLock<Counter> = OnceLock::new();
    LOST.get_or_init(Counter::default)
}

impl Sink {
    /// Starts the thread that writes to `out`, and counts in `lost` what cannot be written. It lives as long as the process.
    pub(super) fn start(out: impl Write + Send + 'static, own: OwnLines, lost: Counter) -> io::Result<Self> {
        let (entries, queue) = sync_channel(LINES_MAX);
        let thread = std::thread::Builder::new().name("log".into());
        let (lines, counter) = (own.clone(), lost.clone());
        thread.spawn(move || write_lines(&queue, out, &lines, &counter))?;
        Ok(Self { entries, own, lost })
    }

    /// Takes one line, without its line feed.
    pub(super) fn take(&self, line: String) {
        let line = if line.len() > LINE_BYTES_MAX { self.own.cut(&line, LINE_BYTES_MAX) } else { line };
        if self.entries.try_send(Entry::Line(line)).is_err() {
            self.lost.inc();
        }
    }

    /// Takes the line of a panic. It goes past `tracing`, which may be where the panic came from.
    pub(super) fn take_panic(&self, message: &str, place: &str) {
        self.take(self.own.panic(message, place));
    }

    /// Waits, a second at most, until what was taken has been written.
    pub(super) fn flush(&self) {
        let (begun, (written, done)) = (Instant::now(), sync_channel(1));
        // Where the queue is full, a place in it comes free as soon as the reader goes on.
        while self.entries.try_send(Entry::Flush(written.clone())).is_err() {
            if begun.elapsed() > FLUSH_WITHIN {
                return;
            }
            std::thread::sleep(FLUSH_LOOK);
        }
        let _written_or_given_up = done.recv_timeout(FLUSH_WITHIN.saturating_sub(begun.elapsed()));
    }
}

fn write_lines(queue: &Receiver<Entry>, mut out: impl Write, own: &OwnLines, lost: &Counter) {
    let (mut told, mut is_torn) = (0, false);
    while let Ok(entry) = queue.recv() {
        let line = match entry {
            Entry::Line(line) => line,
            Entry::Flush(written) => {
                let _nobody_waits_any_more = written.try_send(());
                continue;
            }
        };
        // A write that failed half way has left the beginning of a line behind.
        if is_torn && out.write_all(b"\n").is_err() {
            lost.inc();
            continue;
        }
        is_torn = out.write_all(format!("{line}\n").as_bytes()).is_err();
        if is_torn {
            lost.inc();
            continue;
        }
        let now_lost = lost.get();
        if now_lost > told && out.write_all(format!("{}\n", own.lost(now_lost - told)).as_bytes()).is_ok() {
            told = now_lost;
        }
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

/// One write is one line: [`super::escaping`] hands over whole ones. It never fails, for `tracing` reports a failed write on
/// standard error, and panics where that fails too.
impl Write for &Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.take(text.strip_suffix('\n').unwrap_or(&text).to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Condvar, Mutex};

    use super::*;
    use crate::clock::Clock;
    use crate::config::LogFormat;

    /// What a reader of the log sees, and whether it reads, and whether its disk has room.
    #[derive(Clone, Default)]
    struct Reader(Arc<(Mutex<Read>, Condvar)>);

    #[derive(Default)]
    struct Read {
        text: Vec<u8>,
        is_stalled: bool,
        is_full: bool,
    }

    impl Reader {
        fn set(&self, change: impl FnOnce(&mut Read)) {
            change(&mut self.0.0.lock().unwrap());
            self.0.1.notify_all();
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.0.lock().unwrap().text.clone()).unwrap()
        }
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (state, changed) = &*self.0;
            let mut state = changed.wait_while(state.lock().unwrap(), |state| state.is_stalled).unwrap();
            if state.is_full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sink(format: LogFormat) -> (Reader, Sink) {
        let reader = Reader::default();
        let own = OwnLines::new(format, Clock::manual(1_700_000_000));
        (reader.clone(), Sink::start(reader, own, Counter::default()).unwrap())
    }

    #[test]
    fn k_01_a_stalled_reader_costs_lines_and_nobody_waits() {
        let (reader, sink) = sink(LogFormat::Text);
        reader.set(|state| state.is_stalled = true);
        let begun = Instant::now();
        (0..3 * LINES_MAX).for_each(|number| sink.take(format!("line {number}")));
        assert!(begun.elapsed() < FLUSH_WITHIN * 5, "it waited");
        assert!(sink.lost.get() >= u64::try_from(2 * LINES_MAX - 1).unwrap());
        sink.flush();
        reader.set(|state| state.is_stalled = false);
        sink.take("after".into());
        sink.flush();
        let text = reader.text();
        assert!(text.starts_with("line 0\n") && text.contains("log lines were lost"), "{text:.300}");
    }

    #[test]
    fn k_01_a_full_disk_costs_lines_and_says_so_once_there_is_room() {
        let (reader, sink) = sink(LogFormat::Json);
        reader.set(|state| state.is_full = true);
        sink.take("{}".into());
        sink.flush();
        reader.set(|state| state.is_full = false);
        sink.take("{\"after\":1}".into());
        sink.flush();
        let text = reader.text();
        assert!(text.starts_with("\n{\"after\":1}\n"), "{text}");
        let told: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert!(told["lost"].as_u64().unwrap() >= 1, "{told}");
    }

    #[test]
    fn k_01_no_line_is_longer_than_a_line_may_be() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let (reader, sink) = sink(format);
            sink.take("\u{e9}\"".repeat(20_000));
            sink.flush();
            let text = reader.text();
            assert!(text.len() <= 2 * LINE_BYTES_MAX && text.lines().count() == 1, "{}", text.len());
            assert!(text.contains("60000"), "it says how long the line was: {text:.80}");
            if format == LogFormat::Json {
                let _line: serde_json::Value = serde_json::from_str(&text).unwrap();
            }
        }
    }
}
