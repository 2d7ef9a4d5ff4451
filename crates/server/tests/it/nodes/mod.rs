//! Two servers on one PostgreSQL database: what is spent, counted, given or taken away on one, and what the other makes of it.

mod gates;
mod given;
mod newer;
mod rotations;
mod sealing_keys;
mod taken;
mod time;

use std::sync::Arc;
use std::time::Duration;

use proofkey_testkit::{Builder, TestServer};

/// Two nodes of one issuer, by one clock that stands still.
pub(crate) struct Nodes {
    pub(crate) one: Arc<TestServer>,
    pub(crate) other: Arc<TestServer>,
}

impl Nodes {
    pub(crate) async fn start() -> Self {
        Self::of(TestServer::builder).await
    }

    /// The same with settings of both.
    pub(crate) async fn of(builder: impl Fn() -> Builder) -> Self {
        let one = builder().postgres().start().await;
        let other = builder().beside(&one).start().await;
        Self { one: Arc::new(one), other: Arc::new(other) }
    }

    /// The nodes in turn.
    pub(crate) fn nth(&self, number: usize) -> Arc<TestServer> {
        Arc::clone(if number.is_multiple_of(2) { &self.one } else { &self.other })
    }
}

/// Asks again and again until it is so, for as long as what gives something may take to be seen elsewhere.
pub(crate) async fn within_a_second(mut holds: impl AsyncFnMut() -> bool) -> bool {
    let look = async {
        while !holds().await {
            // Not so often that wrong secrets are slowed down.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), look).await.is_ok()
}
