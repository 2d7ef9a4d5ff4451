//! A PostgreSQL server for a measurement: Debian's package, in a folder of its own, as durable as it is by default.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::limits::LIMIT;
use super::served::GENERATOR_CORE;
use crate::process;

/// Where Debian has the server's programs, a folder for each version.
const PACKAGED: &str = "/usr/lib/postgresql";
/// Who runs the server where we are root, which it refuses.
const UNPRIVILEGED: &str = "postgres";
const PORT: &str = "9299";
const READY_WITHIN: Duration = Duration::from_secs(60);
/// What is set otherwise than the package does: room for a part of the data, and for the log between two checkpoints.
pub(super) const SETTINGS: [&str; 2] = ["shared_buffers=1GB", "max_wal_size=4GB"];

/// A server, which ends with this value.
pub(super) struct Postgres {
    programs: PathBuf,
    server: Child,
}

impl Postgres {
    /// A new one below `directory`, on the generator's core.
    pub(super) fn start(directory: &Path) -> Result<Self> {
        let (programs, folder) = (programs()?, directory.join("postgres"));
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
        let data = folder.join("data");
        let mut init = unprivileged(&programs.join("initdb"));
        init.args(["--auth=trust", "--username=proofkey", "--encoding=UTF8", "--locale=C", "-D"]).arg(&data);
        process::output(init.current_dir("/"), LIMIT)?;
        let mut command = Command::new("taskset");
        command.args(["-c", &GENERATOR_CORE.to_string()]);
        let run = unprivileged(&programs.join("postgres"));
        command.arg(run.get_program()).args(run.get_args()).arg("-D").arg(&data);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        command.args(["-c", &format!("port={PORT}")]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        let server = command.stderr(fs::File::create(directory.join("postgres.log"))?).spawn()?;
        let postgres = Self { programs, server };
        let began = Instant::now();
        while postgres.ask("postgres", "SELECT 1").is_err() {
            ensure!(
                began.elapsed() < READY_WITHIN,
                "PostgreSQL does not start: {}/postgres.log",
                directory.display()
            );
            sleep(Duration::from_millis(50));
        }
        Ok(postgres)
    }

    /// Makes an empty database, and says its URL.
    pub(super) fn database(&self, name: &str) -> Result<String> {
        self.ask("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(format!("postgres://proofkey@127.0.0.1:{PORT}/{name}"))
    }

    /// Bytes of all tables of a database with their indexes.
    pub(super) fn size(&self, database: &str) -> Result<u64> {
        let tables = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        self.ask(database, tables)?.parse().context("a number of bytes")
    }

    /// Brings the planner's statistics up to date, as the server does by itself within minutes of such a change.
    pub(super) fn analyze(&self, database: &str) -> Result<()> {
        self.ask(database, "VACUUM ANALYZE").map(drop)
    }

    /// The seconds of processor time that its processes have used, those that have ended too.
    pub(super) fn cpu_seconds(&self) -> f64 {
        // Of those that have ended, their parent has the time.
        let own = cpu_ticks(self.server.id(), 4).unwrap_or_default();
        let children = process::descendants(self.server.id());
        let of_children: u64 = children.iter().filter_map(|pid| cpu_ticks(*pid, 2)).sum();
        (own + of_children) as f64 / 100.0
    }

    fn ask(&self, database: &str, question: &str) -> Result<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", PORT, "-U", "proofkey", "-d", database]);
        psql.args(["-X", "-q", "-A", "-t", "-c", question]).stderr(Stdio::null());
        Ok(String::from_utf8(process::output(&mut psql, LIMIT)?)?.trim().to_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT ends all of its processes at once.
        let mut quit = Command::new("kill");
        let _ = quit.args(["-QUIT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

/// The programs of the newest version that is installed.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir(PACKAGED).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| Path::new(PACKAGED).join(format!("{version}/bin/initdb")).exists())
        .max();
    let newest = newest.context("PostgreSQL is not installed: `cargo xtask setup`")?;
    Ok(Path::new(PACKAGED).join(format!("{newest}/bin")))
}

fn unprivileged(program: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups", "--"]).arg(program);
    command
}

/// The first so many of four counts of hundredths of a second: user and system, of a process and of its children that have ended.
fn cpu_ticks(pid: u32, counts: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(counts);
    fields.map(|field| field.parse::<u64>().ok()).sum()
}
