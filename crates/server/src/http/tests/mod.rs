//! The edge under attack, over real sockets with short limits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::metrics::HttpMetrics;

mod drain;
mod flood;
mod host;
mod pace;
mod tls;

const SHORT: Duration = Duration::from_millis(150);
/// Far longer than any limit under test, so that a busy machine fails no test.
const PATIENCE: Duration = Duration::from_secs(20);

struct Served {
    address: SocketAddr,
    shutdown: CancellationToken,
    done: JoinHandle<std::io::Result<()>>,
    metrics: HttpMetrics,
    budget: Arc<Budget>,
}

fn short_limits() -> HttpLimits {
    HttpLimits { header_read: SHORT, body_read: SHORT, handshake: SHORT, ..HttpLimits::default() }
}

async fn start(limits: HttpLimits, tls: Option<Arc<Tls>>, gate: CancellationToken) -> Served {
    let edge = Edge {
        limits,
        security_headers: SecurityHeaders { strict_transport: tls.is_some() },
        ..Edge::default()
    };
    start_at(edge, tls, gate).await
}

async fn start_at(edge: Edge, tls: Option<Arc<Tls>>, gate: CancellationToken) -> Served {
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/who",
            get(|arrival: Arrival| async move { format!("{} {}", arrival.client.0, arrival.peer.0.ip()) }),
        )
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("canary-in-a-panic")
                }
            }),
        )
        .route("/body", post(take))
        .route("/full", get(|| async { (StatusCode::TOO_MANY_REQUESTS, Extension(ForWantOfRoom)) }))
        .route(
            "/wait",
            get(move || async move {
                gate.cancelled().await;
                "waited"
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, metrics, budget) =
        (CancellationToken::new(), edge.metrics.clone(), Arc::clone(&edge.budget));
    let done = tokio::spawn(serve(listener, tls, app, edge, shutdown.clone()));
    Served { address, shutdown, done, metrics, budget }
}

async fn take(request: Request) -> Result<String, StatusCode> {
    let read = read_body(request, BODY_BYTES_MAX).await.map_err(BodyRefusal::status)?;
    Ok(read.body().len().to_string())
}

async fn plain(limits: HttpLimits) -> Served {
    start(limits, None, CancellationToken::new()).await
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        talk(&mut stream, bytes).await
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        self.exchange(
            format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n").as_bytes(),
        )
        .await
    }
}

/// The server may close while we still send; what it said before that counts.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> String {
    let _may_be_cut_off = stream.write_all(bytes).await;
    let _flushed = stream.flush().await;
    read_to_close(stream).await
}

async fn read_to_close<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, async {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..length]);
        }
    })
    .await
    .expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

#[track_caller]
fn assert_status(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "expected {status}: {answer:.300}");
}

#[tokio::test]
async fn ht_06_answers_carry_a_request_id_and_no_sniffing() {
    let served = plain(HttpLimits::default()).await;
    let answer = served.get("/", "").await;
    assert_status(&answer, 200);
    assert!(answer.ends_with("hello") && answer.contains("x-request-id: "), "{answer}");
    assert!(
        answer.contains("x-content-type-options: nosniff") && !answer.contains("strict-transport"),
        "{answer}"
    );
}

#[tokio::test]
async fn f_21_slow_headers_and_silence_are_closed() {
    let served = plain(short_limits()).await;
    for sent in ["", "P", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let answer = served.exchange(sent.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{sent:?}: {answer}");
    }
    assert_status(&served.get("/", "").await, 200);
}

#[tokio::test]
async fn f_21_a_slow_body_is_refused() {
    let served = plain(short_limits()).await;
    let head = "POST /body HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 10\r\n\r\nabc";
    assert_status(&served.exchange(head.as_bytes()).await, 408);
}

#[tokio::test]
async fn f_21_an_unfinished_handshake_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let served =
        start(short_limits(), Some(tls::tls_in(&directory, "one.test")), CancellationToken::new()).await;
    assert_eq!(served.exchange(b"\x16\x03\x01").await, "");
    assert_eq!(served.metrics.handshake_failures.get(), 1);
}

#[tokio::test]
async fn v_52_f_23_bodies_past_64_kib_are_413() {
    let served = plain(HttpLimits::default()).await;
    let post =
        |headers: &str| format!("POST /body HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    let fitting = post(&format!("content-length: {BODY_BYTES_MAX}\r\n")) + &"x".repeat(BODY_BYTES_MAX);
    assert!(served.exchange(fitting.as_bytes()).await.ends_with("65536"));
    assert_status(&served.exchange(post("content-length: 10737418240\r\n").as_bytes()).await, 413);
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let endless = post("transfer-encoding: chunked\r\n") + &chunk.repeat(3);
    assert_status(&served.exchange(endless.as_bytes()).await, 413);
    assert_status(
        &served.exchange(post("content-encoding: gzip\r\ncontent-length: 0\r\n").as_bytes()).await,
        415,
    );
}

#[tokio::test]
async fn f_24_header_bombs_are_431_and_long_targets_414() {
    let served = plain(HttpLimits::default()).await;
    assert_status(&served.get("/", &"a: b\r\n".repeat(10_000)).await, 431);
    assert_status(&served.get("/", &"a: b\r\n".repeat(101)).await, 431);
    assert_status(&served.get("/", &format!("cookie: {}\r\n", "x".repeat(33 * 1024))).await, 431);
    assert_status(&served.get("/", &format!("cookie: {}\r\n", "x".repeat(1_000_000))).await, 431);
    assert_status(&served.get(&format!("/?{}", "x".repeat(19 * 1024)), "").await, 414);
    assert_status(&served.get(&format!("/?{}", "x".repeat(17 * 1024)), "").await, 200);
}

#[tokio::test]
async fn f_24_http2_announces_its_limits() {
    let served = plain(HttpLimits::default()).await;
    let mut stream = served.connect().await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut header = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut header)).await.unwrap().unwrap();
    let length = usize::from(u16::from_be_bytes([header[1], header[2]]));
    assert_eq!(header[3], 4, "SETTINGS");
    let mut settings = vec![0; length];
    stream.read_exact(&mut settings).await.unwrap();
    let setting = |id: u16| {
        let found = settings.chunks(6).find(|setting| setting[..2] == id.to_be_bytes());
        found.map(|setting| u32::from_be_bytes(setting[2..6].try_into().unwrap()))
    };
    assert_eq!(setting(3), Some(16), "SETTINGS_MAX_CONCURRENT_STREAMS");
    assert_eq!(setting(4).unwrap_or(65_535), 65_535, "SETTINGS_INITIAL_WINDOW_SIZE");
    assert_eq!(setting(6), Some(16 * 1024), "SETTINGS_MAX_HEADER_LIST_SIZE");
}

#[tokio::test]
async fn ht_06_trace_and_unknown_methods_are_405() {
    let served = plain(HttpLimits::default()).await;
    for method in ["TRACE", "CONNECT", "BREW", "DELETE"] {
        let target = if method == "CONNECT" { "a:1" } else { "/" };
        let answer = served
            .exchange(
                format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes(),
            )
            .await;
        assert_status(&answer, 405);
    }
}

#[tokio::test]
async fn v_53_ht_06_a_panic_is_a_generic_500_and_the_server_goes_on() {
    let served = plain(HttpLimits::default()).await;
    let answer = served.get("/panic", "").await;
    assert_status(&answer, 500);
    assert!(answer.contains("request id: ") && !answer.contains("canary"), "{answer}");
    assert_eq!(served.metrics.panics.get(), 1);
    assert_status(&served.get("/", "").await, 200);
}

#[tokio::test]
async fn v_48_ht_04_the_socket_address_counts_where_no_proxy_is_trusted() {
    let served = plain(HttpLimits::default()).await;
    let claims =
        "X-Forwarded-For: 203.0.113.7\r\nX_Forwarded_For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n";
    assert!(served.get("/who", claims).await.ends_with("127.0.0.1 127.0.0.1"));
}

#[tokio::test]
async fn f_25_connections_past_the_limit_wait_while_none_is_idle_and_are_served_later() {
    let limits = HttpLimits { connections_max: 2, connections_address_max: Some(2), ..HttpLimits::default() };
    let gate = CancellationToken::new();
    let served = start(limits, None, gate.clone()).await;
    let mut working = [served.connect().await, served.connect().await];
    for stream in &mut working {
        stream.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    }
    until(|| served.metrics.connections.get() == 2).await;
    let begun = || served.get("/", "");
    // Its address has all that it may have, and all of it works.
    while begun().await.starts_with("HTTP/1.1 200") {}
    gate.cancel();
    for stream in &mut working {
        assert!(read_to_close(stream).await.ends_with("waited"));
    }
    until(|| served.metrics.connections.get() == 0).await;
    assert_status(&begun().await, 200);
}

async fn until(condition: impl Fn() -> bool) {
    timeout(PATIENCE, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
}
