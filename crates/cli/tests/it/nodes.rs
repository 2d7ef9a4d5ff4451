//! Two servers in processes of their own on one PostgreSQL database: restarted in turn, paused, and started before their database.
//!
//! `PROOFKEY_NODE_CYCLES` is the number of restarts and of pauses; docs/faults.md has the counts that were run.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proofkey_testkit::postgres::{self, TestDatabase};
use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Builder, TestClient, TestServer, Tokens, fixtures,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::task::JoinSet;

const SCOPE: &str = "offline_access notes:read";
/// Clients that work at once while nodes are restarted.
const CLIENTS: usize = 8;
/// A client begins with a new code after so many refreshes.
const REFRESHES: usize = 20;
/// How often the balancer asks each node whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(50);

fn cycles(by_default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_NODE_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(by_default)
}

async fn two_processes(builder: impl Fn() -> Builder) -> [Arc<TestServer>; 2] {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let one = builder().postgres().start_process(command).await;
    let other = builder().beside(&one).start_process(command).await;
    [Arc::new(one), Arc::new(other)]
}

/// Sends each request to the next node that is ready.
struct Balancer {
    nodes: [Arc<TestServer>; 2],
    ready: [AtomicBool; 2],
    turn: AtomicUsize,
    requests: AtomicUsize,
}

impl Balancer {
    fn new(nodes: [Arc<TestServer>; 2]) -> Arc<Self> {
        let ready = [AtomicBool::new(true), AtomicBool::new(true)];
        Arc::new(Self { nodes, ready, turn: AtomicUsize::new(0), requests: AtomicUsize::new(0) })
    }

    /// Looks which nodes are ready, until it is aborted.
    async fn look(self: Arc<Self>) {
        loop {
            for (node, ready) in self.nodes.iter().zip(&self.ready) {
                ready.store(node.is_ready().await, Ordering::SeqCst);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn until_ready(&self) {
        for _ in 0..1_000 {
            if self.ready.iter().all(|ready| ready.load(Ordering::SeqCst)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a node does not become ready");
    }

    fn next(&self) -> &TestServer {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let nodes = self.nodes.iter().zip(&self.ready);
        let (mut ready, count) = (nodes.filter(|(_, ready)| ready.load(Ordering::SeqCst)), self.nodes.len());
        let first = ready.next().unwrap();
        ready.next().filter(|_| !turn.is_multiple_of(count)).unwrap_or(first).0
    }

    async fn token(&self, client: &TestClient, form: &[(&str, &str)]) -> Answer {
        self.next().try_token(client, form).await.unwrap()
    }

    /// One client: signs in, redeems, and refreshes, introspects and asks for user information, until it is told to stop.
    async fn client(self: Arc<Self>, stop: Arc<AtomicBool>) {
        let web = fixtures::web();
        let request = AuthorizeRequest::new(&web).set("scope", &format!("openid {SCOPE}"));
        let mut browser = Browser::new(self.next());
        while !stop.load(Ordering::SeqCst) {
            let node = self.next();
            browser = browser.at(node);
            let code = node.code_by(&mut browser, &request, &fixtures::ada()).await;
            let mut tokens = Tokens::of(&self.token(&web, &code.form()).await);
            for _ in 0..REFRESHES {
                let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*tokens.refresh_token)];
                tokens = Tokens::of(&self.token(&web, &refresh).await);
                assert!(self.next().is_active(&web, &tokens.access_token).await);
                assert_eq!(self.next().userinfo(&tokens.access_token).await.status, 200);
                if stop.load(Ordering::SeqCst) {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_13_nodes_that_are_restarted_in_turn_fail_no_request() {
    let _alone = crate::ALONE.lock().await;
    let builder = || TestServer::builder().set("limits.factor", 1_000).set("server.unready_seconds", 1);
    let balancer = Balancer::new(two_processes(builder).await);
    let looks = tokio::spawn(Arc::clone(&balancer).look());
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(Arc::clone(&balancer).client(Arc::clone(&stop)));
    }
    let cycles = cycles(4);
    for cycle in 0..cycles {
        balancer.until_ready().await;
        let node = balancer.nodes.iter().cycle().nth(cycle % 2).unwrap();
        let before = balancer.requests.load(Ordering::SeqCst);
        assert_eq!(node.terminate().await.code(), Some(0));
        node.start_beside().await;
        assert!(balancer.requests.load(Ordering::SeqCst) > before, "the other one works meanwhile");
        assert!(clients.try_join_next().is_none(), "a request failed: the client's panic says which");
    }
    stop.store(true, Ordering::SeqCst);
    clients.join_all().await;
    looks.abort();
    let requests = balancer.requests.load(Ordering::SeqCst);
    println!("{cycles} restarts of two nodes in turn: 0 of {requests} requests failed");
}

/// What the other node did while this one stood still counts: every write depends on the row as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_30_a_node_that_stood_still_writes_nothing_by_what_it_knew_before() {
    let _alone = crate::ALONE.lock().await;
    let builder = || TestServer::builder().set("limits.factor", 1_000);
    let [one, paused] = two_processes(builder).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&one);
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let (mut dice, cycles, mut won) = (0x9E37_79B9_7F4A_7C15_u64, cycles(10), (0, 0));
    for _ in 0..cycles {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let ended =
            Tokens::of(&one.redeem(&web, &one.code_by(&mut browser, &request, &fixtures::ada()).await).await);
        let raced = one.code_by(&mut browser, &request, &fixtures::ada()).await;
        // Some of these are under way when it stops.
        let mut attempts = JoinSet::new();
        for at in 0..20_usize {
            let answer = if at.is_multiple_of(2) { &one } else { &paused }.try_token(&web, &raced.form());
            attempts.spawn(async move { (at % 2, answer.await.unwrap().status) });
        }
        tokio::time::sleep(Duration::from_micros(dice % 30_000)).await;
        paused.pause();
        let late = tokio::spawn(
            paused
                .try_token(&web, &[("grant_type", "refresh_token"), ("refresh_token", &ended.refresh_token)]),
        );
        assert_eq!(one.revoke(&web, &ended.refresh_token).await.status, 200);
        tokio::time::sleep(Duration::from_millis(100 + dice % 400)).await;
        paused.resume();
        let mut late = late.await.unwrap().unwrap();
        if late.status == 503 {
            // What it waited for was too long ago: it asks for another try, which is judged by what holds now.
            late = paused.refresh(&web, &ended.refresh_token).await;
        }
        assert_eq!(
            late.refusal(),
            (400, "invalid_grant".into()),
            "it was revoked while that node stood still"
        );
        let answers = attempts.join_all().await;
        let winners: Vec<usize> =
            answers.iter().filter(|(_, status)| *status == 200).map(|(node, _)| *node).collect();
        let [winner] = winners.as_slice() else { panic!("{answers:?}") };
        won.0 += winner;
        won.1 += 1;
        assert!(answers.iter().all(|(_, status)| [200, 400, 503].contains(status)), "{answers:?}");
    }
    println!(
        "{cycles} pauses: one redemption of each of {} codes, {} on the node that stood still, nothing revived",
        won.1, won.0
    );
}

/// A server that starts before its database, as after a loss of power; what it logs until it is ready or has ended.
fn logged_by(url: &str, more: &[(&str, &str)], until: &str) -> String {
    let (mut server, log, _folder) = started(url, more, until);
    let _ = server.kill();
    let _ = server.wait();
    log
}

/// The same asked to stop once it has logged that; how it ended.
fn asked_to_stop_at(url: &str, until: &str) -> ExitStatus {
    let (mut server, log, _folder) = started(url, &[], until);
    assert!(log.contains(until), "{log}");
    let id = i32::try_from(server.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    server.wait().unwrap()
}

fn started(url: &str, more: &[(&str, &str)], until: &str) -> (Child, String, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proofkey.toml");
    let text = format!(
        "issuer = \"http://localhost:4455\"\n[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = {url:?}\n"
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofkey"));
    command.env_clear().args(["serve", "--config"]).arg(&file).stderr(Stdio::piped());
    command.env("PROOFKEY_KEYS__SEALING_KEY", "A".repeat(43)).env("PROOFKEY_SERVER__METRICS_LISTEN", "off");
    command.envs(more.iter().copied());
    let mut server = command.spawn().unwrap();
    let mut log = String::new();
    for line in BufReader::new(server.stderr.take().unwrap()).lines().take(200) {
        let line = line.unwrap();
        log.push_str(&line);
        log.push('\n');
        if line.contains(until) {
            break;
        }
    }
    (server, log, folder)
}

/// Passes what comes to a port on to the database, from a while later on.
fn forward_later(port: u16, to: u16, later: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(later);
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        for client in listener.incoming().take(64) {
            let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", to)).unwrap());
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
            {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}

#[test]
fn k_37_a_server_that_waits_for_its_database_ends_when_it_is_asked_to() {
    let begun = Instant::now();
    let status = asked_to_stop_at("postgres://u@127.0.0.1:1/x", "waiting for the database");
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(30), "store.wait_seconds is 60");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_waits_for_a_database_that_is_not_up_yet_and_not_for_one_that_lets_it_not_in() {
    let database = TestDatabase::create("template0").await;
    let (real, free) = (postgres::server().port(), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = free.local_addr().unwrap().port();
    drop(free);
    let later = database.url().replace(&format!(":{real}/"), &format!(":{port}/"));
    let begun = Instant::now();
    forward_later(port, real, Duration::from_millis(2_500));
    let log = logged_by(&later, &[], "address=");
    assert!(
        log.contains("waiting for the database (store.wait_seconds)") && log.contains(" ready "),
        "{log}"
    );
    assert!(begun.elapsed() >= Duration::from_millis(2_500));

    let begun = Instant::now();
    let log =
        logged_by(&later.replace(&port.to_string(), "1"), &[("PROOFKEY_STORE__WAIT_SECONDS", "2")], "\u{0}");
    assert!(log.contains("the database at 127.0.0.1:1 cannot be used"), "{log}");
    assert!((2..20).contains(&begun.elapsed().as_secs()));

    let begun = Instant::now();
    let log = logged_by(&postgres::server().url("no_such_database"), &[], "\u{0}");
    assert!(log.contains("3D000") && !log.contains("waiting"), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
