//! Row F-13: two servers on one PostgreSQL database are restarted in turn under load, behind what obeys `/readyz`. No request fails.
//!
//! A cycle is a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proofkey_testkit::TestServer;
use tokio::task::JoinSet;

use super::balancer::{Balancer, two_processes};
use super::switch::cycles;

/// Clients that work at once.
const CLIENTS: usize = 8;

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
    let (seconds, began, mut restarts) = (cycles("PROOFKEY_CYCLES", 8), Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) || restarts < 2 {
        balancer.until_ready().await;
        let node = balancer.nodes.iter().cycle().nth(restarts % 2).unwrap();
        let before = balancer.requests.load(Ordering::SeqCst);
        assert_eq!(node.terminate().await.code(), Some(0));
        node.start_beside().await;
        assert!(balancer.requests.load(Ordering::SeqCst) > before, "the other one works meanwhile");
        assert!(clients.try_join_next().is_none(), "a request failed: the client's panic says which");
        restarts += 1;
    }
    stop.store(true, Ordering::SeqCst);
    clients.join_all().await;
    looks.abort();
    let requests = balancer.requests.load(Ordering::SeqCst);
    println!("counted: {restarts} restarts, {requests} requests");
    println!("cycles done: {seconds}");
}
