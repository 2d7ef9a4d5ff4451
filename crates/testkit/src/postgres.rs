//! A PostgreSQL server for the tests of one binary: Debian's package, in a folder of its own, on a free port of this machine.
//! It knows nothing of what is kept in it.
//!
//! It starts when it is first needed. A small shell keeps it, and ends it and removes its folder when the pipe to this process
//! closes: however this process ends, it does not outlive it.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::sleep;
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

/// Where Debian has the server's programs, a folder for each version.
const PACKAGED: &str = "/usr/lib/postgresql";
/// Who runs the server where the tests run as root, which it refuses.
pub const UNPRIVILEGED: &str = "postgres";
/// How often the server is asked whether it is there, and the pause between.
const ASKED_MAX: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// Runs the server until its standard input ends.
const KEEPER: &str = r#"
trap '' INT TERM HUP
"$1/postgres" -D "$2/data" -c port="$3" >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
"#;

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 400
fsync = off
full_page_writes = off
ssl = on
max_pred_locks_per_transaction = 256
log_min_messages = fatal
";

/// The server of this process.
#[derive(Debug)]
pub struct Server {
    port: u16,
    folder: PathBuf,
    /// Its input is open for as long as this process is there.
    _keeper: Child,
}

/// The server, started if it is not.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("proofkey-postgres-").tempdir().unwrap().keep();
        let is_root = rustix::process::getuid().is_root();
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
        if is_root {
            chown(&folder, Some(id("-u")), Some(id("-g"))).unwrap();
        }
        let data = folder.join("data");
        let mut init = unprivileged(is_root, &programs.join("initdb"));
        init.args(["--no-sync", "--auth=trust", "--username=proofkey", "--encoding=UTF8", "--locale=C"]);
        let made = init.arg("-D").arg(&data).current_dir("/").output().unwrap();
        assert!(made.status.success(), "initdb: {}", told(&made));
        std::fs::write(data.join("postgresql.auto.conf"), SETTINGS).unwrap();
        certify(&folder, is_root);
        let port = free_port();
        let mut keep = unprivileged(is_root, Path::new("sh"));
        keep.args(["-c", KEEPER, "keeper"]).arg(&programs).arg(&folder).arg(port.to_string());
        keep.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { port, folder, _keeper: keep.spawn().unwrap() };
        server.wait();
        server
    }

    fn wait(&self) {
        for _ in 0..ASKED_MAX {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            sleep(PAUSE);
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("PostgreSQL does not start: {log}");
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database, by TCP to this machine.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://proofkey@127.0.0.1:{}/{database}", self.port)
    }

    /// The certificate by which the server can be recognised as `localhost`.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// A client that may do everything, in this database.
    pub async fn master(&self, database: &str) -> Client {
        for _ in 0..ASKED_MAX {
            match tokio_postgres::connect(&self.url(database), NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                // It is still starting.
                Err(error) if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) => sleep(PAUSE),
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("PostgreSQL does not take connections");
    }
}

/// A database, removed some time after it is dropped.
#[derive(Debug)]
pub struct TestDatabase(String);

/// Databases that no test uses any more.
static DROPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl TestDatabase {
    /// An empty one, or a copy.
    pub async fn create(template: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let master = server().master("postgres").await;
        let dropped = std::mem::take(&mut *DROPPED.lock().unwrap());
        for dropped in dropped {
            master.batch_execute(&format!("DROP DATABASE {dropped} WITH (FORCE)")).await.unwrap();
        }
        for _ in 0..ASKED_MAX {
            match master.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await {
                Ok(()) => return Self(name),
                // A connection that has ended on our side has not on the other.
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => sleep(PAUSE),
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("{template} is in use");
    }

    /// Its name, by which others are made as copies of it.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Its URL, by TCP to this machine.
    pub fn url(&self) -> String {
        server().url(&self.0)
    }

    /// A client that may do everything in it.
    pub async fn master(&self) -> Client {
        server().master(&self.0).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        DROPPED.lock().unwrap().push(self.0.clone());
    }
}

/// The programs of the newest version that is installed.
pub fn programs() -> PathBuf {
    let versions = std::fs::read_dir(PACKAGED).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| Path::new(PACKAGED).join(format!("{version}/bin/initdb")).exists())
        .max();
    let newest =
        newest.expect("PostgreSQL is not installed: `apt-get install postgresql`, or `cargo xtask setup`");
    Path::new(PACKAGED).join(format!("{newest}/bin"))
}

fn unprivileged(is_root: bool, program: &Path) -> Command {
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups", "--"]).arg(program);
    command
}

fn id(which: &str) -> u32 {
    let output = Command::new("id").args([which, UNPRIVILEGED]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().expect("the package makes the user `postgres`")
}

/// A certificate for `localhost`, and the key that the server alone may read.
fn certify(folder: &Path, is_root: bool) {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("certificate.pem"), identity.cert.pem()).unwrap();
    for (name, text) in
        [("server.crt", identity.cert.pem()), ("server.key", identity.signing_key.serialize_pem())]
    {
        let path = folder.join("data").join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        if is_root {
            chown(&path, Some(id("-u")), Some(id("-g"))).unwrap();
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
