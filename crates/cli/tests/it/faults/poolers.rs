//! Row ST-15, and F-04 behind a pooler: PgBouncer between the server and PostgreSQL. Where it gives each transaction another connection
//! the server refuses to start and leaves the database as it is; where a session stays its client's, it is started again under load.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};
use tempfile::TempDir;

use super::load::{History, SCOPE, codes, healed, load};
use super::postgres::{Postgres, free_port, unprivileged};
use super::switch::{cycles, next, seed};
use crate::admin::support::Installation;

/// Debian's package.
const PGBOUNCER: &str = "/usr/sbin/pgbouncer";
/// How long it may take to listen.
const READY_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);
/// The pooler goes within so many milliseconds after the load began.
const GONE_WITHIN_MILLIS: u64 = 60;
/// The first success comes within so long after it is back.
const HEALED_WITHIN: Duration = Duration::from_secs(2);
/// Connections that a node has at most.
const NODE_CONNECTIONS: u32 = 20;

#[test]
fn st_15_behind_a_pooler_that_shares_sessions_the_server_does_not_start_and_leaves_the_database_as_it_is() {
    let postgres = Postgres::start();
    let refused = |settings: &str| {
        let pooler = PgBouncer::start(&postgres, settings);
        let installation = Installation::new();
        installation.replace("data = \"data\"", &format!("url = {:?}", pooler.url()));
        let words = ["two connections to the database share one session", "let the pooler work by session"];
        installation.refused(&["serve"], "", 1, &words);
        installation.refused(&["user", "list"], "", 1, &words);
    };
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\nserver_round_robin = 1",
        "pool_mode = statement",
    ] {
        refused(settings);
        let tables = postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(tables, "0", "{settings}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_15_f_04_behind_a_pooler_by_session_that_is_started_again_what_was_acknowledged_holds() {
    let _alone = crate::ALONE.lock().await;
    let (postgres, cycles) = (Postgres::start(), cycles("PROOFKEY_CYCLES", 3));
    let mut pooler = PgBouncer::start(&postgres, "pool_mode = session");
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let builder = TestServer::builder().postgres_at(&pooler.url()).set("limits.factor", 1000);
    let server = builder.start_process(command).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let mut probe = server.tokens(&web, SCOPE).await.refresh_token;
    let (mut history, mut dice) = (History::default(), seed());
    for _ in 0..cycles {
        dice = next(dice);
        let sent = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
        tokio::time::sleep(Duration::from_millis(dice % GONE_WITHIN_MILLIS)).await;
        pooler.kill();
        history.note_all(sent).await;
        pooler.start_again();
        let _ = healed(&server, &web, &mut probe, HEALED_WITHIN).await;
        history.verify(&server, &web).await;
        let _ = Browser::signed_in(&server, &fixtures::ada()).await;
    }
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
    assert_eq!(history.counts.unanswered, 0, "the server was there");
}

/// The pooler, while it runs.
struct PgBouncer {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl PgBouncer {
    /// In front of a server, with these settings.
    fn start(postgres: &Postgres, settings: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=proofkey\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\ndefault_pool_size = {NODE_CONNECTIONS}\n{settings}\n",
            postgres.port()
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), text).unwrap();
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut pooler = Self { folder, port, process: None };
        pooler.start_again();
        pooler
    }

    fn start_again(&mut self) {
        let mut command = unprivileged(Path::new(PGBOUNCER));
        command.arg(self.folder.path().join("pgbouncer.ini"));
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = command.spawn().unwrap();
        self.process = Some(started);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                began.elapsed() < READY_WITHIN,
                "PgBouncer does not start: `apt-get install pgbouncer`, or `cargo xtask setup`"
            );
            sleep(PAUSE);
        }
    }

    /// Ends it without warning, and with it every session of both sides.
    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn url(&self) -> String {
        format!("postgres://proofkey@127.0.0.1:{}/proofkey", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.kill();
    }
}
