//! What hostile connections cost in memory, measured at a process (K-02): at most 8 MB for a hundred of them, of whatever kind,
//! and when they have gone, others use the same memory again.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::server::{Server, eventually};
use crate::admin::support::Installation;

/// `PROOFKEY_HOSTILE_CONNECTIONS` is another number; docs/faults.md has the counts that were run.
const CONNECTIONS: usize = 100;
/// Of what ships. A handler that is not optimised is three quarters as large again.
const BYTES_PER_HUNDRED_MAX: u64 = if cfg!(debug_assertions) { 14 } else { 8 } * 1024 * 1024;
/// How long the memory is watched while they are there.
const WATCHED: Duration = Duration::from_secs(2);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn connections() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_HOSTILE_CONNECTIONS").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(CONNECTIONS)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// HEADERS with so many fields of 120 bytes; with `flags` 4 a body is still to come.
fn head(stream: u32, flags: u8, path: &str, fields: usize) -> Vec<u8> {
    let method = if flags & 1 == 1 { 0x82 } else { 0x83 };
    let mut block = vec![method, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block.extend(b"\x01\x01x");
    for number in 0..fields {
        block.extend(format!("\0\x04h{number:03}\x74{}", "v".repeat(116)).as_bytes());
    }
    frame(1, flags, stream, &block)
}

/// What a hostile connection sends, for each kind.
fn kinds() -> [(&'static str, Vec<u8>); 5] {
    let streams = (0..16).map(|number| 2 * number + 1);
    let parked = streams.clone().flat_map(|stream| head(stream, 4, "/token", 30));
    let untaken = streams.flat_map(|stream| head(stream, 5, "/authorize", 0));
    let no_window = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let form = "POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 63001\r\n\r\n";
    [
        ("streams without bodies", [PREFACE, &parked.collect::<Vec<_>>()].concat()),
        ("pages that nobody takes", [PREFACE, &no_window, &untaken.collect::<Vec<_>>()].concat()),
        ("half a head on HTTP/2", [PREFACE, &frame(1, 0, 1, &[0x82; 16_000])].concat()),
        ("unfinished forms", [form.as_bytes(), &[b'x'; 63_000]].concat()),
        ("unfinished heads", format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(30_000)).into_bytes()),
    ]
}

fn resident_bytes(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

fn open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}

/// A connection from an address of its own, which sends what it can without waiting for the server to read.
async fn attack(server: &Server, number: usize, sent: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from = u32::from(Ipv4Addr::new(127, 0, 0, 2)) + u32::try_from(number).unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::from(from), 0))).unwrap();
    let mut stream = socket.connect(server.address.parse().unwrap()).await.unwrap();
    let _refused = timeout(Duration::from_millis(500), stream.write_all(sent)).await;
    stream
}

/// The most that was resident while they were watched.
async fn watch(server: &Server, hostile: &[TcpStream]) -> u64 {
    let (begun, mut most) = (Instant::now(), 0);
    while begun.elapsed() < WATCHED {
        for stream in hostile {
            let _said = stream.try_read(&mut [0; 4096]);
        }
        most = most.max(resident_bytes(server));
        sleep(Duration::from_millis(20)).await;
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_02_a_hundred_hostile_connections_cost_8_mb_at_most_and_the_next_hundred_use_the_same() {
    let _alone = crate::ALONE.lock().await;
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    let count = connections();
    let allowed = BYTES_PER_HUNDRED_MAX * u64::try_from(count.div_ceil(100)).unwrap();
    for (kind, sent) in kinds() {
        let server = Server::start(&installation);
        for _ in 0..300 {
            assert_eq!(server.status("/authorize?client_id=x"), Some(400));
        }
        let (before, files) = (resident_bytes(&server), open_files(&server));
        for round in 1..=2 {
            let mut hostile = Vec::new();
            for number in 0..count {
                hostile.push(attack(&server, number, &sent).await);
            }
            let cost = watch(&server, &hostile).await.saturating_sub(before);
            println!("{kind}: {count} connections cost {} KiB, round {round}", cost / 1024);
            // The first round's pieces do not fit the second's everywhere.
            let allowed = if round == 1 { allowed } else { allowed + allowed / 4 };
            assert!(cost <= allowed, "{kind}, round {round}: {cost} bytes");
            assert_eq!(server.status("/readyz"), Some(200), "{kind}");
            drop(hostile);
            // Every thread that has served since has the database open for itself.
            eventually("the end of the connections", || open_files(&server) <= files + count / 2);
        }
    }
}
