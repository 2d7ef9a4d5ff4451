//! Which host a request names (RFC 9112 §3.2), and what every answer carries.

use super::{HttpLimits, assert_status, plain};

#[tokio::test]
async fn k_40_http_1_1_names_exactly_one_host() {
    let served = plain(HttpLimits::default()).await;
    for (version, hosts, status) in [
        ("1.1", "host: a\r\n", 200),
        ("1.1", "host: a.example:8443\r\n", 200),
        ("1.1", "host: [::1]:80\r\n", 200),
        ("1.1", "host:\r\n", 200),
        ("1.1", "", 400),
        ("1.1", "host: a\r\nhost: a\r\n", 400),
        ("1.1", "host: a\r\nHOST: b\r\n", 400),
        ("1.1", "host: a, b\r\n", 400),
        ("1.1", "host: a/b\r\n", 400),
        ("1.1", "host: you@a\r\n", 400),
        ("1.0", "", 200),
        ("1.0", "host: a\r\n", 200),
        ("1.0", "host: a\r\nhost: b\r\n", 400),
    ] {
        let request = format!("GET / HTTP/{version}\r\n{hosts}connection: close\r\n\r\n");
        let answer = served.exchange(request.as_bytes()).await.replacen("HTTP/1.0", "HTTP/1.1", 1);
        assert_status(&answer, status);
    }
}

#[tokio::test]
async fn k_40_every_answer_says_that_no_cache_keeps_it_and_what_it_is() {
    let served = plain(HttpLimits::default()).await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\nhost: a", 200),
        ("GET /no-such-page HTTP/1.1\r\nhost: a", 404),
        ("PUT / HTTP/1.1\r\nhost: a", 405),
        ("TRACE / HTTP/1.1\r\nhost: a", 405),
        ("GET / HTTP/1.1", 400),
        ("GET /panic HTTP/1.1\r\nhost: a", 500),
        ("GET / HTTP/1.1\r\nhost: a\r\ncookie: ", 431),
    ] {
        let long = if status == 431 { "x".repeat(33 * 1024) } else { String::new() };
        let answer =
            served.exchange(format!("{request}{long}\r\nconnection: close\r\n\r\n").as_bytes()).await;
        assert_status(&answer, status);
        for header in ["cache-control: no-store", "x-content-type-options: nosniff", "x-request-id: "] {
            assert!(answer.contains(header), "{status}: {header}: {answer:.400}");
        }
    }
}
