//! Logging: one line per event, UTC, text or JSON, with nothing in it that could start another line.
//!
//! It owns the form of the log. It knows nothing of what is logged; secrets stay out because their types show nothing
//! (HT-07), and [`Redacted`] is for the rest.

#[cfg(test)]
mod bounds;
mod ceiling;
mod escaping;
mod foreign;
mod own_line;
mod sink;
mod time;

#[cfg(test)]
pub(crate) use bounds::LIMITS;

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::clock::Clock;
use crate::config::{Log, LogFormat};

pub(crate) use ceiling::Ceiling;
use escaping::Escaping;
#[cfg(test)]
pub(crate) use foreign::FOREIGN_CHARS_MAX;
pub use foreign::Foreign;
use own_line::OwnLines;
use sink::Sink;
pub(crate) use sink::lost;
#[cfg(test)]
pub(crate) use sink::{LINE_BYTES_MAX, LINES_MAX};
use time::Utc;

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogRefused {
    /// `log.level` is neither a level nor directives.
    #[error("log.level {0:?}: {1}")]
    Level(String, tracing_subscriber::filter::ParseError),
    /// Something else in this process has set up logging.
    #[error("logging is already set up")]
    AlreadySet,
    /// Standard error or the thread that writes to it cannot be had.
    #[error("the log cannot be written: {0}")]
    Io(io::Error),
}

impl From<io::Error> for LogRefused {
    /// Told in the text, and so no further link of a chain: that would say it twice.
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// The log of this process. When it is dropped, a second at most is spent on the lines that are not written yet.
#[must_use = "the last lines are written when it is dropped"]
pub struct Logging {
    sink: Sink,
    reload: Reload,
}

/// Replaces the filter of a subscriber.
type Reload = Box<dyn Fn(EnvFilter) -> bool + Send + Sync>;

/// Sends the log of this process to standard error and makes panics part of it.
pub fn init(log: &Log, clock: Clock) -> Result<Logging, LogRefused> {
    let sink = Sink::start(standard_error()?, OwnLines::new(log.format, clock.clone()), lost().clone())?;
    let (subscriber, reload) = subscriber(log, clock, sink.clone())?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogRefused::AlreadySet)?;
    log_panics(sink.clone());
    Ok(Logging { sink, reload })
}

impl Logging {
    /// Logs by another `log.level` from now on.
    pub fn set_level(&self, level: &str) -> Result<(), LogRefused> {
        let filter = filter(level)?;
        // It fails only where the subscriber is gone, and then there is nothing to filter.
        let _replaced = (self.reload)(filter);
        Ok(())
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.sink.flush();
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Logging").finish_non_exhaustive()
    }
}

/// A handle of our own to it: the standard library's is locked while it writes, and one writer that is stalled would hold up
/// each thread that writes a last line there.
#[cfg(unix)]
fn standard_error() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn standard_error() -> io::Result<io::Stderr> {
    Ok(io::stderr())
}

/// A value whose `Debug` and `Display` show nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Redacted<T>(pub T);

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

/// A panic in here would end the process, so it takes a path of its own, on which nothing waits, fails or panics.
fn log_panics(sink: Sink) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        sink.take_panic(harmless_message(panic.payload()), &place);
    }));
}

/// A panic's message may hold a value, so only one that is a literal of the source is shown.
fn harmless_message(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(formatted message withheld)")
}

fn filter(level: &str) -> Result<EnvFilter, LogRefused> {
    EnvFilter::builder().parse(level).map_err(|error| LogRefused::Level(level.to_owned(), error))
}

fn subscriber<W>(
    log: &Log,
    clock: Clock,
    writer: W,
) -> Result<(Box<dyn Subscriber + Send + Sync>, Reload), LogRefused>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_timer(Utc(clock))
        .with_ansi(false)
        .with_writer(Escaping(writer))
        .log_internal_errors(false);
    let filter = filter(&log.level)?;
    // Two arms of the same words: each form of the log is a type of its own.
    Ok(match log.format {
        LogFormat::Text => {
            let builder = builder.with_env_filter(filter).with_filter_reloading();
            let handle = builder.reload_handle();
            (Box::new(builder.finish()), Box::new(move |filter| handle.reload(filter).is_ok()))
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_env_filter(filter).with_filter_reloading();
            let handle = builder.reload_handle();
            (Box::new(builder.finish()), Box::new(move |filter| handle.reload(filter).is_ok()))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, event: impl FnOnce()) -> String {
        let sink = Written::default();
        let writer = sink.clone();
        let log = Log { format, level: "trace".into(), ..Log::default() };
        let (subscriber, _) = subscriber(&log, Clock::manual(1_700_000_000), move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, event);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const INJECTION: &str = "ada\n2023-11-14T22:13:20.000Z  INFO all is well\r\u{1b}[31m\u{9b}1m\u{2028}";

    #[test]
    fn ht_07_user_text_cannot_start_a_line_or_drive_a_terminal() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text =
                logged(format, || tracing::info!(user = INJECTION, display = %INJECTION, "name {INJECTION}"));
            assert_eq!(text.lines().count(), 1, "{text}");
            let body = text.strip_suffix('\n').unwrap();
            assert!(!body.chars().any(|c| c.is_control() || c == '\u{2028}'), "{body:?}");
            assert!(body.contains("2023-11-14T22:13:20.000Z"), "UTC with milliseconds: {body}");
        }
    }

    #[test]
    fn ht_07_json_stays_json() {
        let text = logged(LogFormat::Json, || tracing::warn!(user = INJECTION, "refused"));
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["user"], INJECTION);
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"refused".into()));
    }

    #[test]
    fn ht_07_redacted_values_show_nothing() {
        let text = logged(LogFormat::Text, || {
            tracing::info!(a = ?Redacted("canary-1"), b = %Redacted("canary-2"), "{:?}", Redacted("canary-3"));
        });
        assert!(text.matches("[redacted]").count() == 3 && !text.contains("canary"), "{text}");
    }

    #[test]
    fn ht_07_a_panic_shows_literals_only() {
        let payload = |panics: fn()| std::panic::catch_unwind(panics).unwrap_err();
        assert_eq!(harmless_message(&*payload(|| panic!("a literal"))), "a literal");
        let formatted = payload(|| panic!("a value: {}", std::hint::black_box("canary")));
        assert!(!harmless_message(&*formatted).contains("canary"));
    }

    #[test]
    fn k_37_another_level_takes_effect_at_once() {
        let log = Log { level: "warn".into(), ..Log::default() };
        let sink = Written::default();
        let writer = sink.clone();
        let (subscriber, reload) = subscriber(&log, Clock::System, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            for level in ["warn", "info"] {
                assert!(reload(filter(level).unwrap()));
                tracing::info!("at {level}");
            }
        });
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("at info") && !text.contains("at warn"), "{text}");
    }

    #[test]
    fn a_wrong_level_is_refused_by_name() {
        let log = Log { level: "proofkey=loud".into(), ..Log::default() };
        let refused = subscriber(&log, Clock::System, io::sink).err().map(|refused| refused.to_string());
        assert!(refused.is_some_and(|message| message.contains("proofkey=loud")));
    }
}
