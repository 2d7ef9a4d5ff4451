//! Logging: one line per event, UTC, text or JSON, with nothing in it that could start another line.
//!
//! It owns the form of the log. It knows nothing of what is logged; secrets stay out because their types show nothing
//! (HT-07), and [`Redacted`] is for the rest.

use std::any::Any;
use std::fmt;
use std::io::{self, Write};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clock::Clock;
use crate::config::{Log, LogFormat};

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
}

/// Sends the log of this process to standard error and makes panics part of it.
pub fn init(log: &Log, clock: Clock) -> Result<(), LogRefused> {
    let subscriber = subscriber(log, clock, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogRefused::AlreadySet)?;
    log_panics();
    Ok(())
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

fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(%place, message = harmless_message(panic.payload()), "panic");
    }));
}

/// A panic's message may hold a value, so only one that is a literal of the source is shown.
fn harmless_message(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(formatted message withheld)")
}

fn subscriber<W>(log: &Log, clock: Clock, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, LogRefused>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(&log.level);
    let filter = filter.map_err(|error| LogRefused::Level(log.level.clone(), error))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(Utc(clock))
        .with_ansi(false)
        .with_writer(Escaping(writer));
    Ok(match log.format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

/// Writes the time of the edge's clock, in UTC to the millisecond (RFC 3339).
struct Utc(Clock);

impl FormatTime for Utc {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0.now_millis()) {
            Ok(instant) => write!(out, "{instant:.3}"),
            Err(_) => out.write_str("(no time)"),
        }
    }
}

/// Escapes control characters on the way to `W`. The formatter hands over one whole event at a time, so the only one
/// that belongs there is the line feed at the end.
struct Escaping<W>(W);

struct EscapingWriter<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Escaping<W> {
    type Writer = EscapingWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        EscapingWriter(self.0.make_writer())
    }
}

impl<W: Write> Write for EscapingWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut out = String::with_capacity(line.len() + 1);
        for c in line.chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                // The form that JSON understands too; line and paragraph separators end lines for some viewers.
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                    out.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                c => out.push(c),
            }
        }
        out.push('\n');
        self.0.write_all(out.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, event: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let log = Log { format, level: "trace".into() };
        let subscriber = subscriber(&log, Clock::manual(1_700_000_000), move || writer.clone()).unwrap();
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
    fn a_wrong_level_is_refused_by_name() {
        let log = Log { format: LogFormat::Text, level: "proofkey=loud".into() };
        let refused = subscriber(&log, Clock::System, io::sink).err().map(|refused| refused.to_string());
        assert!(refused.is_some_and(|message| message.contains("proofkey=loud")));
    }
}
