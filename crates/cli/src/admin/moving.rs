//! What commands that move a whole database share: where it is, an id that is theirs alone, and how far they are.

use std::io::{IsTerminal as _, Read as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use proofkey_oauth::Timestamp;
use proofkey_protocol::Random as _;
use proofkey_server::SystemRandom;
use proofkey_server::clock::Clock;
use proofkey_server::config::{self, DatabaseUrl, database_file};
use proofkey_store::CopyId;
use proofkey_store::moving::{Begun, Phase, Place, Progress};

use super::refusal::message;
use crate::output::note;

/// How SQLite begins its files.
const SQLITE_FILE: &[u8] = b"SQLite format 3\0";
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Where there is no terminal, a line is said no more often than that.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The time and an id for one move.
pub(super) fn begun() -> Begun {
    let mut id = [0; 16];
    SystemRandom.fill(&mut id);
    Begun { id: CopyId(id), at: Timestamp(Clock::System.now()) }
}

/// The database that a configuration names.
pub(super) fn place_of(store: &config::Store) -> anyhow::Result<Place> {
    match store {
        config::Store::Directory { data, .. } => Ok(Place::File(database_file(data))),
        config::Store::Postgres { url, .. } => Place::server(url.expose()).map_err(message),
    }
}

/// The database that an argument names: a URL, a private file that holds one, a database file, or its directory.
pub(super) fn place(argument: &str) -> anyhow::Result<Place> {
    let is_url = |text: &str| SCHEMES.iter().any(|scheme| text.starts_with(scheme));
    if is_url(argument) {
        return Place::server(argument).map_err(message);
    }
    // What a copy says of its other side must hold wherever it is read.
    let path = &std::path::absolute(argument).with_context(|| argument.to_owned())?;
    if path.is_dir() {
        return Ok(Place::File(database_file(path)));
    }
    let begins = beginning(path).with_context(|| path.display().to_string())?;
    if str::from_utf8(&begins).is_ok_and(|text| is_url(text.trim_start())) {
        let url = DatabaseUrl::read(path).map_err(message)?;
        return Place::server(url.expose()).map_err(message);
    }
    anyhow::ensure!(
        begins.is_empty() || begins == SQLITE_FILE,
        "{argument} is no database of SQLite, no directory of one and no file with a URL"
    );
    Ok(Place::File(path.to_owned()))
}

/// The first bytes of a file; none where there is no file.
fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut begins = Vec::new();
    match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(begins),
        opened => {
            opened?.take(16).read_to_end(&mut begins)?;
            Ok(begins)
        }
    }
}

/// How far a move is, on standard error: a bar on a terminal, else a line now and then.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    said: Option<(Phase, Instant)>,
}

impl Bar {
    pub(super) fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) =
                ProgressStyle::with_template("{msg:30} {wide_bar} {pos}/{len} rows ({elapsed})")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, said: None }
    }

    /// Shows it. It never stops a move: a signal does, and the same command goes on.
    pub(super) fn show(&mut self, progress: Progress) -> ControlFlow<()> {
        let Progress { phase, table, rows, total } = progress;
        let doing = match phase {
            Phase::Copying => "copying",
            Phase::Comparing => "comparing",
            Phase::Growing => "making",
        };
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(rows);
            bar.set_message(format!("{doing} {table}"));
        } else if self.said.is_none_or(|(said, at)| said != phase || at.elapsed() >= LINE_EVERY) {
            self.said = Some((phase, Instant::now()));
            note(&format!("{doing} {table}: {rows} of {total} rows"));
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_names_a_database_by_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let named = |argument: &str| place(argument).map(|place| place.to_string());
        assert_eq!(named(&path("new.db")).unwrap(), path("new.db"));
        assert_eq!(named(folder.path().to_str().unwrap()).unwrap(), path("proofkey.db"));
        assert_eq!(named("postgres://u:s3cret@db.example/x").unwrap(), "db.example:5432");
        std::fs::write(path("database"), [SQLITE_FILE, b"more"].concat()).unwrap();
        assert_eq!(named(&path("database")).unwrap(), path("database"));
        std::fs::write(path("url"), "postgres://u:s3cret@db.example/x\n").unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(path("url"), private).unwrap();
        assert_eq!(named(&path("url")).unwrap(), "db.example:5432");
        std::fs::write(path("letter"), "Dear Ada").unwrap();
        assert!(named(&path("letter")).is_err());
        let told = named("postgres://u:s3cret@").unwrap_err().to_string();
        assert!(!told.contains("s3cret"), "{told}");
    }
}
