//! How connections end: idle, drained, cut off.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{HttpLimits, PATIENCE, SHORT, plain, read_to_close, start, talk, until};

#[tokio::test]
async fn idle_http2_connections_are_closed() {
    let served = plain(HttpLimits { idle: SHORT, drain: SHORT, ..HttpLimits::default() }).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut stream = served.connect().await;
    assert!(!talk(&mut stream, preface).await.is_empty(), "a GOAWAY, then the end");
}

#[tokio::test]
async fn k_03_an_idle_http1_connection_is_closed_as_soon_as_one_that_never_asked() {
    let served = plain(HttpLimits { header_read: SHORT, ..HttpLimits::default() }).await;
    let mut stream = served.connect().await;
    let answer = talk(&mut stream, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.ends_with("hello"), "answered, kept, and closed long before the 60 s of HTTP/2: {answer}");
}

/// SETTINGS_INITIAL_WINDOW_SIZE 0, then `GET /`: the answer can never be sent, and nothing is wrong with the socket.
#[tokio::test]
async fn f_22_an_http2_peer_that_takes_no_answer_is_cut_off() {
    let begun = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0\
                  \0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01x";
    for endless_answers in [false, true] {
        let limits = HttpLimits { idle: SHORT, drain: SHORT, endless_answers, ..HttpLimits::default() };
        let served = plain(limits).await;
        let mut stream = served.connect().await;
        // A busy machine may take its time to cut off; that it never does can only be watched for a while.
        let watched = if endless_answers { SHORT * 6 } else { PATIENCE };
        let cut_off = timeout(watched, talk(&mut stream, begun)).await;
        assert_eq!(cut_off.is_err(), endless_answers, "cut off unless answers may be endless");
    }
}

#[tokio::test]
async fn drain_finishes_what_is_in_flight_and_takes_nothing_new() {
    let gate = CancellationToken::new();
    let served = start(HttpLimits::default(), None, gate.clone()).await;
    let mut waiting = served.connect().await;
    waiting.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    until(|| served.metrics.connections.get() == 1).await;
    // An idle connection must not hold the drain up.
    let mut idle = served.connect().await;
    until(|| served.metrics.connections.get() == 2).await;
    served.shutdown.cancel();
    assert_eq!(read_to_close(&mut idle).await, "");
    until_refused(served.address).await;
    gate.cancel();
    let answer = read_to_close(&mut waiting).await;
    assert!(answer.ends_with("waited"), "{answer}");
    timeout(PATIENCE, served.done).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn drain_ends_even_when_a_request_does_not() {
    let served =
        start(HttpLimits { drain: SHORT, ..HttpLimits::default() }, None, CancellationToken::new()).await;
    let mut waiting = served.connect().await;
    waiting.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    until(|| served.metrics.connections.get() == 1).await;
    served.shutdown.cancel();
    timeout(PATIENCE, served.done).await.unwrap().unwrap().unwrap();
    assert_eq!(served.metrics.connections.get(), 0);
}

async fn until_refused(address: SocketAddr) {
    timeout(PATIENCE, async { while TcpStream::connect(address).await.is_ok() {} }).await.unwrap();
}
