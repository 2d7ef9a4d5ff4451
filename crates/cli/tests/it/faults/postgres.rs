//! A PostgreSQL server that can be killed and started again: Debian's package, in a folder of its own, on a free port.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use proofkey_testkit::postgres::{UNPRIVILEGED, programs};
use tempfile::TempDir;

/// How long a start may take, with all that has to be recovered.
const READY_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The server, while it runs.
pub(crate) struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Postgres {
    /// A new one, with an empty database `proofkey`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("proofkey-postgres-").tempdir().unwrap();
        let programs = programs();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let data = folder.path().join("data");
        let mut init = unprivileged(&programs.join("initdb"));
        init.args(["--no-sync", "--auth=trust", "--username=proofkey", "--encoding=UTF8", "--locale=C"]);
        let made = init.arg("-D").arg(&data).current_dir("/").output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut server = Self { folder, programs, port: free_port(), process: None };
        server.start_again();
        assert_eq!(server.run("postgres", "CREATE DATABASE proofkey"), "CREATE DATABASE");
        server
    }

    /// A copy of this one at a port, that follows it, and without whose word nothing is acknowledged from now on.
    pub(crate) fn with_standby(&self, port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("proofkey-standby-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let mut copy = unprivileged(&self.programs.join("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "proofkey", "--no-sync"]);
        copy.args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "-D"]);
        let made = copy.arg(folder.path().join("data")).current_dir("/").output().unwrap();
        assert!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        let mut standby = Self { folder, programs: self.programs.clone(), port, process: None };
        standby.start_again();
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.ask("SELECT pg_reload_conf()");
        let began = Instant::now();
        while self.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1" {
            assert!(began.elapsed() < READY_WITHIN, "the standby does not follow: {}", standby.log());
            sleep(PAUSE);
        }
        standby
    }

    /// Makes a standby take writes, and nobody's word is waited for.
    pub(crate) fn promote(&self) {
        self.ask("ALTER SYSTEM RESET synchronous_standby_names");
        assert_eq!(self.ask("SELECT pg_reload_conf() AND pg_promote()"), "t", "{}", self.log());
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Starts it on the data that are there, and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let data = self.folder.path().join("data");
        let _ = std::fs::remove_file(data.join("postmaster.pid"));
        let mut command = unprivileged(&self.programs.join("postgres"));
        command.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]);
        command.args(["-c", &format!("port={}", self.port), "-c", "unix_socket_directories="]);
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        let began = Instant::now();
        while self.try_run("postgres", "SELECT 1").as_deref() != Some("1") {
            assert!(began.elapsed() < READY_WITHIN, "PostgreSQL does not start: {}", self.log());
            sleep(PAUSE);
        }
    }

    /// Kills the server's first process, without warning; the others notice and end.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        // The next start wants the shared memory that the others still hold.
        let began = Instant::now();
        while self.is_served() && began.elapsed() < READY_WITHIN {
            sleep(PAUSE);
        }
    }

    /// The URL of the database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://proofkey@127.0.0.1:{}/proofkey", self.port)
    }

    /// The answer of the database to a question of one value.
    pub(crate) fn ask(&self, question: &str) -> String {
        self.run("proofkey", question)
    }

    fn run(&self, database: &str, text: &str) -> String {
        self.try_run(database, text).unwrap_or_else(|| panic!("{text}: {}", self.log()))
    }

    fn try_run(&self, database: &str, text: &str) -> Option<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "proofkey", "-d", database]);
        let output = psql.args(["-X", "-A", "-t", "-c", text]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn is_served(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A program that the server's user runs, and that ends with this process.
pub(crate) fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}
