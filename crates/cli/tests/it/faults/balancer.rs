//! Two servers on one PostgreSQL database, and what stands before them: it sends each request to one that is ready.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use proofkey_testkit::{
    Answer, AuthorizeRequest, Browser, Builder, TestClient, TestServer, Tokens, fixtures,
};

use super::load::SCOPE;

/// A client begins with a new code after so many refreshes.
const REFRESHES: usize = 20;
/// How often the balancer asks each node whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Two servers in processes of their own on one PostgreSQL database.
pub(super) async fn two_processes_of(builder: impl Fn() -> Builder) -> [TestServer; 2] {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let one = builder().postgres().start_process(command).await;
    let other = builder().beside(&one).start_process(command).await;
    [one, other]
}

/// The same, to be shared.
pub(super) async fn two_processes(builder: impl Fn() -> Builder) -> [Arc<TestServer>; 2] {
    two_processes_of(builder).await.map(Arc::new)
}

/// Sends each request to the next node that is ready.
pub(super) struct Balancer {
    pub(super) nodes: [Arc<TestServer>; 2],
    ready: [AtomicBool; 2],
    turn: AtomicUsize,
    pub(super) requests: AtomicUsize,
}

impl Balancer {
    pub(super) fn new(nodes: [Arc<TestServer>; 2]) -> Arc<Self> {
        let ready = [AtomicBool::new(true), AtomicBool::new(true)];
        Arc::new(Self { nodes, ready, turn: AtomicUsize::new(0), requests: AtomicUsize::new(0) })
    }

    /// Looks which nodes are ready, until it is aborted.
    pub(super) async fn look(self: Arc<Self>) {
        loop {
            for (node, ready) in self.nodes.iter().zip(&self.ready) {
                ready.store(node.is_ready().await, Ordering::SeqCst);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(super) async fn until_ready(&self) {
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
    pub(super) async fn client(self: Arc<Self>, stop: Arc<AtomicBool>) {
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
