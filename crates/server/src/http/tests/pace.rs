//! Who is served while an address whose requests are refused waits for its turns, over real sockets.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Edge, Served, TrustedProxies, assert_status, start_at};
use crate::http::Pace;

/// One refusal and one turn, and then none for longer than a test takes.
async fn served(trusted_proxies: TrustedProxies) -> Served {
    let edge = Edge { pace: Arc::new(Pace::new(200, 0.000_1)), trusted_proxies, ..Edge::default() };
    start_at(edge, None, CancellationToken::new()).await
}

#[tokio::test]
async fn k_03_an_address_whose_requests_are_refused_gets_no_turn_while_others_are_served() {
    let oversized = format!("/{}", "x".repeat(20_000));
    for refused in ["/nowhere", &oversized] {
        let served = served(TrustedProxies::default()).await;
        assert!(served.get_from(2, refused).await.starts_with("HTTP/1.1 4"), "{refused:.20}");
        // Its one turn is for the connection with its first read, and there is none for what comes after.
        let second = served.get_from(2, refused).await;
        assert_eq!(second.starts_with("HTTP/1.1 4"), refused == "/nowhere", "{refused:.20}: {second}");
        assert_eq!(served.get_from(2, "/").await, "", "{refused:.20}");
        for _ in 0..20 {
            assert_status(&served.get_from(3, "/").await, 200);
        }
    }
}

#[tokio::test]
async fn k_03_nobody_is_judged_by_what_is_refused_for_want_of_room() {
    let served = served(TrustedProxies::default()).await;
    for _ in 0..20 {
        assert_status(&served.get_from(2, "/full").await, 429);
    }
    assert_status(&served.get_from(2, "/").await, 200);
}

#[tokio::test]
async fn k_03_ht_04_behind_a_trusted_proxy_the_client_that_it_names_is_paced_and_nobody_else() {
    let served = served(TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()])).await;
    let get = |path: &'static str, client: &'static str| {
        let (served, header) = (&served, format!("x-forwarded-for: {client}\r\n"));
        async move { served.get(path, &header).await }
    };
    assert_status(&get("/nowhere", "203.0.113.7").await, 404);
    assert_status(&get("/nowhere", "203.0.113.7").await, 404);
    let refused = get("/", "203.0.113.7").await;
    assert_status(&refused, 503);
    assert!(refused.contains("retry-after: 5"), "{refused}");
    for client in ["203.0.113.8", "127.0.0.1"] {
        assert_status(&get("/", client).await, 200);
    }
}
