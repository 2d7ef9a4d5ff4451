//! What peers may hold, over real sockets: connections, streams, parked heads, unfinished bodies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{HttpLimits, PATIENCE, SHORT, Served, assert_status, plain, read_to_close, start, talk, until};
use crate::http::budget::{BYTES_IN_FLIGHT_MAX, CONNECTION_BYTES_MAX};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

impl Served {
    /// A connection from another address of this machine.
    async fn connect_from(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    pub(super) async fn get_from(&self, last: u8, path: &str) -> String {
        let mut stream = self.connect_from(last).await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        talk(&mut stream, request.as_bytes()).await
    }
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `POST path` with so many bytes of header fields, whose body never comes. Literals without indexing (RFC 7541 §6.2.2).
fn parked_post(stream: u32, path: &str, bytes: usize) -> Vec<u8> {
    let mut block = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block.extend(b"\x01\x01x");
    for number in 0..bytes / 120 {
        block.extend(b"\x00\x04");
        block.extend(format!("h{number:03}").as_bytes());
        block.push(116);
        block.extend([b'v'; 116]);
    }
    frame(1, 4, stream, &block)
}

/// Reads frames until one that `wanted` takes, or until nothing comes any more.
async fn read_frames(
    stream: &mut TcpStream,
    patience: Duration,
    mut wanted: impl FnMut(u8, u32, &[u8]) -> bool,
) -> bool {
    loop {
        let mut head = [0; 9];
        match timeout(patience, stream.read_exact(&mut head)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return false,
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        if wanted(head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), &payload) {
            return true;
        }
    }
}

#[tokio::test]
async fn k_03_a_peer_of_one_address_cannot_take_all_connections() {
    let limits = HttpLimits { connections_max: 40, ..HttpLimits::default() };
    let served = plain(limits).await;
    let mut hostile = Vec::new();
    for _ in 0..60 {
        let mut stream = served.connect_from(2).await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        hostile.push(stream);
    }
    assert_status(&served.get("/", "").await, 200);
    until(|| served.metrics.connections_shed.get() >= 50).await;
    assert!(served.metrics.connections.get() <= 10, "a quarter of 40: {}", served.metrics.connections.get());
}

#[tokio::test]
async fn k_03_a_full_pool_sheds_the_longest_idle_connection() {
    let limits = HttpLimits { connections_max: 8, connections_address_max: Some(2), ..HttpLimits::default() };
    let gate = CancellationToken::new();
    let served = start(limits, None, gate.clone()).await;
    let mut working = served.connect().await;
    working.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut hostile = Vec::new();
    for last in 2..40 {
        let mut stream = served.connect_from(last).await;
        // Half of them wait for their own bodies: that is no work of this server.
        let request: &[u8] = if last % 2 == 0 {
            b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        } else {
            b"POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx"
        };
        stream.write_all(request).await.unwrap();
        hostile.push(stream);
    }
    for last in 40..50 {
        assert_status(&served.get_from(last, "/").await, 200);
    }
    gate.cancel();
    assert!(read_to_close(&mut working).await.ends_with("waited"), "a request under way is not cut off");
}

#[tokio::test]
async fn k_03_an_http2_peer_without_a_request_is_closed_as_soon_as_one_of_http_1() {
    let served = plain(HttpLimits { header_read: SHORT, ..HttpLimits::default() }).await;
    let ping = frame(6, 0, 0, &[0; 8]);
    // Half a head: HEADERS without END_HEADERS. The rest never comes.
    let half = frame(1, 0, 1, &[0x82]);
    for said in [&b""[..], &ping, &half] {
        let (begun, mut stream) = (Instant::now(), served.connect().await);
        let _ = talk(&mut stream, &[PREFACE, said].concat()).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "{said:?}");
    }
    let mut stream = served.connect().await;
    let request = frame(1, 5, 1, b"\x82\x86\x84\x41\x01x");
    stream.write_all(&[PREFACE, &request].concat()).await.unwrap();
    assert!(
        read_frames(&mut stream, PATIENCE, |kind, stream, _| (kind, stream) == (0, 1)).await,
        "an answer"
    );
    let closed = read_frames(&mut stream, SHORT * 4, |kind, _, _| kind == 7).await;
    assert!(!closed, "one that has asked stays");
}

#[tokio::test]
async fn k_03_a_peer_that_does_not_end_a_drained_connection_keeps_nobody_waiting() {
    let limits = HttpLimits {
        idle: SHORT,
        drain: Duration::from_secs(60),
        connections_address_max: Some(1),
        ..HttpLimits::default()
    };
    let served = plain(limits).await;
    let mut silent = served.connect_from(2).await;
    let request = frame(1, 5, 1, b"\x82\x86\x84\x41\x01x");
    silent.write_all(&[PREFACE, &request].concat()).await.unwrap();
    // GOAWAY, and a ping that is never answered.
    assert!(read_frames(&mut silent, PATIENCE, |kind, _, _| kind == 7).await, "idle");
    let _next = served.connect_from(2).await;
    let begun = Instant::now();
    assert_status(&served.get_from(3, "/").await, 200);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn k_02_parked_http2_streams_hold_what_a_connection_may_hold_and_it_goes_back() {
    let served = plain(HttpLimits::default()).await;
    let mut stream = served.connect().await;
    let streams: Vec<u32> = (0..16).map(|number| 2 * number + 1).collect();
    let parked: Vec<u8> = streams.iter().flat_map(|id| parked_post(*id, "/body", 4_000)).collect();
    stream.write_all(&[PREFACE, &parked].concat()).await.unwrap();
    let mut refused = 0;
    // RST_STREAM with REFUSED_STREAM: the body of the first may be 64 KB.
    let told = read_frames(&mut stream, PATIENCE, |kind, _, payload| {
        refused += usize::from(kind == 3 && payload == [0, 0, 0, 7]);
        refused == streams.len() - 1
    });
    assert!(told.await, "{refused} of {} refused", streams.len());
    assert!(served.budget.held() <= 2 * CONNECTION_BYTES_MAX, "{}", served.budget.held());
    drop(stream);
    until(|| served.budget.held() == 0).await;
}

#[tokio::test]
async fn k_02_more_heads_at_once_than_a_connection_may_hold_end_it() {
    let served = plain(HttpLimits::default()).await;
    let heads: Vec<u8> = (0..16).flat_map(|number| parked_post(2 * number + 1, "/body", 12_000)).collect();
    let _ = served.exchange(&[PREFACE, &heads].concat()).await;
    until(|| served.budget.held() == 0).await;
    assert_status(&served.get("/", "").await, 200);
}

#[tokio::test]
async fn k_02_unfinished_forms_and_heads_hold_no_more_than_there_is_and_others_are_served() {
    let served = plain(HttpLimits::default()).await;
    let form = b"POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 65000\r\n\r\n";
    let head = [b"GET / HTTP/1.1\r\nhost: a\r\nx: ", &vec![b'x'; 30_000][..]].concat();
    let mut hostile = Vec::new();
    for last in 2..42 {
        for parked in [&form[..], &head] {
            for _ in 0..10 {
                let mut stream = served.connect_from(last).await;
                let _may_be_refused = stream.write_all(parked).await;
                hostile.push(stream);
            }
        }
    }
    until(|| served.metrics.requests_over_budget.get() > 0).await;
    assert!(served.budget.held() <= BYTES_IN_FLIGHT_MAX, "{}", served.budget.held());
    assert_status(&served.get("/", "").await, 200);
    drop(hostile);
    until(|| served.budget.held() == 0).await;
}

#[tokio::test]
async fn k_02_a_refused_request_of_http_1_is_told_to_come_back() {
    let served = plain(HttpLimits::default()).await;
    let form = b"POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 65000\r\n\r\n";
    let mut parked = Vec::new();
    let refused = loop {
        let mut stream = served.connect().await;
        stream.write_all(form).await.unwrap();
        if served.metrics.requests_over_budget.get() > 0 {
            // The one that was refused is closed; it is among the last.
            parked.push(stream);
            break parked;
        }
        parked.push(stream);
        assert!(parked.len() < 1_000, "nothing is refused");
    };
    let mut answers = Vec::new();
    for mut stream in refused.into_iter().rev().take(3) {
        let mut answer = vec![0; 1024];
        if let Ok(Ok(length)) = timeout(SHORT * 4, stream.read(&mut answer)).await {
            answers.push(String::from_utf8_lossy(&answer[..length]).into_owned());
        }
    }
    let answer = answers.into_iter().find(|answer| !answer.is_empty()).expect("one was answered");
    assert_status(&answer, 503);
    assert!(answer.contains("retry-after: 1") && answer.contains("connection: close"), "{answer}");
    let _ = timeout(PATIENCE, served.get_from(9, "/")).await.unwrap();
}
